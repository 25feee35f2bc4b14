"""Where sentences of papers and transcripts end."""

from finetune.pretrain.segmentation import ending_tokens, is_ended, sentences
from finetune.pretrain.vocabularies import summary_tokenizer


def test_sentences_are_the_text_again_when_joined():
    text = "Mr. Bennet left. He said: “Go!” 好。走吧！"
    assert sentences(text) == ["Mr. Bennet left. ", "He said: “Go!” ", "好。", "走吧！"]
    assert "".join(sentences(text)) == text


def test_half_width_stops_end_sentences_between_chinese_characters():
    assert sentences("饲料有两类.在养殖中;结果为3.5%.共２．５克．完") == [
        "饲料有两类.",
        "在养殖中;",
        "结果为3.5%.",
        "共２．５克．",
        "完",
    ]


def test_a_sentence_ends_in_a_mark_and_what_closes_it():
    assert all(map(is_ended, ["Yes.", "“走吧！”", "好. ", "(Really?)"]))
    assert not any(map(is_ended, ["Yes", "3.5", ""]))


def test_tokens_that_end_a_sentence_or_close_its_quotation_marks():
    tokenizer = summary_tokenizer(["He said: “Go!” 走吧。"], 4500, 128)
    ends = {text for i in ending_tokens(tokenizer) if (text := tokenizer.decode([i])).isascii()}
    assert ends >= {".", "!", "?", ";"}
    assert not ends & {",", ":", '"', "'", "a"}
