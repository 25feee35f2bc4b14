"""A text of any length -> a summary, written by a chat model section by section.

The model may be one of this machine or of the operator's chat server.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from math import ceil

from inference import accelerator, hub, remote_chat, summary_lengths
from inference.chat import reply_here
from inference.chat_server import ChatServer, ServedModel
from inference.counting import counter
from inference.errors import DeadlinePassed, ModelBroken
from inference.outline import Written, summaries
from inference.prompts import Message
from inference.records import ChatSettings, Choice, Chunk, Summary, SummarySettings
from inference.texts import Count, is_chinese, rough_tokens, whole_sentences

Reply = Callable[[Sequence[Message]], Iterator[Chunk]]
Replies = Callable[[Sequence[list[Message]]], Iterator[tuple[int, Chunk]]]

SIDE_BY_SIDE = 4  # replies under way; the decoder writes a token of each in one step
A_GPU_CALL = 8  # sections of a ZeroGPU call, all side by side
# Tokens of a section, though models can read more: a processor reads some hundred a second, and a
# small model keeps more of a short text. It fits the 4,096 that servers often give a request.
SECTION_TOKENS = 2_400
PROMPT_TOKENS = 200  # the words around the text, those of the chat format included
FEWEST = 64  # tokens of a section, however short the context
UNKNOWN_CONTEXT = 4_096
WORDS_A_TOKEN, CHARACTERS_A_TOKEN = 0.75, 1.25
# The same text gives the same summary; the penalty keeps small models from going round.
GREEDY = {"temperature": 0.0, "seed": 0, "repetition_penalty": 1.05, "thinking": False}

# A text and summaries of its parts, in English and Chinese.
PROMPTS = {
    (False, False): (
        "Summarize the text below in about {words} words, in the language of the text. Keep the "
        "important names, numbers and events in their order, and add nothing that is not in it. "
        "Write the summary alone, as plain sentences.\n\nText:\n{text}"
    ),
    (False, True): (
        "Below are summaries of the parts of one text, in their order. Write one summary of the "
        "whole text from them in about {words} words, in their language. Add nothing that is not "
        "in them. Write the summary alone, as plain sentences.\n\nSummaries:\n{text}"
    ),
    (True, False): (
        "请用中文把下面的文字概括成大约{words}个字的摘要。按原文顺序保留重要的人名、数字和事件，"
        "不要添加原文没有的内容。只写摘要本身，用完整的句子。\n\n原文：\n{text}"
    ),
    (True, True): (
        "下面依次是同一篇文字各部分的摘要。请用中文把它们合成一篇大约{words}个字的全文摘要，"
        "不要添加其中没有的内容。只写摘要本身，用完整的句子。\n\n各部分摘要：\n{text}"
    ),
}


def summarize(
    text: str, choice: Choice, settings: SummarySettings, deadline_seconds: float
) -> Iterator[Summary]:
    """Summarise `text`, which `check_text` has checked, with a chat model of this machine.

    Yields as `outline.summaries` does; closing it stops the model within a token. The deadline
    holds for one section: several side by side have as many times as long.

    Raises:
        DeadlinePassed, ModelDoesNotFit, ModelBroken, OutOfMemory
    """
    try:
        context = hub.read_config(choice.folder)["max_position_embeddings"]
    except (OSError, ValueError, KeyError) as error:
        reason = type(error).__name__
        raise ModelBroken(model=hub.name_of(choice.folder), reason=reason) from error
    asked = _chat_settings(settings)
    replies = partial(_replies, choice=choice, settings=asked, deadline_seconds=deadline_seconds)
    count = counter(choice.folder)
    writer = _Sections(text, settings, count, context, replies, deadline_seconds)
    yield from summaries(text, writer)


def summarize_remote(
    text: str,
    server: ChatServer,
    model: ServedModel,
    settings: SummarySettings,
    deadline_seconds: float,
) -> Iterator[Summary]:
    """The same with a model of the operator's chat server; tokens are estimated.

    Raises:
        DeadlinePassed, ChatServerTrouble
    """
    asked = _chat_settings(settings)

    def reply(messages: Sequence[Message]) -> Iterator[Chunk]:
        return remote_chat.reply(server, model, messages, asked, deadline_seconds)

    replies = partial(_side_by_side, reply, most=SIDE_BY_SIDE)
    context = model.context or UNKNOWN_CONTEXT
    writer = _Sections(text, settings, _rough, context, replies, deadline_seconds)
    yield from summaries(text, writer)


class _Sections:
    """Asks for a summary of each section, several at once."""

    def __init__(
        self,
        text: str,
        settings: SummarySettings,
        count: Count,
        context: int,
        replies: Replies,
        deadline_seconds: float,
    ) -> None:
        self.count = count
        _, most = summary_lengths.chat_bounds(settings.length)
        self.limit = max(FEWEST, min(SECTION_TOKENS, context - most - PROMPT_TOKENS))
        self.goal = most
        self._length = settings.length
        self._chinese = is_chinese(text)
        self._replies = replies
        self._deadline = deadline_seconds

    def write(self, texts: Sequence[str], again: bool) -> Iterator[Written]:
        size = A_GPU_CALL if accelerator.ZERO_GPU else len(texts)
        for start in range(0, len(texts), size):
            asked = [self._asked(text, again) for text in texts[start : start + size]]
            with closing(self._replies(asked)) as chunks:
                for place, chunk in chunks:
                    if chunk.finish_reason == "deadline":
                        raise DeadlinePassed(seconds=round(self._deadline))
                    whole = chunk.finish_reason is not None
                    cut_off = chunk.finish_reason == "length" and chunk.text.strip()
                    summary = whole_sentences(chunk.text) if cut_off else chunk.text
                    yield Written({start + place: summary.strip()}, whole)

    def _asked(self, text: str, again: bool) -> list[Message]:
        (source,) = self.count([text])
        tokens = summary_lengths.asked_tokens(self._length, source)
        words = tokens * (CHARACTERS_A_TOKEN if self._chinese else WORDS_A_TOKEN)
        about = max(5, 5 * round(words / 5))
        prompt = PROMPTS[self._chinese, again].format(words=about, text=text)
        return [{"role": "user", "content": prompt}]


def _chat_settings(settings: SummarySettings) -> ChatSettings:
    _, most = summary_lengths.chat_bounds(settings.length)
    return ChatSettings(max_new_tokens=most, **GREEDY)


def _rough(texts: Sequence[str]) -> list[int]:
    return [ceil(rough_tokens(text)) for text in texts]


def _written_here(
    asked: Sequence[list[Message]], choice: Choice, settings: ChatSettings, deadline_seconds: float
) -> Iterator[tuple[int, Chunk]]:
    most = A_GPU_CALL if accelerator.ZERO_GPU else SIDE_BY_SIDE
    seconds = deadline_seconds * min(most, len(asked))

    def reply(messages: Sequence[Message]) -> Iterator[Chunk]:
        return reply_here(messages, choice, settings, seconds)

    yield from _side_by_side(reply, asked, most)


# As for chat: elsewhere the decoder takes no slot.
_replies = accelerator.gpu(duration=60)(_written_here) if accelerator.ZERO_GPU else _written_here


def _side_by_side(
    reply: Reply, asked: Sequence[list[Message]], most: int
) -> Iterator[tuple[int, Chunk]]:
    """The replies to all of `asked`, up to `most` under way at a time, each chunk with its place.

    Closing it closes them.
    """
    waiting = iter(enumerate(asked))
    under_way: dict[int, Iterator[Chunk]] = {}
    try:
        while True:
            while len(under_way) < most and (begun := next(waiting, None)):
                place, messages = begun
                under_way[place] = reply(messages)
            if not under_way:
                return
            for place, stream in list(under_way.items()):
                chunk = next(stream)
                if chunk.finish_reason is not None:
                    under_way.pop(place).close()
                yield place, chunk
    finally:
        with ExitStack() as left:
            for stream in under_way.values():
                left.callback(stream.close)
