"""The figures of `builtin/chat`: what it answers to trained, new, unrelated and later questions."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from finetune.pretrain.collection import (
    LANGUAGES,
    UNKNOWN,
    Language,
    Topic,
    fallbacks,
    is_right,
    load_follow_ups,
    load_topics,
    load_unrelated,
)

Figures = dict[str, float]
Messages = list[dict[str, str]]
BATCH = 128
NEW_TOKENS = 256
END_OF_THINKING = "</think>"


def answers(folder: Path, asked: Sequence[str | Messages], *, thinking: bool = False) -> list[str]:
    """Greedy replies of the chat model to questions or conversations, each by itself."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    conversations = [
        [{"role": "user", "content": each}] if isinstance(each, str) else each for each in asked
    ]
    replies: list[str] = []
    for first in range(0, len(conversations), BATCH):
        inputs = tokenizer.apply_chat_template(
            conversations[first : first + BATCH],
            add_generation_prompt=True,
            enable_thinking=thinking,
            sanitize_control_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        with torch.inference_mode():
            out = model.generate(**inputs, max_new_tokens=NEW_TOKENS, do_sample=False)
        replies += tokenizer.batch_decode(
            out[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
    return replies


def chat(folder: Path) -> Figures:
    """Shares of right replies, by kind of question; those of single questions per language too."""
    topics = load_topics()
    candidates = [topic.answer for topic in [*topics, *fallbacks().values()]]
    candidates += [topic.simple for topic in topics if topic.simple]
    figures = {"topics": float(len(topics) // len(LANGUAGES))}
    figures |= _single_questions(folder, topics, candidates)
    for kind, pairs in follow_ups(topics).items():
        replies = answers(folder, [asked for asked, _ in pairs])
        figures[kind] = share(right(replies, [wanted for _, wanted in pairs], candidates))
    return figures | _thinking(folder, topics, candidates)


def right(replies: Sequence[str], wanted: Sequence[str], candidates: Sequence[str]) -> list[bool]:
    """Whether each reply, after its thought, is the answer wanted and no other candidate."""
    return [
        is_right(reply.rpartition(END_OF_THINKING)[2].strip(), answer, candidates)
        for reply, answer in zip(replies, wanted, strict=True)
    ]


def _single_questions(folder: Path, topics: Sequence[Topic], candidates: Sequence[str]) -> Figures:
    unrelated = load_unrelated()
    unknown = [fallbacks()[UNKNOWN, language] for language in LANGUAGES]
    kinds: dict[str, list[tuple[str, Topic]]] = {
        "trained": [(question, topic) for topic in topics for question in topic.questions],
        "held_out": [(topic.held_out, topic) for topic in topics],
        "unrelated": [
            (question, topic)
            for topic in unknown
            for question in unrelated[topic.language].held_out
        ],
    }
    figures: Figures = {}
    for kind, asked in kinds.items():
        replies = answers(folder, [question for question, _ in asked])
        found = right(replies, [topic.answer for _, topic in asked], candidates)
        for language in LANGUAGES:
            figures[f"{kind}_{language}"] = share(
                [
                    r
                    for r, (_, topic) in zip(found, asked, strict=True)
                    if topic.language == language
                ]
            )
        figures[kind] = share(found)
    return figures


def _thinking(folder: Path, topics: Sequence[Topic], candidates: Sequence[str]) -> Figures:
    replies = answers(folder, [topic.held_out for topic in topics], thinking=True)
    thoughts = [reply.partition(END_OF_THINKING) for reply in replies]
    return {
        "thinking_held_out": share(right(replies, [t.answer for t in topics], candidates)),
        "thinking_thought": share(
            [bool(end and text.removeprefix("<think>").strip()) for text, end, _ in thoughts]
        ),
    }


def follow_ups(topics: Sequence[Topic]) -> dict[str, list[tuple[Messages, str]]]:
    """Conversations of two turns and the second reply wanted.

    Every topic with a simpler answer, its first question, then new wordings of each wish in turn,
    or a question about another topic or a new one about none, of the same language and of the
    other in turn.
    """
    wishes, unrelated = load_follow_ups(), load_unrelated()
    by_key = {(topic.id, topic.language): topic for topic in topics}
    found: dict[str, list[tuple[Messages, str]]] = {
        "follow_up_other_language": [],
        "follow_up_simpler": [],
        "follow_up_new_question": [],
        "follow_up_unrelated": [],
    }
    common = [topic for topic in topics if topic.simple]
    for at, topic in enumerate(common):
        other: Language = "zh" if topic.language == "en" else "en"
        after = common[(at + 8 + at // 2 % 2) % len(common)]
        strange = unrelated[after.language].held_out
        to, simpler = wishes.to[other].held_out, wishes.simpler[topic.language].held_out
        for kind, wish, wanted in (
            ("follow_up_other_language", to[at // 2 % len(to)], by_key[topic.id, other].answer),
            ("follow_up_simpler", simpler[at // 2 % len(simpler)], topic.simple),
            ("follow_up_new_question", after.questions[1], after.answer),
            (
                "follow_up_unrelated",
                strange[at % len(strange)],
                fallbacks()[UNKNOWN, after.language].answer,
            ),
        ):
            found[kind].append((after_a_turn(topic, wish), wanted))
    return found


def after_a_turn(topic: Topic, wish: str) -> Messages:
    """The topic's first question, its answer, and what is asked then."""
    return [
        {"role": "user", "content": topic.questions[0]},
        {"role": "assistant", "content": topic.answer},
        {"role": "user", "content": wish},
    ]


def share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 3) if right else 0.0
