"""Pseudo-summaries: which sentence is chosen, and where each target token comes from."""

import random

import pytest

from finetune.pretrain import choosing, exchanging
from finetune.pretrain import passages as drawn
from finetune.pretrain.passages import Passages
from finetune.pretrain.text_styles import cue_styles
from finetune.pretrain.vocabularies import summary_tokenizer

ENGLISH = (
    "The cat sat on the mat in the old house. A dog ran by and saw nobody at all. "
    "The cat saw the dog and the mat in the house. Rain fell on us the whole day long. "
) * 4
CHINESE = (
    "天下大事分久必合。合久必分的道理人人知道。小猫坐在屋里的地毯上。大雨下了整整一天一夜。" * 4
)


@pytest.fixture(scope="module")
def tokenizer():
    return summary_tokenizer([ENGLISH, ENGLISH.lower(), CHINESE], 4500, 128)


@pytest.fixture
def passages(tokenizer):
    return Passages([("en", ENGLISH)], tokenizer, random.Random(3))


def lead(passages, longest):
    """From which sentence on, and how many, full passages without cues have as a target."""
    pairs = [pair for _ in range(40) if len((pair := passages.summary(longest)).passage) == longest]
    assert pairs
    return {
        (pair.starts.index(pair.source[0]), sum(start in pair.source for start in pair.starts))
        for pair in pairs
    }


@pytest.fixture
def plain(monkeypatch):
    """Nothing that changes the sentences of a passage."""
    monkeypatch.setattr(exchanging, "EXCHANGED", 0)
    for share in ("JOINED", "PLANTED", "CUED", "BROKEN", "TERMS"):
        monkeypatch.setattr(drawn, share, 0)


@pytest.mark.parametrize("full", [1000, 80])
def test_an_english_passage_is_summarized_by_how_it_begins(plain, passages, monkeypatch, full):
    monkeypatch.setattr(choosing, "FULL_PASSAGE", full)
    assert lead(passages, 80) == {(0, 2 if full == 80 else 1)}


@pytest.mark.parametrize(("longest", "first"), [(1000, True), (0, False)])
def test_a_short_chinese_passage_is_summarized_by_its_first_sentence(
    plain, tokenizer, monkeypatch, longest, first
):
    monkeypatch.setattr(choosing, "SHORT_PASSAGE", longest)
    chinese = Passages([("zh", CHINESE)], tokenizer, random.Random(3))
    assert (lead(chinese, 80) == {(0, 1)}) is first


def test_terms_stand_in_several_sentences_and_end_none(passages):
    apart = [[20 * n + k for k in range(12)] for n in range(1, 4)]
    for _ in range(20):
        found = passages._with_terms(apart)
        assert [(made[0], made[-1]) for made in found] == [(it[0], it[-1]) for it in apart]
        elsewhere = [i for n, made in enumerate(found) for i in made if i not in apart[n]]
        assert len(elsewhere) >= drawn.TERM[0]
        assert not {it[-1] for it in apart}.intersection(elsewhere)


def test_the_first_sentence_with_a_cue_is_chosen(plain, tokenizer, monkeypatch):
    monkeypatch.setattr(drawn, "CUED", 1)
    for language, text in (("en", ENGLISH), ("zh", CHINESE)):
        passages = Passages([(language, text)], tokenizer, random.Random(3))
        cues = [
            found.strip()
            for phrase in choosing.CUES[language]
            for found in cue_styles(phrase, language)
        ]
        for _ in range(20):
            pair = passages.summary(80)
            before = tokenizer.decode(pair.passage[: pair.source[0]])
            assert any(cue in tokenizer.decode(pair.target) for cue in cues)
            assert not any(cue in before for cue in cues)


def test_planted_words_make_a_sentence_share_more(passages):
    taken = [[k * 10 + n for n in range(10)] for k in range(5)]
    passages.rarity.update({i: 1.0 for sentence in taken for i in sentence})
    planted = passages._planted(taken)
    assert [len(sentence) for sentence in planted] == [10] * 5
    unchanged = {k for k in range(5) if planted[k] == taken[k]}
    (chosen,) = {i // 10 for k in range(5) for i in planted[k] if i // 10 != k}
    assert chosen in unchanged


def test_a_target_is_copied_from_where_it_says(passages):
    for _ in range(50):
        pair = passages.summary(80)
        assert pair.target == [pair.passage[k] for k in pair.source]
        # Places follow one another: whole sentences from one of the beginnings on.
        assert pair.source == list(range(pair.source[0], pair.source[-1] + 1))
        assert pair.source[0] in pair.starts
        assert len(pair.starts) == len(pair.wanted)
        assert sum(pair.wanted) == pytest.approx(1)


def test_a_cut_off_sentence_deserves_nothing(passages, monkeypatch):
    monkeypatch.setattr(drawn, "CUT_OFF", 1.0)
    pairs = [passages.summary(50) for _ in range(20)]
    cut = [pair for pair in pairs if pair.wanted[-1] == 0 and len(pair.passage) == 50]
    assert cut
    assert all(pair.source[-1] < pair.starts[-1] for pair in cut)
