"""How fast chat is: python -m tests.measure_chat FOLDER [--tokens 48]

FOLDER is a chat model, as `python -m tests.random_qwen` writes one of random weights. Prints, each
from one process, so that only ratios within one run count:

    the speed of a reply against transformers' plain `generate`, same model, prompt and settings
    1, 4 and 16 visitors at once: tokens a second of all, the time to the first token
    a conversation's turns: the time to the first token of each, and what had not to be read again
"""

import argparse
import statistics
import threading
import time
from dataclasses import replace
from pathlib import Path

import torch

from inference.chat import reply
from inference.generation import set_threads
from inference.limits import Limits
from inference.pool import shared
from inference.prompts import encode, normalise
from inference.records import ChatSettings, Choice

QUESTION = "Tell me a long story about a river, a bridge and the people who built it. " * 4
VISITORS = (1, 4, 16)
TURNS = 10


def asked(question: str, history: list = []):  # noqa: B006
    return normalise(question, history, "", Limits())


def last(choice: Choice, settings: ChatSettings, messages: list, conversation: str = ""):
    return [*reply(messages, choice, settings, 600, conversation)][-1]


def against_generate(choice: Choice, settings: ChatSettings, pairs: int) -> None:
    """Seconds of a whole reply, ours and `generate`'s, turn and turn about."""
    from transformers import AutoModelForCausalLM

    with shared().borrow(choice, "chat") as loaded:
        plain = AutoModelForCausalLM.from_pretrained(choice.folder, dtype=loaded.model.dtype)
        plain = plain.eval().to(loaded.device)
        ids = encode(loaded.tokenizer, asked(QUESTION), False, 10_000).input_ids.to(loaded.device)
    set_threads(plain)
    sampled = {"do_sample": settings.temperature > 0}
    if sampled["do_sample"]:
        names = ("temperature", "top_k", "top_p")
        sampled |= {name: getattr(settings, name) for name in names}
    ours, theirs = [], []
    for _ in range(pairs + 1):
        began = time.perf_counter()
        tokens = last(choice, settings, asked(QUESTION)).tokens
        ours.append(tokens / (time.perf_counter() - began))
        began = time.perf_counter()
        with torch.inference_mode():
            out = plain.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=settings.max_new_tokens,
                eos_token_id=-1,
                pad_token_id=0,
                **sampled,
            )
        theirs.append((out.shape[1] - ids.shape[1]) / (time.perf_counter() - began))
    ours, theirs = ours[1:], theirs[1:]  # the first warms up
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    kind = "sampled" if sampled["do_sample"] else "greedy"
    print(
        f"{kind}: {statistics.median(ours):.2f} tokens/s, generate "
        f"{statistics.median(theirs):.2f}, ratio {ratio:.2f}",
        flush=True,
    )


def visitors(choice: Choice, settings: ChatSettings, count: int) -> None:
    found = []

    def ask(number: int) -> None:
        found.append(last(choice, settings, asked(f"Visitor {number}. {QUESTION}")))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    first = sorted(chunk.seconds_to_first_token for chunk in found)
    print(
        f"{count} visitors: {sum(chunk.tokens for chunk in found) / seconds:.2f} tokens/s in all, "
        f"first token {statistics.median(first):.2f} s (median), {first[-1]:.2f} s (last)",
        flush=True,
    )


def turns(choice: Choice, settings: ChatSettings, conversation: str) -> None:
    history, first = [], []
    for number in range(1, TURNS + 1):
        question = f"Question {number}: {QUESTION}"
        chunk = last(choice, settings, asked(question, history), conversation)
        first.append(chunk.seconds_to_first_token)
        history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": chunk.text or "…"},
        ]
    shown = " ".join(f"{seconds:.2f}" for seconds in first)
    kept = "keeping what was read" if conversation else "reading all again"
    print(f"{kept}: first token of turns 1 to {TURNS}: {shown} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    choice = Choice(options.folder.resolve())
    greedy = ChatSettings(temperature=0, max_new_tokens=options.tokens)
    against_generate(choice, greedy, options.pairs)
    against_generate(choice, replace(greedy, temperature=0.7), options.pairs)
    for count in VISITORS:
        visitors(choice, greedy, count)
    for conversation in ("a", ""):
        turns(choice, greedy, conversation)


if __name__ == "__main__":
    main()
