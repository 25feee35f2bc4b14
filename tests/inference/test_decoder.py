"""Several replies of one model at once, held against what the model writes alone."""

import threading

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from inference import decoder
from inference.decoder import Decoder, Writing
from inference.records import ChatSettings
from inference.sampling import Sampler

GREEDY = ChatSettings(temperature=0)
VOCABULARY = 1_000


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        initializer_range=0.3,
    )
    return Qwen3ForCausalLM(config).eval().requires_grad_(False)


def _prompt(number, length=12):
    noise = torch.Generator().manual_seed(number)
    return torch.randint(0, VOCABULARY, (length,), generator=noise).tolist()


def _writing(its, prompt, most=15, ends=(), seconds=60.0, conversation=""):
    return Writing(its, prompt, Sampler(GREEDY, 0), ends, most, seconds, conversation)


def _written(its, *arguments, **more):
    with _writing(its, *arguments, **more) as writing:
        for _ in writing.ticks():
            pass
    return writing


def _until(condition):
    deadline = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        deadline.wait(0.01)
    raise AssertionError("it did not come to pass")


def _generated(model, prompt, tokens):
    ids = torch.tensor([prompt])
    out = model.generate(ids, max_new_tokens=tokens, do_sample=False, eos_token_id=None)
    return out[0, len(prompt) :].tolist()


def test_fifty_at_once_and_ten_that_leave_each_get_their_own_reply(model):
    its = Decoder(model)
    expected = [_generated(model, _prompt(number, 5 + number), 15) for number in range(50)]
    found = {}

    def ask(number):
        found[number] = _written(its, _prompt(number, 5 + number), conversation=str(number)).tokens

    def leave(number):
        with _writing(its, _prompt(100 + number), most=10_000) as writing:
            next(writing.ticks())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
    threads += [threading.Thread(target=leave, args=(number,)) for number in range(10)]
    for thread in sorted(threads, key=lambda it: hash(it.name)):
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(50)] == expected


def test_a_short_reply_need_not_wait_for_a_long_one(model):
    its = Decoder(model)
    with _writing(its, _prompt(0), most=100_000) as long:
        _until(lambda: long.tokens)
        assert len(_written(its, _prompt(1)).tokens) == 15
        assert not long.over


def test_no_more_than_its_rows_are_written_at_a_time_and_the_rest_wait(model):
    its = Decoder(model, most_rows=1)
    with _writing(its, _prompt(0), most=100_000) as first:
        _until(lambda: first.tokens)
        with _writing(its, _prompt(1)) as second:
            next(second.ticks())
            assert second.tokens == []
        assert second.row is None  # it left without its turn
    assert len(_written(its, _prompt(1)).tokens) == 15


def test_who_does_not_fit_into_memory_waits_unless_alone(model, monkeypatch):
    monkeypatch.setattr(decoder.fit, "available", lambda: 1)
    its = Decoder(model)
    with _writing(its, _prompt(0), most=100_000) as first:
        _until(lambda: first.tokens)
        with _writing(its, _prompt(1)) as second:
            next(second.ticks())
            assert second.tokens == []


def test_the_end_token_the_length_and_the_deadline_end_a_reply(model):
    its = Decoder(model)
    tokens = _written(its, _prompt(0)).tokens
    end = next(token for token in tokens if tokens.index(token) == 4)
    assert _written(its, _prompt(0), ends=[end]).tokens == tokens[:5]
    late = _written(its, _prompt(0), seconds=0.0)
    assert (late.late, len(late.tokens) <= 1) == (True, True)


def test_an_error_ends_the_reply_it_met_and_no_other(model, monkeypatch):
    its = Decoder(model)
    forward = model.forward

    def torn(*args, input_ids, **kwargs):
        if input_ids.shape[1] == 7:
            raise ValueError("torn")
        return forward(*args, input_ids=input_ids, **kwargs)

    with _writing(its, _prompt(0), most=100_000) as good:
        _until(lambda: good.tokens)
        monkeypatch.setattr(model, "forward", torn)
        with pytest.raises(ValueError, match="torn"):
            _written(its, _prompt(1, length=7))
        before = len(good.tokens)
        _until(lambda: len(good.tokens) > before)


