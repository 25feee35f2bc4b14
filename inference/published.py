"""The published models of the catalogue: what their own config.json and file lists say.

One entry a model: the arguments of `catalog.Model`, with the architecture as the few lines of
the model's config.json that `catalog.architecture_of` reads. Sources: the model pages on
huggingface.co. A size is that of the weights in the format the app loads, plus the tokenizer.
"""

from typing import Any


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


def _chat(name: str, size: int, config: dict[str, Any], *, thinking: bool = True) -> dict[str, Any]:
    return {
        "id": f"Qwen/{name}",
        "title": name,
        "task": "chat",
        "config": config,
        "licence": "Apache-2.0",
        "languages": ("en", "zh"),
        "download_bytes": size,
        "dtype_bytes": 2,
        "thinking": thinking,
        "trainable": True,
    }


def _classifier(
    model_id: str,
    config: dict[str, Any],
    size: int,
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
        "download_bytes": size,
        "dtype_bytes": 4,
        **more,
    }


def _summarizer(
    model_id: str, config: dict[str, Any], size: int, licence: str, **more: Any
) -> dict[str, Any]:
    return {
        "id": model_id,
        "title": model_id.partition("/")[2],
        "task": "summarization",
        "config": config,
        "licence": licence,
        "languages": ("en",),
        "download_bytes": size,
        "dtype_bytes": 4,
        **more,
    }


PUBLISHED: tuple[dict[str, Any], ...] = (
    # 0.6B and 1.7B are published with the tied output embeddings stored a second time.
    _chat("Qwen3-0.6B", 1_519_000_000, _qwen3(1_024, 3_072, 28, 16, tied=True)),
    _chat("Qwen3-1.7B", 4_080_000_000, _qwen3(2_048, 6_144, 28, 16, tied=True)),
    _chat(
        "Qwen3-4B-Instruct-2507",
        8_061_000_000,
        _qwen3(2_560, 9_728, 36, 32, tied=True, context=262_144),
        thinking=False,
    ),
    _chat("Qwen3-8B", 16_397_000_000, _qwen3(4_096, 12_288, 36, 32, tied=False)),
    _chat("Qwen3-14B", 29_553_000_000, _qwen3(5_120, 17_408, 40, 40, tied=False)),
    _chat("Qwen3-32B", 65_540_000_000, _qwen3(5_120, 25_600, 64, 64, tied=False)),
    _summarizer(
        "facebook/bart-large-cnn",
        _bart(1_024, 12, 12, 50_264),
        1_627_000_000,
        "MIT",
        trainable=True,
    ),
    _summarizer(
        "sshleifer/distilbart-cnn-12-6", _bart(1_024, 12, 6, 50_264), 1_224_000_000, "Apache-2.0"
    ),
    _summarizer(
        "facebook/bart-base",
        _bart(768, 6, 6, 50_265),
        560_000_000,
        "Apache-2.0",
        served=False,
        trainable=True,
    ),
    _classifier(
        "textattack/bert-base-uncased-SST-2",
        _bert_base(30_522),
        438_000_000,
        "not stated",
        ("en",),
        labels=("negative", "positive"),
    ),
    _classifier(
        "uer/roberta-base-finetuned-jd-binary-chinese",
        _bert_base(21_128),
        409_000_000,
        "not stated",
        ("zh",),
        labels=("negative", "positive"),
    ),
    _classifier(
        "nlptown/bert-base-multilingual-uncased-sentiment",
        _bert_base(105_879, labels=5),
        671_000_000,
        "MIT",
        ("en", "nl", "de", "fr", "it", "es"),
        labels=("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
    ),
    _classifier(
        "google-bert/bert-base-uncased",
        _bert_base(30_522),
        441_000_000,
        "Apache-2.0",
        ("en",),
        served=False,
        trainable=True,
    ),
    _classifier(
        "google-bert/bert-base-chinese",
        _bert_base(21_128),
        412_000_000,
        "Apache-2.0",
        ("zh",),
        served=False,
        trainable=True,
    ),
)
