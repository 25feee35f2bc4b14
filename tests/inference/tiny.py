"""Tiny untrained models of the real architectures, saved as a folder each, for the tests."""

import json
import warnings
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

TEXT = [
    "The quick brown fox jumps over the lazy dog. Was it a good day? It was.",
    "一个模型有很多参数。今天天气很好，我们去公园散步吧！",
]
# The parts of the Qwen3 chat format the app relies on.
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def chat(folder: Path, context: int = 2_048, size: int = 32) -> Path:
    tokenizer = bytes_tokenizer(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens(["<think>", "</think>"])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(fast),
        hidden_size=size,
        intermediate_size=2 * size,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=context,
        tie_word_embeddings=False,
        eos_token_id=fast.convert_tokens_to_ids("<|im_end|>"),
    )
    return _save(folder, Qwen3ForCausalLM(config), fast)


def summary(folder: Path, context: int = 64) -> Path:
    tokenizer = bytes_tokenizer(["<s>", "<pad>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=len(fast),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_position_embeddings=context,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_eos_token_id=2,
    )
    return _save(folder, BartForConditionalGeneration(config), fast)


def classifier(folder: Path, labels: tuple[str, ...] = ("negative", "positive")) -> Path:
    tokenizer = bytes_tokenizer(["[PAD]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(fast),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        initializer_range=0.5,  # so that different texts score differently
    )
    return _save(folder, BertForSequenceClassification(config), fast)


def headless(folder: Path) -> Path:
    """A BERT as it is pre-trained: it guesses words, and has no classifier."""
    classifier(folder)
    body = BertForMaskedLM(BertConfig.from_pretrained(folder))
    body.save_pretrained(folder)
    return folder


def adapter(folder: Path, base: Path, task: str, record: dict) -> Path:
    """An untrained LoRA adapter (which changes nothing) with its lab.json."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSequenceClassification

    from inference import hub

    kinds = {"chat": (Qwen3ForCausalLM, "CAUSAL_LM")}
    kinds["classification"] = (AutoModelForSequenceClassification, "SEQ_CLS")
    kinds["summarization"] = (BartForConditionalGeneration, "SEQ_2_SEQ_LM")
    kind, peft_task = kinds[task]
    head = {"num_labels": len(record["labels"])} if record.get("labels") else {}
    model = kind.from_pretrained(base, ignore_mismatched_sizes=True, **head)
    with warnings.catch_warnings():
        # peft asks transformers under the old name.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`")
        lora = LoraConfig(task_type=peft_task, r=2, target_modules="all-linear")
        tuned = get_peft_model(model, lora)
    tuned.save_pretrained(folder)
    known = {"task": task, "base": "tiny/base", "base_config_sha256": hub.config_hash(base)}
    known["base_revision"] = hub.revision(base)
    (folder / "lab.json").write_text(json.dumps({**known, **record}), encoding="utf-8")
    return folder


def bytes_tokenizer(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def _save(folder: Path, model, tokenizer) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
