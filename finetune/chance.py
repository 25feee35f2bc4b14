"""The random states a training depends on, as a checkpoint holds them."""

import random
from collections.abc import Mapping
from typing import Any

import numpy
import torch


def chance_now() -> dict[str, Any]:
    """Every random state that a checkpoint holds."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": numpy.random.get_state(),
        "torch": torch.get_rng_state(),
        "cuda": cuda,
    }


def set_chance(chance: Mapping[str, Any]) -> None:
    """Draw from here on what would have been drawn when `chance` was taken."""
    random.setstate(chance["python"])
    numpy.random.set_state(chance["numpy"])
    torch.set_rng_state(chance["torch"])
    if chance["cuda"]:
        torch.cuda.set_rng_state_all(chance["cuda"])
