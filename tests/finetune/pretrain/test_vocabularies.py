"""The sentiment model's vocabulary: the same each time, and of the commonest characters."""

from finetune.pretrain.vocabularies import BERT_TOKENS, sentiment_tokenizer

# Forty characters and forty pairs of letters, all equally common: only some find room.
TIED = [f"{chr(0x4E00 + n)} {'abcdefgh'[n % 8]}{'qrstu'[n // 8]}" for n in range(40)]


def test_ties_fall_the_same_way_each_time():
    vocabularies = [sentiment_tokenizer(TIED * 2, 60, 16).get_vocab() for _ in range(5)]
    assert all(vocabulary == vocabularies[0] for vocabulary in vocabularies)


def test_special_tokens_come_first_and_characters_inside_words_are_pieces():
    tokenizer = sentiment_tokenizer(["Good good GOOD 好好"] * 3, 60, 16)
    assert tuple(tokenizer.convert_ids_to_tokens(range(5))) == BERT_TOKENS
    assert {"##o", "##d", "g", "good", "好"} <= set(tokenizer.get_vocab())
    assert "##好" not in tokenizer.get_vocab()
