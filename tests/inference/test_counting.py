from inference.catalog import BUILTIN_FOLDER
from inference.counting import AT_ONCE, counter
from inference.loading import load_tokenizer


def test_it_counts_as_the_tokenizer_does_with_special_tokens_as_text():
    folder = BUILTIN_FOLDER / "summary"
    texts = ["Hello there.", "", "<mask> </s> 一个模型", "x " * 2_000] * (AT_ONCE // 3)
    encoded = load_tokenizer(folder)(texts, add_special_tokens=False, split_special_tokens=True)
    assert counter(folder)(texts) == [len(ids) for ids in encoded["input_ids"]]
