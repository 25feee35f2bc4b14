"""A conversation -> the model's reply, piece by piece."""

import secrets
import time
from collections.abc import Iterator, Sequence

from transformers import PreTrainedTokenizerBase

from inference import accelerator, prompts
from inference.decoder import Writing
from inference.pool import Choice, Loaded, shared
from inference.prompts import Message
from inference.reasoning import REASONING, split_reasoning
from inference.records import ChatSettings, Chunk, FinishReason
from inference.sampling import Sampler

__all__ = ["ChatSettings", "Choice", "Chunk", "reply"]

# A page that closed is noticed when something is sent to it.
HEARTBEAT_SECONDS = 1.0
END_OF_TURN = "<|im_end|>"


def reply_here(
    messages: Sequence[Message],
    choice: Choice,
    settings: ChatSettings,
    deadline_seconds: float,
    conversation: str = "",
    begun: str = "",
) -> Iterator[Chunk]:
    """Answer the last message; `messages` come from `prompts.normalise`.

    Yields at most ten chunks a second and at least one, each with the whole text so far; the
    last has a `finish_reason`. Closing the generator stops the model within a token and returns
    when nothing works on the reply any more. The deadline counts from the moment the prompt is
    begun. Replies of one model are written side by side; one seed and machine give one reply.

    Args:
        conversation: a name that only its visitor knows; what the model has read under it need
            not be read again for the next turn. Without one nothing is kept.
        begun: how the answer begins; the text of the chunks begins with it.

    Raises:
        MessageTooLongForModel, ModelDoesNotFit, ModelBroken, AdapterRefused, OutOfMemory
    """
    with accelerator.naming_memory_errors(), shared().borrow(choice, "chat") as loaded:
        context = loaded.model.config.max_position_embeddings
        # Half of a short context at least stays for the conversation.
        room = max(context - settings.max_new_tokens, context // 2)
        with loaded.lock:  # reading an answer that has begun changes the tokenizer for a moment
            prompt = prompts.encode(loaded.tokenizer, messages, settings.thinking, room, begun)
        ids = prompt.input_ids[0].tolist()
        ends = stop_tokens(loaded)
        seed = secrets.randbits(32) if settings.seed is None else settings.seed
        writing = Writing(
            loaded.decoder(),
            ids,
            Sampler(settings, seed),
            ends,
            min(settings.max_new_tokens, context - len(ids)),
            accelerator.time_limit(deadline_seconds),
            conversation,
        )
        inside = not begun and _opens_reasoning(loaded, prompt)
        reader = _Reader(loaded.tokenizer, prompt, context, ends, inside, begun, settings.stop)
        with writing:
            sent, sent_at = -1, time.monotonic()
            for _ in writing.ticks():
                tokens = len(writing.tokens)
                if tokens != sent or time.monotonic() - sent_at >= HEARTBEAT_SECONDS:
                    chunk = reader.chunk(writing)
                    if reader.stopped:
                        break
                    yield chunk
                    sent, sent_at = tokens, time.monotonic()
            yield reader.chunk(writing, _finish_reason(writing, ends))


# The decoder takes a slot for all replies of its model; a ZeroGPU worker serves one call.
reply = accelerator.gpu(duration=60)(reply_here) if accelerator.ZERO_GPU else reply_here


class _Reader:
    """Token ids -> text and reasoning. Decodes the whole every time: words span tokens.

    `stopped`: a stop text was met; what follows it is not shown.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        prompt: prompts.Prompt,
        context: int,
        ends: Sequence[int],
        reasoning: bool,
        begun: str,
        stops: Sequence[str],
    ) -> None:
        self.stopped = False
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._context = context
        self._ends = set(ends)
        self._reasoning = reasoning
        self._begun = begun
        self._stops = stops

    def chunk(self, writing: Writing, reason: FinishReason | None = None) -> Chunk:
        tokens = list(writing.tokens)
        text, reasoning = self._read(tokens, whole=reason is not None)
        return Chunk(
            text=self._up_to_a_stop(text),
            reasoning=reasoning,
            tokens=len(tokens),
            seconds_to_first_token=writing.seconds_to_first_token,
            tokens_per_second=writing.tokens_per_second,
            finish_reason="stop" if reason and self.stopped else reason,
            dropped_turns=self._prompt.dropped_turns,
            prompt_tokens=self._prompt.input_ids.shape[1],
            reused_tokens=writing.reused,
            context=self._context,
        )

    def _read(self, tokens: Sequence[int], whole: bool) -> tuple[str, str]:
        kept = [token for token in tokens if token not in self._ends]
        text = self._begun + self._tokenizer.decode(
            kept, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        if not whole:
            text = text.rstrip("\ufffd")  # the first bytes of a character whose rest is to come
        return split_reasoning(text, self._reasoning)

    def _up_to_a_stop(self, text: str) -> str:
        found = [at for stop in self._stops if (at := text.find(stop, len(self._begun))) >= 0]
        self.stopped = self.stopped or bool(found)
        return text[: min(found)] if found else text


def _opens_reasoning(loaded: Loaded, prompt: prompts.Prompt) -> bool:
    """Whether the template itself ended with an open reasoning block."""
    tail = loaded.tokenizer.decode(prompt.input_ids[0, -8:].tolist(), skip_special_tokens=False)
    return tail.rstrip().endswith(REASONING[0])


def stop_tokens(loaded: Loaded) -> list[int]:
    """Every id that ends a reply: the model's, the tokenizer's, and the chat format's."""
    configured = loaded.model.generation_config.eos_token_id
    ends = configured if isinstance(configured, list) else [configured]
    ends = [*ends, loaded.tokenizer.eos_token_id, loaded.tokenizer.get_vocab().get(END_OF_TURN)]
    return list(dict.fromkeys(token for token in ends if token is not None))


def _finish_reason(writing: Writing, ends: Sequence[int]) -> FinishReason:
    if writing.tokens and writing.tokens[-1] in ends:
        return "stop"
    if len(writing.tokens) >= writing.most:
        return "length"
    return "deadline" if writing.late else "stop"
