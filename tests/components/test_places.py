import pytest

from components._places import PLACES, largest, places
from inference.catalog import Catalog

CATALOG = Catalog.load({})


def test_every_place_is_told_in_both_languages():
    for language in ("en", "zh"):
        rows = places(CATALOG, language)["data"]
        assert len(rows) == len(PLACES) and all(all(row) for row in rows)


@pytest.mark.parametrize(
    ("place", "runs", "trains"),
    [
        ("own", None, None),
        # 4 bytes a weight on a processor: 7 GB for 1.7 B, 16 GB for 4 B
        ("space_cpu", "Qwen/Qwen3-1.7B", None),
        # 2 bytes a weight: 8 GB for 4 B, 16 GB for 8 B
        ("colab", "Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-8B"),
        ("pai", "Qwen/Qwen3-8B", "Qwen/Qwen3-14B"),
        ("zero_gpu", "Qwen/Qwen3-14B", "Qwen/Qwen3-32B"),
        ("space_gpu", "Qwen/Qwen3-32B", "Qwen/Qwen3-32B"),
    ],
)
def test_the_largest_model_of_a_place_follows_from_its_memory(place, runs, trains):
    assert (largest(CATALOG, place, "run"), largest(CATALOG, place, "qlora")) == (runs, trains)
