"""Mini checkpoints of the published models: their files and settings, a few narrow layers.

Every one has the real architecture class, the file set and the fields of the published
repository, and seeded random weights. The tokenizers are the real ones where the folder of real
files is there (nlptown's 105,879 word pieces are not: bert-base-uncased's stand in), else tiny
ones of the same form. Left out: the vocab.json and merges.txt that Qwen publishes beside
tokenizer.json, files of other frameworks, and what model cards say.

Sources, read from pages of the Hub and of copies that name the original:
  Qwen3 files      https://huggingface.co/Qwen/Qwen3-0.6B/tree/main
  Qwen3 settings   https://qwen.readthedocs.io/en/latest/getting_started/quickstart.html
  BART settings    https://huggingface.co/ell11/my_summ/blame/main/config.json (bart-large-cnn),
                   https://huggingface.co/aparajitha/bart-large-cnn-ft-sci (generation_config.json),
                   https://huggingface.co/ksgr5566/bart-base (generation_config.json)
  distilbart files https://huggingface.co/manojpreveen/distilbart-cnn-v3 (a duplicate)
  textattack       https://huggingface.co/textattack/bert-base-uncased-SST-2/tree/main,
                   https://huggingface.co/helenai/textattack-bert-base-uncased-SST-2-ov (config)
  uer files        https://huggingface.co/uer/roberta-base-finetuned-jd-binary-chinese/tree/main
  nlptown          https://huggingface.co/Xenova/bert-base-multilingual-uncased-sentiment
  google-bert      https://huggingface.co/rayTest/bert-base-uncased (a duplicate)
"""

import functools
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import (
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    BartModel,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from inference.catalog import BUILTIN_FOLDER
from tests.inference import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"
State = dict[str, torch.Tensor]

# As published: how many weight files, and whether the tied output embeddings are among them.
QWEN_FILES = {
    "Qwen/Qwen3-0.6B": (1, True),
    "Qwen/Qwen3-1.7B": (2, True),
    "Qwen/Qwen3-4B-Instruct-2507": (3, False),
    "Qwen/Qwen3-8B": (5, True),
    "Qwen/Qwen3-14B": (8, True),
    "Qwen/Qwen3-32B": (17, True),
}
UNTIED = ("Qwen/Qwen3-8B", "Qwen/Qwen3-14B", "Qwen/Qwen3-32B")
INSTRUCT = "Qwen/Qwen3-4B-Instruct-2507"
# The published template of Instruct-2507 without its tools: it has no switch for thinking and
# leaves what an assistant said as it is.
INSTRUCT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)

BART_SEARCH = {"early_stopping": True, "no_repeat_ngram_size": 3, "num_beams": 4}
BART_LENGTHS = {"length_penalty": 2.0, "max_length": 142, "min_length": 56}
BART_TOKENS = {
    "bos_token_id": 0,
    "decoder_start_token_id": 2,
    "eos_token_id": 2,
    "forced_bos_token_id": 0,
    "forced_eos_token_id": 2,
    "pad_token_id": 1,
}
STARS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
JD = ("negative (stars 1, 2 and 3)", "positive (stars 4 and 5)")
BERT_TOKENIZER = {"do_lower_case": True, "model_max_length": 512}


