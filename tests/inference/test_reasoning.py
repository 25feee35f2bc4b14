import pytest

from inference.reasoning import split_reasoning


@pytest.mark.parametrize(
    ("text", "inside", "expected"),
    [
        ("plain answer", False, ("plain answer", "")),
        ("<think>\nwhy\n</think>\n\nso", False, ("so", "why")),
        ("<think>\nstill at it", False, ("", "still at it")),
        ("<thi", False, ("", "")),
        ("why</think>so", True, ("so", "why")),
        ("still at it", True, ("", "still at it")),
        ("5 < 6 and <think> is a tag", False, ("5 < 6 and <think> is a tag", "")),
    ],
)
def test_reasoning_is_kept_apart(text, inside, expected):
    assert split_reasoning(text, inside) == expected
