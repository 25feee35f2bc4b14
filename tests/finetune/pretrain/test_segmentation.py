"""Where sentences of papers and transcripts end."""

from finetune.pretrain.segmentation import is_ended, sentences


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