class Minis:
    """All of them in a Hugging Face cache at `cache`; each is built when first asked for."""

    def __init__(self, folder: Path, data: Path | None) -> None:
        self.cache = folder / "hub"
        self.real = data is not None
        self._tokenizers = data / "tokenizers" if data else _tiny_tokenizers(folder / "tokenizers")

    @property
    def environ(self) -> dict[str, str]:
        """What `hub.locate` has to be told to find them."""
        return {"HF_HUB_CACHE": str(self.cache)}

    def folder(self, model_id: str) -> Path:
        """The snapshot of `model_id` in the cache."""
        repository = self.cache / f"models--{model_id.replace('/', '--')}"
        snapshot = repository / "snapshots" / COMMIT
        if not snapshot.is_dir():
            snapshot.mkdir(parents=True)
            torch.manual_seed(len(model_id))
            self._build(model_id, snapshot)
            (repository / "refs").mkdir()
            (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
        return snapshot

    def _build(self, model_id: str, folder: Path) -> None:
        if model_id in QWEN_FILES:
            self._qwen(model_id, folder)
        elif model_id in ("facebook/bart-large-cnn", "facebook/bart-base"):
            self._bart(folder, base=model_id == "facebook/bart-base")
        elif model_id == "sshleifer/distilbart-cnn-12-6":
            self._distilbart(folder)
        elif model_id == "textattack/bert-base-uncased-SST-2":
            self._classifier(folder, "bert-base-uncased", 30_522, (), BERT_TOKENIZER)
        elif model_id == "uer/roberta-base-finetuned-jd-binary-chinese":
            tokenizer = {"do_lower_case": False, "model_max_length": 512}
            self._classifier(folder, "bert-base-chinese", 21_128, JD, tokenizer)
        elif model_id == "nlptown/bert-base-multilingual-uncased-sentiment":
            self._classifier(folder, "bert-base-uncased", 105_879, STARS, BERT_TOKENIZER)
        elif model_id == "google-bert/bert-base-uncased":
            self._masked(folder, "bert-base-uncased", 30_522, BERT_TOKENIZER)
        elif model_id == "google-bert/bert-base-chinese":
            tokenizer = {"do_lower_case": False, "model_max_length": 512}
            self._masked(folder, "bert-base-chinese", 21_128, tokenizer)
        else:
            raise ValueError(f"no mini of {model_id}")

    def _qwen(self, model_id: str, folder: Path) -> None:
        source = self._tokenizers / "qwen3"
        (folder / "tokenizer.json").symlink_to(source / "tokenizer.json")
        shape = {
            "head_dim": 32,  # as in the small ones, more than hidden_size / heads
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_attention_heads": 2,
            "num_hidden_layers": 2,
            "num_key_value_heads": 1,
            "tie_word_embeddings": model_id not in UNTIED,
            "vocab_size": 151_936 if self.real else _added_tokens(source)[1],
        }
        config = qwen_files(folder, source, shape, instruct=model_id == INSTRUCT)
        files, output_too = QWEN_FILES[model_id]
        wider = Qwen3Config(**{**config, "initializer_range": 0.2})
        state = _state(Qwen3ForCausalLM(wider), torch.bfloat16)
        if not output_too:
            del state["lm_head.weight"]
        _save(folder, state, files)

    def _bart(self, folder: Path, base: bool) -> None:
        """bart-base is published as a bare BartModel, with its settings in config.json only."""
        source = self._tokenizers / "bart-large"
        for name in ("vocab.json", "merges.txt"):
            shutil.copyfile(source / name, folder / name)
        # Neither has a tokenizer_config.json.
        AutoTokenizer.from_pretrained(source).backend_tokenizer.save(str(folder / "tokenizer.json"))
        vocabulary = _bart_vocabulary(source)
        # The one fine-tuned for CNN has no row for <mask>, which its tokenizer knows.
        config = _bart_config(vocabulary if base else vocabulary - 1)
        if base:
            _write(folder / "config.json", config | BART_SEARCH | {"architectures": ["BartModel"]})
            _save(folder, _state(BartModel(_wide_bart(config))))
            return
        _write(folder / "config.json", config | BART_SEARCH | BART_LENGTHS | {"prefix": " "})
        generation = {"_from_model_config": True, **BART_TOKENS, **BART_SEARCH, **BART_LENGTHS}
        _write(folder / "generation_config.json", generation)
        _save(folder, _state(BartForConditionalGeneration(_wide_bart(config))))

    def _distilbart(self, folder: Path) -> None:
        """Settings in config.json only, and a tokenizer of two files."""
        source = self._tokenizers / "bart-large"
        for name in ("vocab.json", "merges.txt"):
            shutil.copyfile(source / name, folder / name)
        _write(folder / "tokenizer_config.json", {"model_max_length": 1_024})
        config = {**_bart_config(_bart_vocabulary(source) - 1), "decoder_layers": 1}
        more = {
            "extra_pos_embeddings": 2,
            "force_bos_token_to_be_generated": True,
            "prefix": " ",
            "static_position_embeddings": False,
            "task_specific_params": {"summarization": BART_SEARCH | BART_LENGTHS},
        }
        _write(folder / "config.json", config | BART_SEARCH | BART_LENGTHS | more)
        _save(folder, _state(BartForConditionalGeneration(_wide_bart(config))))

    def _classifier(
        self,
        folder: Path,
        tokenizer: str,
        vocabulary: int,
        labels: tuple[str, ...],
        settings: Mapping[str, Any],
    ) -> None:
        """vocab.txt only; without labels in its config it answers LABEL_0 and LABEL_1."""
        config = self._bert(folder, tokenizer, vocabulary, settings)
        config["architectures"] = ["BertForSequenceClassification"]
        if labels:
            config["id2label"] = {str(number): label for number, label in enumerate(labels)}
            config["label2id"] = {label: number for number, label in enumerate(labels)}
        _write(folder / "config.json", config)
        state = _state(BertForSequenceClassification(_wide_bert(config)))
        # A buffer that transformers saved in those years.
        state["bert.embeddings.position_ids"] = torch.arange(512).unsqueeze(0)
        _save(folder, state)

    def _masked(
        self, folder: Path, tokenizer: str, vocabulary: int, settings: Mapping[str, Any]
    ) -> None:
        """A base: with the heads of its pre-training, and the norms under their oldest names."""
        config = self._bert(folder, tokenizer, vocabulary, settings)
        config["architectures"] = ["BertForMaskedLM"]
        _write(folder / "config.json", config)
        backend = AutoTokenizer.from_pretrained(folder).backend_tokenizer
        backend.save(str(folder / "tokenizer.json"))
        model = BertForMaskedLM(_wide_bert(config))
        state = _state(model)
        state["bert.pooler.dense.weight"] = torch.randn(32, 32)
        state["bert.pooler.dense.bias"] = torch.randn(32)
        state["cls.seq_relationship.weight"] = torch.randn(2, 32)
        state["cls.seq_relationship.bias"] = torch.randn(2)
        for old, new in ((".weight", ".gamma"), (".bias", ".beta")):
            for name in [name for name in state if name.endswith(f"LayerNorm{old}")]:
                state[name.removesuffix(old) + new] = torch.rand_like(state.pop(name))
        _save(folder, state)

    def _bert(
        self, folder: Path, tokenizer: str, vocabulary: int, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        source = self._tokenizers / tokenizer / "vocab.txt"
        shutil.copyfile(source, folder / "vocab.txt")
        _write(folder / "tokenizer_config.json", settings)
        words = len(source.read_text(encoding="utf-8").splitlines())
        return {
            "attention_probs_dropout_prob": 0.1,
            "gradient_checkpointing": False,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": 32,
            "initializer_range": 0.02,
            "intermediate_size": 64,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": 512,
            "model_type": "bert",
            "num_attention_heads": 2,
            "num_hidden_layers": 2,
            "pad_token_id": 0,
            "type_vocab_size": 2,
            "vocab_size": vocabulary if self.real else words,
        }


def qwen_files(
    folder: Path, source: Path, shape: Mapping[str, Any], instruct: bool = False
) -> dict[str, Any]:
    """Write the JSON files of a Qwen3 of that shape, all but tokenizer.json; its config is given.

    `source` holds tokenizer.json and chat_template.jinja.
    """
    added, _ = _added_tokens(source)
    ids = {token["content"]: token["id"] for token in added}
    end_of_text, end_of_turn = ids["<|endoftext|>"], ids["<|im_end|>"]
    config = {
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_turn,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "max_position_embeddings": 262_144 if instruct else 40_960,
        "max_window_layers": shape["num_hidden_layers"],
        "model_type": "qwen3",
        "rms_norm_eps": 1e-06,
        "rope_scaling": None,
        "rope_theta": 5_000_000 if instruct else 1_000_000,
        "sliding_window": None,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.51.0",
        "use_cache": True,
        "use_sliding_window": False,
        **shape,
    }
    sampling = (0.7, 0.8) if instruct else (0.6, 0.95)
    generation = {
        "bos_token_id": end_of_text,
        "do_sample": True,
        "eos_token_id": [end_of_turn, end_of_text],
        "pad_token_id": end_of_text,
        "temperature": sampling[0],
        "top_k": 20,
        "top_p": sampling[1],
        "transformers_version": "4.51.0",
    }
    template = (source / "chat_template.jinja").read_text(encoding="utf-8")
    _write(folder / "config.json", config)
    _write(folder / "generation_config.json", generation)
    _write(folder / "tokenizer_config.json", _qwen_tokenizer(added, instruct, template))
    return config


@functools.cache
def _added_tokens(source: Path) -> tuple[list[dict[str, Any]], int]:
    """The added tokens of a tokenizer.json, and how many tokens it has in all."""
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    added = tokenizer["added_tokens"]
    known = set(tokenizer["model"]["vocab"]) | {token["content"] for token in added}
    return added, len(known)


def _qwen_tokenizer(
    added: Sequence[Mapping[str, Any]], instruct: bool, template: str
) -> dict[str, Any]:
    known = {str(it["id"]): {key: it[key] for key in it if key != "id"} for it in added}
    return {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": known,
        "bos_token": None,
        "chat_template": INSTRUCT_TEMPLATE if instruct else template,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 1_010_000 if instruct else 131_072,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }


def _bart_config(vocabulary: int) -> dict[str, Any]:
    return {
        "_num_labels": 3,
        "activation_function": "gelu",
        "add_final_layer_norm": False,
        "architectures": ["BartForConditionalGeneration"],
        "d_model": 32,
        "decoder_attention_heads": 2,
        "decoder_ffn_dim": 64,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 64,
        "encoder_layers": 2,
        "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
        "init_std": 0.02,
        "is_encoder_decoder": True,
        "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
        "max_position_embeddings": 1_024,
        "model_type": "bart",
        "normalize_before": False,
        "normalize_embedding": True,
        "num_hidden_layers": 2,
        "scale_embedding": False,
        "use_cache": True,
        "vocab_size": vocabulary,
        **BART_TOKENS,
    }


def _bart_vocabulary(source: Path) -> int:
    return len(json.loads((source / "vocab.json").read_text(encoding="utf-8")))


def _wide_bart(config: Mapping[str, Any]) -> BartConfig:
    """Wide enough that different texts give different words."""
    return BartConfig(**{**config, "init_std": 0.5})


def _wide_bert(config: Mapping[str, Any]) -> BertConfig:
    return BertConfig(**{**config, "initializer_range": 0.5})


def _state(model: PreTrainedModel, dtype: torch.dtype = torch.float32) -> State:
    return {name: weight.to(dtype).clone() for name, weight in model.state_dict().items()}


def _save(folder: Path, state: State, files: int = 1) -> None:
    if files == 1:
        save_file(state, folder / "model.safetensors", {"format": "pt"})
        return
    names = sorted(state)
    places = {}
    for number in range(files):
        file = f"model-{number + 1:05}-of-{files:05}.safetensors"
        part = names[number::files]
        save_file({name: state[name] for name in part}, folder / file, {"format": "pt"})
        places |= dict.fromkeys(part, file)
    size = sum(weight.numel() * weight.element_size() for weight in state.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    _write(folder / "model.safetensors.index.json", index)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")


def _tiny_tokenizers(folder: Path) -> Path:
    """The same four folders of files as the real ones, from a few bytes of text."""
    for name in ("qwen3", "bart-large", "bert-base-uncased", "bert-base-chinese"):
        (folder / name).mkdir(parents=True)
    qwen = tiny.bytes_tokenizer(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    qwen.add_tokens(["<think>", "</think>"])
    qwen.save(str(folder / "qwen3" / "tokenizer.json"))
    template = BUILTIN_FOLDER / "chat" / "chat_template.jinja"
    shutil.copyfile(template, folder / "qwen3" / "chat_template.jinja")
    bart = tiny.bytes_tokenizer(["<s>", "<pad>", "</s>", "<unk>"])
    bart.model.save(str(folder / "bart-large"))
    vocabulary = bart.get_vocab() | {"<mask>": bart.get_vocab_size()}
    _write(folder / "bart-large" / "vocab.json", vocabulary)
    _write(folder / "bart-large" / "tokenizer_config.json", {"tokenizer_class": "BartTokenizer"})
    letters = sorted(set("".join(tiny.TEXT).lower() + "abcdefghijklmnopqrstuvwxyz") - {" "})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{x}" for x in letters)]
    for name in ("bert-base-uncased", "bert-base-chinese"):
        (folder / name / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    return folder
