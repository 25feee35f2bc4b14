import threading
import time
from dataclasses import replace

import pytest

from inference import chat
from inference.catalog import Catalog
from inference.chat import reply
from inference.errors import MessageTooLongForModel, StopTextsRefused
from inference.hub import locate
from inference.limits import Limits
from inference.pool import shared
from inference.prompts import encode, normalise
from inference.records import ChatSettings, Choice
from tests.inference import tiny

GREEDY = ChatSettings(temperature=0, max_new_tokens=20)
LONG = ChatSettings(temperature=0, max_new_tokens=1_500)


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """Untrained: greedy, it does not find its stop token."""
    return Choice(tiny.chat(tmp_path_factory.mktemp("model") / "chat"))


def _ask(text="hello", history=()):
    return normalise(text, history, "", Limits())


def _threads():
    return [it for it in threading.enumerate() if it.name == "decode"]


def _until(condition):
    pause = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to pass")


def test_a_reply_ends_with_a_reason_and_real_numbers(endless):
    chunks = list(reply(_ask(), endless, GREEDY, 60))
    last = chunks[-1]
    assert [chunk.finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert (last.finish_reason, last.tokens) == ("length", 20)
    assert 0 < last.seconds_to_first_token < 60
    assert last.tokens_per_second > 0
    assert last.prompt_tokens + last.tokens < last.context == 2_048
    _until(lambda: not _threads())


def test_the_stop_token_ends_a_reply_and_is_not_shown(endless, monkeypatch):
    with shared().borrow(endless, "chat") as loaded:
        prompt = encode(loaded.tokenizer, _ask(), False, 1000)
        token = loaded.model(prompt.input_ids).logits[0, -1].argmax().item()
        monkeypatch.setattr(loaded.model.generation_config, "eos_token_id", [token])
        last = list(reply(_ask(), endless, GREEDY, 60))[-1]
    assert (last.finish_reason, last.tokens, last.text) == ("stop", 1, "")


def test_every_stop_token_is_known(endless):
    with shared().borrow(endless, "chat") as loaded:
        end = loaded.tokenizer.convert_tokens_to_ids("<|im_end|>")
        assert chat.stop_tokens(loaded) == [end]


def test_closing_stops_the_model_within_two_tokens(endless):
    stream = reply(_ask(), endless, LONG, 60)
    next(stream)
    assert len(_threads()) == 1
    started = time.perf_counter()
    stream.close()
    # 1,500 tokens take seconds; the two it may still make do not.
    assert time.perf_counter() - started < 1
    _until(lambda: not _threads())


def test_at_most_ten_chunks_a_second(endless):
    started = time.perf_counter()
    chunks = list(reply(_ask(), endless, replace(LONG, max_new_tokens=80), 60))
    assert len(chunks) <= 10 * (time.perf_counter() - started) + 2


def test_the_deadline_ends_a_reply_and_says_so(endless):
    last = list(reply(_ask(), endless, LONG, 0.0))[-1]
    assert last.finish_reason == "deadline"
    assert last.tokens <= 1


def test_an_error_of_the_model_is_raised_and_nothing_works_on(endless, monkeypatch):
    with shared().borrow(endless, "chat") as loaded:

        def torn(*args, **kwargs):
            raise ValueError("torn")

        monkeypatch.setattr(loaded.model, "forward", torn)
        with pytest.raises(ValueError, match="torn"):
            list(reply(_ask(), endless, GREEDY, 60))
    _until(lambda: not _threads())


def test_one_seed_gives_one_reply_even_beside_another(endless):
    settings = ChatSettings(temperature=1.0, top_k=0, top_p=1.0, seed=7, max_new_tokens=15)

    def text(settings):
        return list(reply(_ask(), endless, settings, 60))[-1].text

    alone = text(settings)
    beside: list[str] = []
    threads = [
        threading.Thread(target=lambda seed=seed: beside.append(text(replace(settings, seed=seed))))
        for seed in (7, 8, 7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(beside).count(alone) == 2
    assert text(replace(settings, seed=8)) != alone


def test_a_stop_text_ends_the_answer_and_is_left_out(endless):
    text = list(reply(_ask(), endless, replace(LONG, max_new_tokens=60), 60))[-1].text
    stop = text[len(text) // 2 :][:3]
    last = list(reply(_ask(), endless, replace(LONG, stop=("never", stop)), 60))[-1]
    assert last.finish_reason == "stop"
    assert last.text == text[: text.index(stop)].strip()
    assert last.tokens < 1_500
    with pytest.raises(StopTextsRefused):
        ChatSettings(stop=("",))


def test_an_answer_that_has_begun_is_gone_on_from(endless):
    last = list(reply(_ask(), endless, GREEDY, 60, begun="Once <|im_end|> upon"))[-1]
    assert last.text.startswith("Once <|im_end|> upon")
    assert last.tokens == 20


def test_the_next_turn_of_a_conversation_reads_only_what_is_new(endless):
    first = list(reply(_ask("hello"), endless, GREEDY, 60, "a"))[-1]
    history = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "an answer that was not the model's"},
    ]
    second = list(reply(_ask("and now?", history), endless, GREEDY, 60, "a"))[-1]
    assert first.reused_tokens == 0
    assert first.prompt_tokens // 2 < second.reused_tokens <= first.prompt_tokens
    alone = list(reply(_ask("and now?", history), endless, GREEDY, 60))[-1]
    assert alone.reused_tokens == 0
    assert alone.text == second.text


def test_old_turns_are_dropped_and_counted(tmp_path):
    short = Choice(tiny.chat(tmp_path / "short", context=160))
    history = [
        {"role": role, "content": "many words here " * 4}
        for _ in range(4)
        for role in ("user", "assistant")
    ]
    last = list(reply(_ask("hi", history), short, GREEDY, 60))[-1]
    assert last.dropped_turns > 0
    assert last.tokens == 20
    with pytest.raises(MessageTooLongForModel):
        list(reply(_ask("word " * 200), short, GREEDY, 60))


def test_a_long_reply_never_runs_past_the_context(tmp_path):
    short = Choice(tiny.chat(tmp_path / "short", context=96))
    last = list(reply(_ask("hi"), short, LONG, 60))[-1]
    assert last.finish_reason == "length"
    assert last.tokens < 96


def test_the_built_in_model_answers_in_both_languages():
    model = Catalog.load({}).find("builtin/chat")
    choice = Choice(locate(model, {}))
    for question in ("Hello", "你好"):
        settings = ChatSettings(temperature=0, max_new_tokens=256)
        last = list(reply(_ask(question), choice, settings, 60))[-1]
        assert last.finish_reason == "stop"
        assert len(last.text) > 1


def test_prompts_read_at_once_are_those_read_alone(endless):
    """A fast tokenizer is changed while an answer that has begun is read."""
    found = {}

    def ask(number):
        settings = replace(GREEDY, max_new_tokens=1)
        begun = "Once <|im_end|>" if number % 2 else ""
        chunks = [*reply(_ask(f"question {number % 4}"), endless, settings, 60, begun=begun)]
        found.setdefault(number % 4, set()).add(chunks[-1].prompt_tokens)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(tokens) for tokens in found.values()} == {1}
