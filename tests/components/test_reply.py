"""A reply as the page shows it."""

from components import _reply
from components._conversation import apart, said
from inference.records import Chunk

FIGURES = {"tokens": 12, "seconds_to_first_token": 0.2, "tokens_per_second": 45.0}


def test_thoughts_are_a_block_of_their_own_and_open_while_they_are_written():
    (thought,) = _reply.turns(Chunk("", reasoning="hm", **FIGURES), "en")
    assert thought["metadata"] == {"title": "Thinking…", "status": "pending"}
    thought, answer = _reply.turns(Chunk("so", reasoning="hm", **FIGURES), "en")
    assert thought["metadata"]["status"] == "done"
    assert answer == {"role": "assistant", "content": "so"}


def test_a_reply_that_is_over_has_its_figures_below_and_no_model_reads_them():
    chunk = Chunk(
        "so",
        finish_reason="stop",
        dropped_turns=2,
        prompt_tokens=100,
        reused_tokens=80,
        context=2_048,
        **FIGURES,
    )
    turns = _reply.turns(chunk, "en")
    assert [apart(turn) for turn in turns] == [False, True]
    assert said(turns) == [{"role": "assistant", "content": "so"}]
    assert "12 tokens" in turns[-1]["metadata"]["title"]
    assert "112 of 2,048" in turns[-1]["content"] and "80" in turns[-1]["content"]
    assert "2 oldest" in turns[-1]["metadata"]["title"]