def test_where_memory_runs_out_the_newest_reply_gives_way(model, monkeypatch):
    its = Decoder(model)
    expected = _generated(model, _prompt(0), 200)
    forward, full = model.forward, threading.Event()

    def short(*args, input_ids, **kwargs):
        out = forward(*args, input_ids=input_ids, **kwargs)
        if len(input_ids) == 2:
            full.set()
            raise MemoryError
        return out

    monkeypatch.setattr(model, "forward", short)
    with _writing(its, _prompt(0), most=200) as first:
        _until(lambda: first.tokens)
        with pytest.raises(MemoryError):
            _written(its, _prompt(1))
        for _ in first.ticks():
            pass
    assert full.is_set()
    assert first.tokens == expected  # what the step had added was taken back


def test_the_next_turn_reads_only_what_is_new(model):
    its = Decoder(model)
    one = _written(its, _prompt(0), conversation="a")
    turn = [*one.prompt, *one.tokens, *_prompt(1)]
    two = _written(its, turn, conversation="a")
    assert one.reused == 0
    assert two.reused == len(one.prompt) + len(one.tokens) - 1  # the last was never read
    assert two.tokens == _generated(model, turn, 15)
    other = _written(its, turn, conversation="b")
    assert other.reused == 0


def test_a_reply_that_was_stopped_is_gone_on_from_too(model):
    its = Decoder(model)
    with _writing(its, _prompt(0), most=100_000, conversation="a") as writing:
        _until(lambda: len(writing.tokens) > 3)
    turn = [*writing.prompt, *writing.tokens[:2], *_prompt(1)]
    again = _written(its, turn, conversation="a")
    assert again.reused == len(writing.prompt) + 2
    assert again.tokens == _generated(model, turn, 15)


def test_a_long_prompt_is_read_in_pieces_between_the_tokens_of_others(model, monkeypatch):
    monkeypatch.setitem(decoder.PIECE, "cpu", 8)
    its = Decoder(model)
    prompt = _prompt(3, length=50)
    with _writing(its, _prompt(0), most=100_000) as other:
        _until(lambda: other.tokens)
        before = len(other.tokens)
        found = _written(its, prompt).tokens
        assert len(other.tokens) - before >= 7
    assert found == _generated(model, prompt, 15)


def test_who_leaves_is_let_go_within_a_step(model):
    its = Decoder(model)
    with _writing(its, _prompt(0), most=100_000) as other:
        _until(lambda: other.tokens)
        with _writing(its, _prompt(1), most=100_000) as leaving:
            _until(lambda: leaving.tokens)
        assert leaving.row is None
        before = len(other.tokens)
        _until(lambda: len(other.tokens) > before)


def test_a_model_answers_again_after_no_thread_was_to_be_had(model, monkeypatch):
    its = Decoder(model)
    with monkeypatch.context() as patch:

        def refuse(self):
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            _written(its, _prompt(0))
    assert len(_written(its, _prompt(0)).tokens) == 15


def test_room_is_kept_for_what_replies_mostly_take_and_not_for_the_longest(model, monkeypatch):
    its = Decoder(model)
    bytes_a_token = 2 * 2 * 1 * 16 * 4
    monkeypatch.setattr(decoder.fit, "available", lambda: 2_200 * bytes_a_token)
    with _writing(its, _prompt(0), most=100_000) as first:
        _until(lambda: first.tokens)
        assert len(_written(its, _prompt(1), most=15).tokens) == 15


def test_what_conversations_left_behind_makes_room(model, monkeypatch):
    its = Decoder(model)
    _written(its, _prompt(0), conversation="a")
    monkeypatch.setattr(decoder.fit, "available", lambda: 1)
    with _writing(its, _prompt(1), most=100_000) as first:
        _until(lambda: first.tokens)
        with _writing(its, _prompt(2)) as second:
            next(second.ticks())
    turn = [*_prompt(0), *_prompt(3)]
    assert _written(its, turn, conversation="a").reused == 0
