import pickle

import pytest

from inference import errors


def _all(kind):
    for child in kind.__subclasses__():
        yield child
        yield from _all(child)


@pytest.mark.parametrize("kind", sorted(set(_all(errors.LabError)), key=lambda it: it.__name__))
def test_every_error_with_values_has_a_sentence_and_one_without_is_a_group(kind):
    # Those who have children only group them.
    assert bool(kind.sentence) != bool(kind.__subclasses__())


def test_an_error_survives_pickling_with_its_values():
    copy = pickle.loads(pickle.dumps(errors.TextTooLong(length=5000, limit=4)))
    assert type(copy) is errors.TextTooLong
    assert copy.values == {"length": 5000, "limit": 4}
    assert "5,000 characters" in str(copy)


def test_the_code_is_the_name_in_snake_case():
    assert errors.ModelDoesNotFit.code() == "model_does_not_fit"
