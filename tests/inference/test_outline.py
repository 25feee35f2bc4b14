"""Sections, levels and what is told of them, with writers whose summaries are known."""

import pytest

from inference import outline
from inference.outline import Written, summaries
from inference.records import Section


class Words:
    """Counts words; `summarise` makes a summary of each text, `batch` of them at a time."""

    def __init__(self, summarise, limit=20, goal=20, batch=3):
        self.limit, self.goal, self.batch = limit, goal, batch
        self.summarise = summarise
        self.seen = []

    def count(self, texts):
        return [len(text.split()) for text in texts]

    def write(self, texts, again):
        for start in range(0, len(texts), self.batch):
            batch = texts[start : start + self.batch]
            yield Written({start: "so far"}, whole=False)
            self.seen += [(text, again) for text in batch]
            found = (self.summarise(text) for text in batch)
            yield Written(dict(enumerate(found, start=start)), whole=True)


def first_sentence(text):
    return text.split(". ")[0].rstrip(".") + "."


TEXT = " ".join(f"Point {number} matters here. It is so because it is." for number in range(12))


def test_sections_are_joined_and_summarised_again_while_they_fill_more_than_one():
    writer = Words(first_sentence)
    last = list(summaries(TEXT, writer))[-1]
    assert last.sections_done == last.sections_total == len(writer.seen)
    assert len(last.text.split()) <= 20
    assert last.text.startswith("Point 0 matters here. Point ")
    assert [again for _, again in writer.seen] == sorted(again for _, again in writer.seen)


def test_the_outline_holds_the_sections_of_the_text_and_what_became_of_each():
    writer = Words(first_sentence)
    records = list(summaries(TEXT, writer))
    places = [(it.start, it.end) for it in records[0].outline]
    for record in records:
        assert [(it.start, it.end) for it in record.outline] == places
        assert sum(bool(it.summary) for it in record.outline) == min(
            record.sections_done, len(places)
        )
    for it in records[-1].outline:
        assert it.summary == first_sentence(TEXT[it.start : it.end])


def test_it_tells_after_every_batch_and_not_of_every_piece():
    writer = Words(first_sentence, goal=1_000)
    done = [record.sections_done for record in summaries(TEXT, writer)]
    total = len(writer.seen)
    assert done == [0, *range(3, total, 3), total, total]


def test_a_reader_is_told_at_least_every_heartbeat(monkeypatch):
    monkeypatch.setattr(outline, "HEARTBEAT_SECONDS", 0.0)
    records = list(summaries(TEXT, Words(first_sentence, goal=1_000)))
    assert [it.text for it in records[:2]] == ["", "so far"]
    assert not any(it.summary for it in records[1].outline)


def test_while_summaries_are_summarised_again_the_text_stays_one_of_the_whole():
    writer = Words(first_sentence, goal=4, batch=1)
    records = list(summaries(TEXT, writer))
    level = len(records[0].outline)
    second = next(it for it in records if it.sections_done == level + 1)
    assert second.sections_total > level + 1
    assert second.text.startswith("Point 0 matters here. ")
    assert second.text.endswith(records[-1].outline[-1].summary)
    assert records[-1].text == "Point 0 matters here."


def test_a_model_that_does_not_shorten_ends_all_the_same():
    last = list(summaries(TEXT, Words(lambda text: text)))[-1]
    assert last.text == TEXT
    assert last.sections_done == last.sections_total


@pytest.mark.parametrize("answer", ["", "  "])
def test_a_model_that_says_nothing_ends_all_the_same(answer):
    last = list(summaries(TEXT, Words(lambda text: answer)))[-1]
    assert (last.text, last.sections_done) == ("", last.sections_total)


@pytest.mark.parametrize(
    ("text", "expected"), [("Hi", [Section(0, 2, "Hi.")]), ("  Hi \n", [Section(2, 4, "Hi.")])]
)
def test_a_text_of_one_word_is_one_section(text, expected):
    last = list(summaries(text, Words(first_sentence)))[-1]
    assert (last.text, last.sections_done, list(last.outline)) == ("Hi.", 1, expected)


def test_a_blank_text_has_no_section():
    (only,) = summaries(" \n ", Words(first_sentence))
    assert (only.text, only.sections_done, only.sections_total, only.outline) == ("", 0, 0, ())


def test_closing_it_closes_the_writer():
    closed = []

    class Endless(Words):
        def write(self, texts, again):
            try:
                while True:
                    yield Written({0: "a"}, whole=True)
            finally:
                closed.append(True)

    stream = summaries(TEXT, Endless(first_sentence))
    assert next(stream).text == ""
    assert next(stream).text == "a"
    stream.close()
    assert closed == [True]
