import pytest

from inference import summary_lengths
from inference.catalog import BUILTIN_FOLDER
from inference.errors import ModelBroken
from inference.pool import shared
from inference.records import SUMMARY_LENGTHS, Choice
from inference.summary_lengths import asked_tokens, bounds, chat_bounds, section_tokens

CNN, DISTILBART = "facebook/bart-large-cnn", "sshleifer/distilbart-cnn-12-6"


@pytest.mark.parametrize("model_id", [CNN, DISTILBART, "facebook/bart-base"])
def test_the_published_lengths_are_those_transformers_reads(model_id, minis):
    """distilbart has them in config.json alone, and bart-base has none."""
    folder = minis.folder(model_id)
    with shared().borrow(Choice(folder), "summarization") as loaded:
        known = loaded.model.generation_config
    assert summary_lengths._published(folder) == (known.max_length, known.min_length or 0)


def test_medium_is_what_the_checkpoint_says_of_itself(minis):
    folder = minis.folder(CNN)
    found = [bounds(folder, length, section_tokens(folder)) for length in SUMMARY_LENGTHS]
    assert found == [(28, 71), (56, 142), (84, 213)]


def test_longer_is_longer_for_every_kind_of_model():
    folder = BUILTIN_FOLDER / "summary"
    for rule in (chat_bounds, lambda length: bounds(folder, length, section_tokens(folder))):
        most = [rule(length)[1] for length in SUMMARY_LENGTHS]
        assert most == sorted(set(most))


def test_a_chat_model_is_asked_for_less_than_the_text_has_and_than_it_is_cut_off_at():
    for length in SUMMARY_LENGTHS:
        assert asked_tokens(length, 60) < 60
        assert asked_tokens(length, 10**6) < chat_bounds(length)[1]


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_a_damaged_config_is_a_broken_model(content, tmp_path):
    if content:
        (tmp_path / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelBroken):
        section_tokens(tmp_path)
