"""Builds `builtin/chat`: a small Qwen3 trained on the question-and-answer collection."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch.nn import functional
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerBase,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from finetune.pretrain import corpus, training, vocabularies
from finetune.pretrain.collection import Topic, load_topics
from finetune.pretrain.phrasings import Phrasings

SEED = 11
STEPS = 600
BATCH = 24
CONTEXT = 2048
VOCABULARY = 6144
PLAIN_SHARE = 0.1  # share of rows that are plain text: every token gets some training
PLAIN_LENGTH = 64
IGNORED = -100
SECOND_TURN = 0.12  # share of batches whose questions follow an earlier turn
OPENING = 4  # tokens of an answer's opening
OPENING_WEIGHT = 4.0
SYSTEM = {
    "en": ("You are a helpful assistant.", "Answer briefly.", "You are a friendly helper."),
    "zh": ("你是一个乐于助人的助手。", "请简短回答。", "你是一位友好的助手。"),
}


def build(folder: Path, steps: int = STEPS, topics: Sequence[Topic] | None = None) -> float:
    """Train and save; returns the seconds the training took."""
    data = corpus.data_folder()
    topics = topics or load_topics()
    rng = training.start(SEED)
    plain = [
        text for language in corpus.LANGUAGES for text in corpus.book_paragraphs(data, language)
    ]
    plain += [row.text for row in corpus.split_reviews(corpus.reviews(data))[0]]
    own = [text for topic in topics for text in (topic.answer, *topic.questions)]
    own += ["system", "user", "assistant"]
    tokenizer = vocabularies.chat_tokenizer(own * 20 + plain, VOCABULARY, CONTEXT)
    model = new_model(tokenizer)
    batches = _batches(topics, plain, tokenizer, rng)
    seconds = training.fit(model, batches, steps, 2e-3, weight_decay=0.02, loss_of=answer_loss)
    training.save(model, tokenizer, folder)
    return seconds


def new_model(tokenizer: PreTrainedTokenizerBase) -> Qwen3ForCausalLM:
    """About 3.6 M parameters, untrained.

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


def answer_loss(model: Qwen3ForCausalLM, batch: training.Batch) -> torch.Tensor:
    """Cross entropy of the trained tokens; the others never reach the large output layer."""
    hidden = model.model(batch["input_ids"], attention_mask=batch["attention_mask"])[0]
    target = batch["labels"][:, 1:]
    trained = target != IGNORED
    losses = functional.cross_entropy(
        model.lm_head(hidden[:, :-1][trained]), target[trained], reduction="none"
    )
    weights = batch["weights"][:, 1:][trained]
    return (losses * weights).sum() / weights.sum()


def example(
    tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]
) -> tuple[list[int], list[int]]:
    """Ids and labels of a conversation: only the last reply and its end token are trained.

    The reply includes the empty think block, so that the model writes it where it is asked to
    think, and goes straight on where the block is already there.
    """
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    prompt = tokenizer.apply_chat_template(
        messages[:-1], tokenize=False, add_generation_prompt=True
    )
    ids = tokenizer(text, add_special_tokens=False).input_ids
    masked = len(tokenizer(prompt, add_special_tokens=False).input_ids)
    labels = [IGNORED] * masked + ids[masked:]
    labels[-1] = IGNORED  # the line break after the end token
    return ids, labels


def _conversation(
    topic: Topic, earlier: Topic | None, phrasings: Phrasings, rng: random.Random
) -> list[dict[str, str]]:
    """One question about `topic`, after an earlier turn and now and then a system message."""
    messages: list[dict[str, str]] = []
    if rng.random() < 0.1:
        messages.append({"role": "system", "content": rng.choice(SYSTEM[topic.language])})
    if earlier is not None:
        messages.append({"role": "user", "content": rng.choice(earlier.questions)})
        messages.append({"role": "assistant", "content": earlier.answer})
    messages.append({"role": "user", "content": phrasings.draw(topic)})
    messages.append({"role": "assistant", "content": topic.answer})
    return messages


def _batches(
    topics: Sequence[Topic],
    plain: list[str],
    tokenizer: PreTrainedTokenizerBase,
    rng: random.Random,
) -> Iterator[training.Batch]:
    phrasings = Phrasings(topics, plain, rng)
    stream = [i for text in rng.sample(plain, len(plain)) for i in tokenizer(text).input_ids]
    rest: list[Topic] = []
    while True:
        rows: list[tuple[list[int], list[int]]] = []
        second_turn = rng.random() < SECOND_TURN  # whole batches, so that little is padding
        while len(rows) < BATCH:
            if rng.random() < PLAIN_SHARE:
                at = rng.randrange(len(stream) - PLAIN_LENGTH)
                piece = stream[at : at + PLAIN_LENGTH]
                rows.append((piece, piece))
                continue
            rest = rest or rng.sample(topics, len(topics))
            topic = rest.pop()
            earlier = rng.choice(topics) if second_turn else None
            rows.append(example(tokenizer, _conversation(topic, earlier, phrasings, rng)))
        input_ids = training.padded([ids for ids, _ in rows], tokenizer.pad_token_id)
        lengths = torch.tensor([[len(ids)] for ids, _ in rows])
        labels = training.padded([labels for _, labels in rows], IGNORED)
        yield {
            "input_ids": input_ids,
            "attention_mask": (torch.arange(input_ids.shape[1]) < lengths).long(),
            "labels": labels,
            "weights": _weights(labels, tokenizer.convert_tokens_to_ids("</think>")),
        }


def _weights(labels: torch.Tensor, end_of_thinking: int) -> torch.Tensor:
    """How much each token's loss counts: the first words of an answer decide which one it is."""
    weights = torch.ones(labels.shape)
    for row, column in (labels == end_of_thinking).nonzero().tolist():
        weights[row, column + 2 : column + 2 + OPENING] = OPENING_WEIGHT
    return weights
