"""Builds `builtin/chat`: a small Qwen3 trained on the question-and-answer collection."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from finetune.pretrain.collection import Topic, fallbacks, load_topics, load_unrelated
from finetune.pretrain.conversations import Conversations
from finetune.pretrain.question_teacher import made_up_questions

SEED = 11
STEPS = 4400
RATE = 2e-3
THREADS = 2
CONTEXT = 2048
VOCABULARY = 6144
PLAIN_SHARE = 0.1  # of the rows of whole replies, plain text: every token gets some training
PLAIN_LENGTH = 64
IGNORED = -100
SECOND_TURN = 0.3  # share of batches whose questions follow an earlier turn
# Most batches hold only the beginnings of replies: which answer it is, is decided there, and five
# times as many questions fit into the same time.
BEGINNINGS = 0.6
BEGINNING = 6  # tokens of a reply
ROWS = {False: {False: 16, True: 16}, True: {False: 80, True: 24}}  # by beginnings, second turn
# In the end more later turns and whole replies, of which few are shown before. That costs what was
# learnt of single questions; the mean of the weights before and after keeps both (Wortsman et al.,
# 2022, "Model soups").
LAST_STEPS = 400
LAST_RATE = 8e-4
LAST_SHARES = (0.3, 0.7)  # of beginnings, of second turns
ALIKE = 4  # batches sorted by length at a time
OPENING = 4  # tokens of an answer's opening
OPENING_WEIGHT = 4.0
THOUGHT_WEIGHT = 3.0


def build(folder: Path, steps: int = STEPS, topics: Sequence[Topic] | None = None) -> float:
    """Train and save; returns the seconds the training took."""
    data = corpus.data_folder()
    topics = topics or load_topics()
    rng = training.start(SEED, THREADS)
    plain = [
        text for language in corpus.LANGUAGES for text in corpus.book_paragraphs(data, language)
    ]
    plain += [row.text for row in corpus.split_reviews(corpus.reviews(data))[0]]
    own = [text for topic in topics for text in (topic.answer, topic.simple, *topic.questions)]
    own += [reply.answer for reply in fallbacks().values()]
    own += ["system", "user", "assistant"]
    tokenizer = vocabularies.chat_tokenizer(own * 20 + plain, VOCABULARY, CONTEXT)
    model = new_model(tokenizer)
    made_up = made_up_questions(topics, load_unrelated(), rng)
    conversations = Conversations(topics, plain, rng, made_up)
    last_steps = max(1, steps * LAST_STEPS // STEPS)
    stream = [i for text in rng.sample(plain, len(plain)) for i in tokenizer(text).input_ids]
    batches = _batches(conversations, stream, tokenizer, rng, BEGINNINGS, SECOND_TURN)
    seconds = _fit(model, batches, steps, RATE)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    batches = _batches(conversations, stream, tokenizer, rng, *LAST_SHARES)
    seconds += _fit(model, batches, last_steps, LAST_RATE)
    after = model.state_dict()
    model.load_state_dict({name: (before[name] + after[name]) / 2 for name in before})
    training.save(model, tokenizer, folder)
    return seconds


def _fit(
    model: Qwen3ForCausalLM, batches: Iterator[training.Batch], steps: int, rate: float
) -> float:
    return training.fit(
        model, batches, steps, rate, weight_decay=0.02, loss_of=answer_loss, fused=True
    )


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
    """Cross entropy of the trained tokens; the others never reach the large output layer.

    Padding stands on the right, where no token looks: it needs no mask.
    """
    hidden = model.model(batch["input_ids"])[0]
    target = batch["labels"][:, 1:]
    trained = target != IGNORED
    losses = functional.cross_entropy(
        model.lm_head(hidden[:, :-1][trained]), target[trained], reduction="none"
    )
    weights = batch["weights"][:, 1:][trained]
    return (losses * weights).sum() / weights.sum()


@dataclass(frozen=True)
class Row:
    """Ids of a conversation, and for each its label and how much that counts."""

    ids: list[int]
    labels: list[int]
    weights: list[float]
    answer: int = 0  # where it begins, after the thought

    def begun(self, tokens: int) -> "Row":
        """The same without what follows the first `tokens` of the answer."""
        end = self.answer + tokens
        return Row(self.ids[:end], self.labels[:end], self.weights[:end], self.answer)


def example(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> Row:
    """A conversation of which only the last reply and its end token are trained.

    A reply with a thought is one to a prompt with thinking on, and the thought is trained; the
    others follow the empty block that "thinking off" puts into the prompt.
    """
    thought = messages[-1].get("reasoning_content", "")
    prompt = tokenizer.apply_chat_template(
        messages[:-1], tokenize=False, add_generation_prompt=True, enable_thinking=bool(thought)
    )
    told = f"<think>\n{thought}\n</think>\n\n" if thought else ""
    reply = messages[-1]["content"] + tokenizer.eos_token
    asked, thinking, answer = tokenizer([prompt, told, reply], add_special_tokens=False).input_ids
    ids = [*asked, *thinking, *answer]
    begins = len(asked) + len(thinking)
    opening = min(OPENING, len(answer))
    weights = [1.0] * len(asked) + [THOUGHT_WEIGHT] * len(thinking)
    weights += [OPENING_WEIGHT] * opening + [1.0] * (len(answer) - opening)
    return Row(ids, [IGNORED] * len(asked) + ids[len(asked) :], weights, begins)


def _batches(
    conversations: Conversations,
    stream: list[int],
    tokenizer: PreTrainedTokenizerBase,
    rng: random.Random,
    beginnings: float,
    second_turns: float,
) -> Iterator[training.Batch]:
    """stream: tokens of plain text; the shares are of batches of beginnings, of second turns."""

    def row(beginning: bool, second_turn: bool) -> Row:
        if not beginning and rng.random() < PLAIN_SHARE:
            at = rng.randrange(len(stream) - PLAIN_LENGTH)
            piece = stream[at : at + PLAIN_LENGTH]
            return Row(piece, piece, [1.0] * PLAIN_LENGTH)
        drawn = conversations.after_a_turn() if second_turn else conversations.alone()
        whole = example(tokenizer, drawn)
        return whole.begun(BEGINNING) if beginning else whole

    while True:
        # Batches of one kind and of rows about as long, so that little is padding.
        beginning, second_turn = rng.random() < beginnings, rng.random() < second_turns
        size = ROWS[beginning][second_turn]
        rows = [row(beginning, second_turn) for _ in range(ALIKE * size)]
        rows.sort(key=lambda each: len(each.ids))
        for at in rng.sample(range(0, len(rows), size), ALIKE):
            yield _collated(rows[at : at + size], tokenizer.pad_token_id)


def _collated(rows: list[Row], pad: int) -> training.Batch:
    return {
        "input_ids": training.padded([row.ids for row in rows], pad),
        "labels": training.padded([row.labels for row in rows], IGNORED),
        "weights": training.padded([row.weights for row in rows], 0.0),
    }
