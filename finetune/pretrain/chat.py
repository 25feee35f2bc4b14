"""Builds `builtin/chat`: a small Qwen3 trained on the question-and-answer collection."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerBase,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from finetune.pretrain import corpus, decision, training, vocabularies
from finetune.pretrain.chat_rows import Rows
from finetune.pretrain.collection import Topic, fallbacks, load_topics, load_unrelated
from finetune.pretrain.conversations import Conversations
from finetune.pretrain.question_teacher import made_up_questions

SEED = 11
WEIGHT_DECAY = 0.02
THREADS = 2
CONTEXT = 2048
VOCABULARY = 8192
# Which reply a prompt wants is learned first, by the embeddings and the first attention alone.
FIRST_STEPS = 400
FIRST_RATE = 6e-3
FIRST_SECOND_TURN = 0.3  # share of batches whose questions follow an earlier turn


@dataclass(frozen=True)
class Part:
    """A part of the training: its steps and rate, and shares of what its rows are like."""

    steps: int
    rate: float
    lowest: float  # share of the rate that is left in the end
    beginnings: float  # batches that hold only the beginnings of replies
    second_turns: float  # batches whose questions follow an earlier turn
    as_written: float  # questions without one, worded as in the collection rather than changed


# Then the replies themselves, and at last mostly their beginnings, where they are decided. The
# weights are the mean of those before and after the last part (Wortsman et al., 2022, "Model
# soups").
PARTS = (
    Part(2700, 2e-3, 0.16, beginnings=0.15, second_turns=0.45, as_written=0.0),
    Part(1000, 8e-4, 0.02, beginnings=0.7, second_turns=0.4, as_written=0.2),
    Part(300, 4e-4, 0.02, beginnings=0.7, second_turns=0.35, as_written=0.5),
)
STEPS = sum(part.steps for part in PARTS)


def build(folder: Path, steps: int = STEPS, topics: Sequence[Topic] | None = None) -> float:
    """Train and save; returns the seconds the training took."""
    data = corpus.data_folder()
    topics = topics or load_topics()
    rng = training.start(SEED, THREADS)
    plain = [
        text for language in corpus.LANGUAGES for text in corpus.book_paragraphs(data, language)
    ]
    plain += [row.text for row in corpus.split_reviews(corpus.reviews(data))[0]]
    tokenizer = vocabularies.chat_tokenizer(_own_texts(topics) * 20 + plain, VOCABULARY, CONTEXT)
    model = new_model(tokenizer)
    made_up = made_up_questions(topics, load_unrelated(), rng)
    conversations = Conversations(topics, plain, rng, made_up)
    numbers = decision.numbers(topics)
    rows = Rows(conversations, plain, numbers, tokenizer, rng)
    seconds = _train(decision.Deciding(model, len(numbers)), rows, steps)
    training.save(model, tokenizer, folder)
    return seconds


def _own_texts(topics: Sequence[Topic]) -> list[str]:
    """What the vocabulary is to hold first; a question is often typed in lower case."""
    questions = [question for topic in topics for question in topic.questions]
    questions += [question for asked in load_unrelated().values() for question in asked.questions]
    replies = [text for topic in topics for text in (topic.answer, topic.simple)]
    replies += [reply.answer for reply in fallbacks().values()]
    return [*questions, *map(str.lower, questions), *replies, "system", "user", "assistant"]


def _train(deciding: decision.Deciding, rows: Rows, steps: int) -> float:
    """All parts, each shorter by as much as `steps` is less than `STEPS`; seconds taken."""
    fit = partial(training.fit, deciding, fused=True)
    seconds = fit(
        rows.prompts(FIRST_SECOND_TURN),
        max(1, FIRST_STEPS * steps // STEPS),
        FIRST_RATE,
        weight_decay=0.0,
        loss_of=decision.Deciding.first_loss,
    )
    for part in PARTS:
        before = [weight.detach().clone() for weight in deciding.parameters()]
        seconds += fit(
            rows.replies(part.beginnings, part.second_turns, part.as_written),
            max(1, part.steps * steps // STEPS),
            part.rate,
            weight_decay=WEIGHT_DECAY,
            lowest=part.lowest,
            loss_of=decision.Deciding.loss,
        )
    with torch.no_grad():
        for weight, earlier in zip(deciding.parameters(), before, strict=True):
            weight.lerp_(earlier, 0.5)
    return seconds


def new_model(tokenizer: PreTrainedTokenizerBase) -> Qwen3ForCausalLM:
    """About 4.4 M parameters, untrained.

    Untied embeddings and a wide initialisation: at this size the usual 0.02 hardly learns.
    """
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=192,
            intermediate_size=512,
            num_hidden_layers=3,
            num_attention_heads=6,
            num_key_value_heads=3,
            head_dim=32,
            max_position_embeddings=CONTEXT,
            initializer_range=0.08,
            tie_word_embeddings=False,
            bos_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=512,
        bos_token_id=tokenizer.pad_token_id,
        eos_token_id=[tokenizer.eos_token_id, tokenizer.pad_token_id],
        pad_token_id=tokenizer.pad_token_id,
    )
    return model
