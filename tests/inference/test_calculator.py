"""Figures by hand, and as papers and model cards state them."""

import pytest

from inference import calculator
from inference.calculator import CARDS, PURPOSES, cards_needed, parts, typical
from inference.catalog import Catalog
from tests.inference.test_memory import TOY

B = 10**9
CATALOG = Catalog.load({})


def test_175_billion_weights_in_half_precision_are_350_gigabytes():
    for precision in ("float16", "bfloat16"):
        assert parts(typical(175 * B), "run", precision, 2_048, 1).weights == 350 * B
    assert parts(typical(175 * B), "run", "float32", 2_048, 1).weights == 700 * B


def test_a_typical_model_of_175_billion_is_built_like_gpt_3():
    """Brown et al. 2020, table 2.1: 96 layers of 12,288 in 96 heads of 128."""
    built = typical(175 * B)
    assert (built.hidden_size, built.attention_heads, built.head_size) == (12_288, 96, 128)
    assert built.layers == pytest.approx(96, abs=1)


def test_a_typical_model_of_8_billion_is_near_llama_3():
    """Its card: 32 layers of 4,096, 32 heads, of which 8 keep keys and values."""
    built = typical(8 * B)
    assert built.hidden_size == pytest.approx(4_096, rel=0.1)
    assert built.layers == pytest.approx(32, abs=3)
    assert built.kv_heads == 8


@pytest.mark.parametrize(("billions", "gigabytes"), [(1.5, 24), (7.5, 120)])
def test_training_all_weights_takes_16_bytes_each(billions, gigabytes):
    """Rajbhandari et al. 2020, sections 3.1 and 1: 24 GB for GPT-2, 120 GB for 7.5 B."""
    found = parts(typical(int(billions * B)), "full", "float16", 1_024, 1)
    states = found.weights + found.gradients + found.optimizer
    assert states == gigabytes * B
    in_32 = parts(typical(int(billions * B)), "full", "float32", 1_024, 1)
    assert in_32.weights + in_32.gradients + in_32.optimizer == gigabytes * B


def test_activations_are_34_bytes_a_token_layer_and_channel():
    """Korthikanti et al. 2022, table 2, and the scores of every token in float32, four times."""
    found = parts(TOY, "full", "float16", 5, 3)
    assert found.activations == 3 * 5 * (34 * 8 * 2 + 16 * 10)
    less = parts(TOY, "full", "float16", 5, 3, checkpointing=True)
    assert less.activations == 3 * 5 * (2 * 8 * 2 + 34 * 8 + 16 * 10)


def test_the_cache_of_qwen3_8b_at_its_whole_context():
    """Its card: 36 layers, 8 heads of 128 for keys and values, 32,768 tokens: 4.8 GB a text."""
    model = CATALOG.find("Qwen/Qwen3-8B").architecture
    found = parts(model, "run", "bfloat16", 32_768, 2)
    assert found.cache == 2 * 2 * 36 * 8 * 128 * 2 * 32_768 == 9_663_676_416
    assert found.weights == 2 * model.parameters == 16_381_470_720


def test_qlora_brings_65_billion_onto_one_card_of_48_gigabytes():
    """Dettmers et al. 2023, abstract: less than 48 GB instead of more than 780 GB."""
    small = parts(typical(65 * B), "qlora", "float16", 512, 1, checkpointing=True)
    whole = parts(typical(65 * B), "full", "float16", 512, 1, checkpointing=True)
    assert small.total < 48 * B and whole.total > 780 * B


def test_lora_trains_a_small_part_of_the_weights():
    """Hu et al. 2021, section 4.2: GPT-3 needs 350 GB instead of 1.2 TB and more."""
    built = typical(175 * B)
    found = parts(built, "lora", "float16", 512, 1, checkpointing=True)
    assert 350 * B <= found.weights < 360 * B
    assert found.optimizer == 2 * found.gradients < 0.01 * found.weights


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("model", CATALOG.models, ids=lambda it: it.id)
def test_every_model_for_every_purpose_has_a_memory(model, purpose):
    found = parts(model.architecture, purpose, "float16", 512, 2)
    assert min(getattr(found, name) for name in calculator.PARTS) >= 0
    assert found.total == sum(getattr(found, name) for name in calculator.PARTS) > 0


@pytest.mark.parametrize("parameters", [calculator.LEAST, 10**8, 10**9, 10**10, calculator.MOST])
def test_a_typical_model_of_any_size_has_parts_that_are_positive(parameters):
    for precision in ("float32", "int8", "int4"):
        assert parts(typical(parameters), "run", precision, 512, 1).weights > 0


def test_how_many_cards_it_takes():
    assert [cards_needed(n * B, 80 * B) for n in (1, 80, 81, 350)] == [1, 1, 2, 5]
    assert sorted(CARDS.values())[0] == 16 * B and max(CARDS.values()) == 96 * B
