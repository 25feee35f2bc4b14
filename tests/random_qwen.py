"""A Qwen3-0.6B of the true shape with random weights, to see the app at work without a download.

    python -m tests.random_qwen DIR [--tokenizer DIR]
    LAB_MODELS=DIR python app.py

Writes DIR/Qwen/Qwen3-0.6B: 596,049,920 parameters in bfloat16 (1.2 GB) from a fixed seed, and the
published files around them. What it says is noise; how it loads, how much memory it takes and how
fast it streams are those of the real one. The tokenizer is the real Qwen3's, a folder with
tokenizer.json and chat_template.jinja; by default that of `LAB_TEST_DATA`.
"""

import argparse
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Qwen3Config, Qwen3ForCausalLM

from tests.inference.minis import qwen_files

# https://huggingface.co/Qwen/Qwen3-0.6B/blob/main/config.json
SHAPE = {
    "head_dim": 128,
    "hidden_size": 1_024,
    "intermediate_size": 3_072,
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "tie_word_embeddings": True,
    "vocab_size": 151_936,
}
PARAMETERS = 596_049_920


def write(folder: Path, tokenizer: Path) -> int:
    """Fill `folder`; returns the number of parameters."""
    folder.mkdir(parents=True)
    shutil.copyfile(tokenizer / "tokenizer.json", folder / "tokenizer.json")
    config = qwen_files(folder, tokenizer, SHAPE)
    with torch.device("meta"):
        model = Qwen3ForCausalLM(Qwen3Config(**config))
    noise = torch.Generator().manual_seed(0)
    state = {}
    for name, shaped in model.named_parameters():  # each tied weight once
        weight = torch.ones(shaped.shape, dtype=torch.bfloat16)
        if not name.endswith("norm.weight"):
            weight.normal_(0, config["initializer_range"], generator=noise)
        state[name] = weight
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    return sum(weight.numel() for weight in state.values())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.random_qwen", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--tokenizer", metavar="DIR", type=Path)
    arguments = parser.parse_args()
    data = os.environ.get("LAB_TEST_DATA")
    tokenizer = arguments.tokenizer or (Path(data) / "tokenizers" / "qwen3" if data else None)
    if tokenizer is None or not (tokenizer / "tokenizer.json").is_file():
        parser.error("no tokenizer: give --tokenizer or set LAB_TEST_DATA")
    folder = arguments.folder / "Qwen" / "Qwen3-0.6B"
    if folder.exists():
        parser.error(f"{folder} is there already")
    parameters = write(folder, tokenizer)
    assert parameters == PARAMETERS, parameters
    print(f"{folder}: {parameters:,} parameters")


if __name__ == "__main__":
    main()
