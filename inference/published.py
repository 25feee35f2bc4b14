"""The published models of the catalogue: what their own config.json and file lists say.

One entry a model: the arguments of `catalog.Model`, with the architecture as the few lines of
the model's config.json that `catalog.architecture_of` reads. Sources: the model pages on
huggingface.co, and for sizes to the byte also public lists of their files by checksum. Files are
those the app needs; a size in round numbers is as the page shows it. A licence is what the
model's page states.
"""

from collections.abc import Mapping
from typing import Any

QWEN3_TOKENIZER = {
    "merges.txt": 1_671_853,
    "tokenizer.json": 11_422_654,
    "tokenizer_config.json": 9_732,
    "vocab.json": 2_776_833,
}
BART_TOKENIZER = {"merges.txt": 456_318, "vocab.json": 898_823}


def _qwen3(
    hidden: int, inner: int, layers: int, heads: int, *, tied: bool, context: int = 40_960
) -> dict[str, Any]:
    return {
        "model_type": "qwen3",
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": 151_936,
        "max_position_embeddings": context,
        "tie_word_embeddings": tied,
    }


def _bart(hidden: int, encoders: int, decoders: int, vocabulary: int) -> dict[str, Any]:
    return {
        "model_type": "bart",
        "d_model": hidden,
        "encoder_layers": encoders,
        "decoder_layers": decoders,
        "encoder_ffn_dim": 4 * hidden,
        "decoder_ffn_dim": 4 * hidden,
        "encoder_attention_heads": hidden // 64,
        "vocab_size": vocabulary,
        "max_position_embeddings": 1_024,
    }


def _bert_base(vocabulary: int, labels: int = 2) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "hidden_size": 768,
        "intermediate_size": 3_072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "vocab_size": vocabulary,
        "max_position_embeddings": 512,
        "id2label": dict.fromkeys(range(labels)),
    }


def _fetched(sizes: Mapping[str, int]) -> dict[str, Any]:
    return {"files": tuple(sorted(sizes)), "download_bytes": sum(sizes.values())}


def _shards(index: int, *sizes: int) -> dict[str, int]:
    """The weight files and their index, by name."""
    name = "model-{:05}-of-{:05}.safetensors"
    shards = {name.format(n, len(sizes)): size for n, size in enumerate(sizes, start=1)}
    return {**shards, "model.safetensors.index.json": index}


def _chat(
    name: str, config: dict[str, Any], sizes: Mapping[str, int], *, thinking: bool = True
) -> dict[str, Any]:
    return {
        "id": f"Qwen/{name}",
        "title": name,
        "task": "chat",
        "config": config,
        "licence": "Apache-2.0",
        # Of the more than 100 its card speaks of, those of this app.
        "languages": ("en", "zh"),
        **_fetched({"generation_config.json": 239, **QWEN3_TOKENIZER, **sizes}),
        "dtype_bytes": 2,
        "thinking": thinking,
        "trainable": True,
    }


def _classifier(
    model_id: str,
    config: dict[str, Any],
    sizes: Mapping[str, int],
    licence: str,
    languages: tuple[str, ...],
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": model_id,
        "title": model_id.partition("/")[2],
        "task": "classification",
        "config": config,
        "licence": licence,
        "languages": languages,
        **_fetched(sizes),
        "dtype_bytes": 4,
        **more,
    }


def _summarizer(
    model_id: str, config: dict[str, Any], sizes: Mapping[str, int], licence: str, **more: Any
) -> dict[str, Any]:
    return {
        "id": model_id,
        "title": model_id.partition("/")[2],
        "task": "summarization",
        "config": config,
        "licence": licence,
        "languages": ("en",),
        **_fetched({**BART_TOKENIZER, **sizes}),
        "dtype_bytes": 4,
        **more,
    }


