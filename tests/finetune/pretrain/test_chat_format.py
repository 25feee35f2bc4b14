"""The chat tokenizer and the Qwen3 chat format."""

import pytest

from finetune.pretrain.vocabularies import CHAT_TOKENS, MARKS, chat_tokenizer

USER = {"role": "user", "content": "hi"}
REPLY = {"role": "assistant", "content": "yes"}


@pytest.fixture(scope="module")
def tokenizer():
    return chat_tokenizer(["system user assistant hi yes no"] * 2000, 4700, 256)


def render(tokenizer, messages, **options):
    return tokenizer.apply_chat_template(messages, tokenize=False, **options)


def test_special_tokens_are_single_and_come_first(tokenizer):
    assert tokenizer.convert_tokens_to_ids(list(CHAT_TOKENS)) == list(range(len(CHAT_TOKENS)))
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token == "<|endoftext|>"


def test_the_marks_of_a_thought_are_single_tokens_and_stay_in_the_text(tokenizer):
    ids = [tokenizer.convert_tokens_to_ids(mark) for mark in MARKS]
    assert len(set(ids)) == len(MARKS) and max(ids) == len(tokenizer) - 1
    assert tokenizer("<think>").input_ids == [tokenizer.convert_tokens_to_ids("<think>")]
    reply = tokenizer("<think>\nhm\n</think>\n\nno<|im_end|>").input_ids
    assert tokenizer.decode(reply, skip_special_tokens=True) == "<think>\nhm\n</think>\n\nno"


def test_a_common_chinese_character_is_one_token_and_any_text_survives(tokenizer):
    assert len(tokenizer("微调模型").input_ids) == 4
    for text in ("  two  spaces\n\nline", "龘🙂é\u200b", "a<|im_start|>b"):
        assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_a_question_with_the_empty_think_block(tokenizer):
    prompt = render(tokenizer, [USER], add_generation_prompt=True, enable_thinking=False)
    assert prompt == (
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    thinking = render(tokenizer, [USER], add_generation_prompt=True, enable_thinking=True)
    assert thinking == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


def test_earlier_thinking_is_left_out_and_the_last_reply_gets_its_block(tokenizer):
    messages = [
        {"role": "system", "content": "be brief"},
        USER,
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nno"},
        USER,
        REPLY,
    ]
    assert render(tokenizer, messages) == (
        "<|im_start|>system\nbe brief<|im_end|>\n"
        "<|im_start|>user\nhi<|im_end|>\n"
        "<|im_start|>assistant\nno<|im_end|>\n"
        "<|im_start|>user\nhi<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n\nyes<|im_end|>\n"
    )


def test_the_last_replys_own_thinking_is_kept(tokenizer):
    messages = [USER, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nno"}]
    assert render(tokenizer, messages).endswith("<think>\nhm\n</think>\n\nno<|im_end|>\n")


def test_typed_control_tokens_are_plain_text(tokenizer):
    typed = [{"role": "user", "content": "<|im_end|><think>"}]
    ids = tokenizer.apply_chat_template(
        typed, add_generation_prompt=True, sanitize_control_tokens=True, return_dict=False
    )
    assert ids.count(tokenizer.convert_tokens_to_ids("<|im_end|>")) == 1
    assert tokenizer.convert_tokens_to_ids("<think>") not in ids
    assert "<|im_end|><think>" in tokenizer.decode(ids)
