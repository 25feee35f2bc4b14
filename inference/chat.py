"""A conversation -> the model's reply, piece by piece."""

import secrets
import time
from collections.abc import Iterator, Sequence

from transformers import GenerationConfig, PreTrainedTokenizerBase

from inference import accelerator, prompts
from inference.generation import Generation, sampling
from inference.pool import Choice, Loaded, shared
from inference.prompts import Message
from inference.records import ChatSettings, Chunk, FinishReason

__all__ = ["ChatSettings", "Choice", "Chunk", "reply"]

# A page that closed is noticed when something is sent to it.
HEARTBEAT_SECONDS = 1.0
END_OF_TURN = "<|im_end|>"
REASONING = ("<think>", "</think>")


@accelerator.gpu(duration=60)
def reply(
    messages: Sequence[Message],
    choice: Choice,
    settings: ChatSettings,
    deadline_seconds: float,
) -> Iterator[Chunk]:
    """Answer the last message; `messages` come from `prompts.normalise`.

    Yields at most ten chunks a second and at least one, each with the whole text so far; the
    last has a `finish_reason`. Closing the generator stops the model within a token and returns
    when its thread has ended. The deadline counts from the first moment of generation. One
    seed, machine and model give one reply, whatever else runs (see `generation.GumbelNoise`).

    Raises:
        MessageTooLongForModel, ModelDoesNotFit, ModelBroken, AdapterRefused, OutOfMemory
    """
    with shared().borrow(choice, "chat") as loaded:
        context = loaded.model.config.max_position_embeddings
        # Half of a short context at least stays for the conversation.
        room = max(context - settings.max_new_tokens, context // 2)
        prompt = prompts.encode(loaded.tokenizer, messages, settings.thinking, room)
        config = _config(loaded, settings, context - prompt.input_ids.shape[1])
        input_ids = prompt.input_ids.to(loaded.device)
        seed = secrets.randbits(32) if settings.seed is None else settings.seed
        generation = Generation(
            loaded.model,
            accelerator.time_limit(deadline_seconds),
            stream=True,
            input_ids=input_ids,
            attention_mask=input_ids.new_ones(input_ids.shape),
            generation_config=config,
            logits_processor=sampling(settings.temperature, settings.top_k, settings.top_p, seed),
        )
        reader = _Reader(loaded.tokenizer, config.eos_token_id, _opens_reasoning(loaded, prompt))
        with generation:
            sent, sent_at = -1, time.monotonic()
            for _ in generation.ticks():
                tokens = len(generation.tokens)
                if tokens != sent or time.monotonic() - sent_at >= HEARTBEAT_SECONDS:
                    yield reader.chunk(generation, prompt.dropped_turns)
                    sent, sent_at = tokens, time.monotonic()
            reason = _finish_reason(generation, config)
            yield reader.chunk(generation, prompt.dropped_turns, reason)


class _Reader:
    """Token ids -> text and reasoning. Decodes the whole every time: words span tokens."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, ends: Sequence[int], reasoning: bool
    ) -> None:
        self._tokenizer = tokenizer
        self._ends = set(ends)
        self._reasoning = reasoning

    def chunk(
        self, generation: Generation, dropped_turns: int, reason: FinishReason | None = None
    ) -> Chunk:
        tokens = list(generation.tokens)
        kept = [token for token in tokens if token not in self._ends]
        text = self._tokenizer.decode(
            kept, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        if reason is None:
            text = text.rstrip("\ufffd")  # the first bytes of a character whose rest is to come
        text, reasoning = split_reasoning(text, self._reasoning)
        return Chunk(
            text=text,
            reasoning=reasoning,
            tokens=len(tokens),
            seconds_to_first_token=generation.seconds_to_first_token,
            tokens_per_second=generation.tokens_per_second,
            finish_reason=reason,
            dropped_turns=dropped_turns,
        )


def split_reasoning(text: str, inside: bool = False) -> tuple[str, str]:
    """`<think>why</think>so` -> ("so", "why"). `inside`: the prompt has opened the block."""
    opening, closing = REASONING
    body = text.lstrip()
    if body.startswith(opening):
        body, inside = body[len(opening) :], True
    if inside:
        reasoning, _, answer = body.partition(closing)
        return answer.strip(), reasoning.strip()
    half_a_tag = bool(body) and opening.startswith(body)  # it would flicker as text
    return "" if half_a_tag else text.strip(), ""


def _opens_reasoning(loaded: Loaded, prompt: prompts.Prompt) -> bool:
    """Whether the template itself ended with an open reasoning block."""
    tail = loaded.tokenizer.decode(prompt.input_ids[0, -8:].tolist(), skip_special_tokens=False)
    return tail.rstrip().endswith(REASONING[0])


def _config(loaded: Loaded, settings: ChatSettings, room: int) -> GenerationConfig:
    ends = stop_tokens(loaded)
    padding = loaded.tokenizer.pad_token_id
    return GenerationConfig(
        max_new_tokens=min(settings.max_new_tokens, room),
        do_sample=False,  # sampling is done by a processor that has its own random numbers
        repetition_penalty=settings.repetition_penalty,
        eos_token_id=ends,
        pad_token_id=ends[0] if padding is None else padding,
    )


def stop_tokens(loaded: Loaded) -> list[int]:
    """Every id that ends a reply: the model's, the tokenizer's, and the chat format's."""
    configured = loaded.model.generation_config.eos_token_id
    ends = configured if isinstance(configured, list) else [configured]
    ends = [*ends, loaded.tokenizer.eos_token_id, loaded.tokenizer.get_vocab().get(END_OF_TURN)]
    return list(dict.fromkeys(token for token in ends if token is not None))


def _finish_reason(generation: Generation, config: GenerationConfig) -> FinishReason:
    if generation.tokens and generation.tokens[-1] in config.eos_token_id:
        return "stop"
    if len(generation.tokens) >= config.max_new_tokens:
        return "length"
    return "deadline" if generation.late else "stop"
