"""Tokenizers of the built-in models, trained here and saved as transformers' fast tokenizers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)
from tokenizers.implementations import BaseTokenizer
from transformers import BertTokenizerFast, PreTrainedTokenizerFast

from finetune.pretrain.corpus import common_characters

# Single digits, single Chinese characters, words with their leading space, single marks, line
# breaks: GPT-2's pattern (Radford et al., 2019), cut finer, so that a word or a sentence has the
# same tokens wherever it stands.
_PIECES = Regex(r"\p{N}|\p{Han}| ?[^\s\P{L}\p{Han}]+| ?[^\s\p{L}\p{N}]|\n|\s+")
CHAT_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
# As in Qwen3's own tokenizer these are whole tokens but not special ones: they stay in the text a
# reply is decoded to, where the thought is then told from the answer.
MARKS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
)
BERT_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CHAT_TEMPLATE = Path(__file__).with_name("chat_template.jinja")


def _with_characters(texts: Iterable[str], times: int) -> Iterator[str]:
    """`texts`, and each common Chinese character alone often enough to become one token."""
    yield from texts
    for char in common_characters():
        for _ in range(times):
            yield char


def byte_level(texts: Iterable[str], size: int, special: tuple[str, ...]) -> Tokenizer:
    """A byte-level BPE tokenizer of `size` entries: any text can be written with it.

    The common Chinese characters are single tokens; the rest of the vocabulary goes to the
    frequent pieces of `texts`.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_PIECES, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_with_characters(texts, times=1000), trainer)
    return tokenizer


def chat_tokenizer(texts: Iterable[str], size: int, context: int) -> PreTrainedTokenizerFast:
    """Qwen3's special tokens and chat format over a small vocabulary of our own."""
    core = byte_level(texts, size - len(MARKS), CHAT_TOKENS)
    core.add_tokens([AddedToken(mark, normalized=False, special=False) for mark in MARKS])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>", "<|im_end|>"],
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE.read_text(encoding="utf-8"),
    )


def summary_tokenizer(texts: Iterable[str], size: int, context: int) -> PreTrainedTokenizerFast:
    """BART's special tokens (`<s> … </s>`) over a byte-level vocabulary of our own."""
    core = byte_level(texts, size, ("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        cls_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def sentiment_tokenizer(texts: Iterable[str], size: int, context: int) -> BertTokenizerFast:
    """WordPiece, lower-cased, each Chinese character a word: as in BERT (Devlin et al., 2019)."""
    from tokenizers import BertWordPieceTokenizer

    texts = list(texts)
    core = BertWordPieceTokenizer(lowercase=True)
    alphabet, inner = _characters(core, texts, size // 2)
    core.train_from_iterator(
        texts,
        vocab_size=size,
        min_frequency=2,
        limit_alphabet=len(alphabet),
        initial_alphabet=alphabet,
        special_tokens=[*BERT_TOKENS, *inner],
        show_progress=False,
    )
    return BertTokenizerFast(vocab=core.get_vocab(), do_lower_case=True, model_max_length=context)


def _characters(
    core: BaseTokenizer, texts: Iterable[str], most: int
) -> tuple[list[str], list[str]]:
    """The commonest characters, and as pieces those of them that stand inside a word.

    Left to itself the trainer numbers these, and chooses among equally common ones, in the order
    of a hash table: another vocabulary each time, in which other pairs win a tie.
    """
    counts: Counter[str] = Counter()
    inside: set[str] = set()
    for text in texts:
        for word, _ in core.pre_tokenizer.pre_tokenize_str(core.normalizer.normalize_str(text)):
            counts.update(word)
            inside.update(word[1:])
    alphabet = sorted(sorted(counts), key=counts.__getitem__, reverse=True)[:most]
    return alphabet, [f"##{char}" for char in sorted(inside.intersection(alphabet))]