PUBLISHED: tuple[dict[str, Any], ...] = (
    # 0.6B and 1.7B are published with the tied output embeddings stored a second time.
    _chat(
        "Qwen3-0.6B",
        _qwen3(1_024, 3_072, 28, 16, tied=True),
        {"config.json": 726, "model.safetensors": 1_503_300_328},
    ),
    _chat(
        "Qwen3-1.7B",
        _qwen3(2_048, 6_144, 28, 16, tied=True),
        {"config.json": 726, **_shards(25_605, 3_441_185_608, 622_329_984)},
    ),
    _chat(
        "Qwen3-4B-Instruct-2507",
        _qwen3(2_560, 9_728, 36, 32, tied=True, context=262_144),
        {
            "config.json": 727,
            **_shards(32_819, 3_957_900_840, 3_987_450_520, 99_630_640),
            # Newer than the others, with files of its own.
            "generation_config.json": 238,
            "merges.txt": 1_671_839,
            "tokenizer_config.json": 9_377,
        },
        thinking=False,
    ),
    _chat(
        "Qwen3-8B",
        _qwen3(4_096, 12_288, 36, 32, tied=False),
        {
            "config.json": 728,
            **_shards(
                *(32_878, 3_996_250_744, 3_993_160_032),
                *(3_959_604_768, 3_187_841_392, 1_244_659_840),
            ),
        },
    ),
    _chat(
        "Qwen3-14B",
        _qwen3(5_120, 17_408, 40, 40, tied=False),
        {
            "config.json": 728,
            **_shards(36_514, 3_841_788_544, 3_963_750_816, *5 * [3_963_750_880], 1_912_371_880),
        },
    ),
    _chat(
        "Qwen3-32B",
        _qwen3(5_120, 25_600, 64, 64, tied=False),
        {
            "config.json": 728,
            **_shards(
                58_000,  # not known: what the index of 14B comes to with 64 layers
                *(3_957_109_648, *2 * [3_900_791_760], *13 * [3_900_791_800], 3_055_341_992),
            ),
        },
    ),
    _summarizer(
        "facebook/bart-large-cnn",
        _bart(1_024, 12, 12, 50_264),
        {
            "config.json": 1_585,
            "generation_config.json": 363,
            "model.safetensors": 1_625_222_120,
            "tokenizer.json": 1_355_863,
        },
        "MIT",
        trainable=True,
    ),
    _summarizer(
        "sshleifer/distilbart-cnn-12-6",
        _bart(1_024, 12, 6, 50_264),
        {
            "config.json": 1_800,
            "model.safetensors": 1_222_000_000,  # the page says 1.22 GB, the parameters this
            "tokenizer_config.json": 26,
        },
        "Apache-2.0",
        # main has a pickle only; commit 6c1a5ba of Hugging Face's SFconvertbot adds safetensors,
        # as did 7535a1a in refs/pr/13 before.
        revision="refs/pr/18",
    ),
    _summarizer(
        "facebook/bart-base",
        _bart(768, 6, 6, 50_265),
        {
            "config.json": 1_720,
            "model.safetensors": 558_000_000,
            "tokenizer.json": 1_355_863,
        },
        "Apache-2.0",
        served=False,
        trainable=True,
    ),
    _classifier(
        "textattack/bert-base-uncased-SST-2",
        _bert_base(30_522),
        {
            "config.json": 477,
            "model.safetensors": 438_000_000,
            "special_tokens_map.json": 112,
            "tokenizer_config.json": 48,
            "vocab.txt": 231_508,
        },
        "not stated",
        ("en",),
        labels=("negative", "positive"),
        # main has a pickle only; SFconvertbot's commit 205ffbd1bc5c5b89802266f4948a601f53556b00.
        revision="refs/pr/2",
    ),
    _classifier(
        "uer/roberta-base-finetuned-jd-binary-chinese",
        _bert_base(21_128),
        {
            "config.json": 612,
            "model.safetensors": 409_000_000,
            "special_tokens_map.json": 112,
            "tokenizer_config.json": 295,
            "vocab.txt": 110_000,
        },
        "not stated",
        ("zh",),
        labels=("negative", "positive"),
        # main has a pickle only; SFconvertbot's commit 7d325972e136def7e8382efe6002693636891852.
        revision="refs/pr/3",
    ),
    _classifier(
        "nlptown/bert-base-multilingual-uncased-sentiment",
        _bert_base(105_879, labels=5),
        {
            "config.json": 953,
            "model.safetensors": 669_000_000,
            "special_tokens_map.json": 112,
            "tokenizer_config.json": 39,
            "vocab.txt": 872_000,
        },
        "MIT",
        ("en", "nl", "de", "fr", "it", "es"),
        labels=("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
    ),
    # The two below are stored with the heads they were pre-trained with.
    _classifier(
        "google-bert/bert-base-uncased",
        _bert_base(30_522),
        {
            "config.json": 570,
            "model.safetensors": 440_449_768,
            "tokenizer.json": 466_062,
            "tokenizer_config.json": 48,
            "vocab.txt": 231_508,
        },
        "Apache-2.0",
        ("en",),
        served=False,
        trainable=True,
    ),
    _classifier(
        "google-bert/bert-base-chinese",
        _bert_base(21_128),
        {
            "config.json": 624,
            "model.safetensors": 412_000_000,
            "tokenizer.json": 269_000,
            "tokenizer_config.json": 49,
            "vocab.txt": 110_000,
        },
        # Its page states none; google-research/bert, where it comes from, is under Apache-2.0.
        "not stated",
        ("zh",),
        served=False,
        trainable=True,
    ),
)
