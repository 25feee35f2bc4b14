import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from inference.rows import Row, layers_of, prepare, together

LENGTHS = (5, 40, 17)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=1_000,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        initializer_range=0.3,
    )
    return Qwen3ForCausalLM(config).eval()


@pytest.fixture(scope="module")
def prompts():
    torch.manual_seed(1)
    return [torch.randint(0, 1_000, (1, length)) for length in LENGTHS]


@pytest.fixture(scope="module")
def alone(model, prompts):
    """What transformers itself writes, one prompt at a time, before anything is prepared."""
    assert model.config._attn_implementation == "sdpa"
    found = [_generated(model, prompt) for prompt in prompts]
    prepare(model)
    return found


def _generated(model, prompt):
    out = model.generate(prompt, max_new_tokens=20, do_sample=False, eos_token_id=None)
    return out[0, prompt.shape[1] :].tolist()


@torch.inference_mode()
def _read(model, row, ids):
    """The next token after `ids`, which the row has read then."""
    scores = model(input_ids=ids, cache=row, use_cache=True, logits_to_keep=1).logits
    return scores[0, -1].argmax().item()


@torch.inference_mode()
def _written_together(model, rows, written, times):
    for _ in range(times):
        scores = model(
            input_ids=torch.tensor([[tokens[-1]] for tokens in written]),
            position_ids=torch.tensor([[row.tokens] for row in rows]),
            cache=together(rows),
            use_cache=True,
        ).logits[:, -1]
        for tokens, token in zip(written, scores.argmax(-1).tolist(), strict=True):
            tokens.append(token)


def test_replies_written_together_are_those_written_alone(model, prompts, alone):
    rows = [Row(layers_of(model)) for _ in prompts]
    written = [[_read(model, row, ids)] for row, ids in zip(rows, prompts, strict=True)]
    _written_together(model, rows, written, 19)
    assert written == alone
    assert [row.tokens for row in rows] == [length + 19 for length in LENGTHS]


def test_a_reply_may_join_and_leave_while_others_go_on(model, prompts, alone):
    rows = [Row(layers_of(model)) for _ in prompts]
    written = [[_read(model, rows[0], prompts[0])], [], []]
    _written_together(model, rows[:1], written[:1], 7)
    for at in (1, 2):
        written[at].append(_read(model, rows[at], prompts[at]))
    _written_together(model, rows, written, 5)
    _written_together(model, rows[1:], written[1:], 14)
    assert written == [alone[0][:13], *alone[1:]]


def test_a_prompt_may_be_read_in_pieces_and_a_row_cut_and_read_on(model, prompts, alone):
    row, ids = Row(layers_of(model)), prompts[1]
    for begin in range(0, 36, 12):
        _read(model, row, ids[:, begin : begin + 12])
    assert _read(model, row, ids[:, 36:]) == alone[1][0]
    _read(model, row, prompts[2])  # something else entirely
    row.cut(30)
    assert _read(model, row, ids[:, 30:]) == alone[1][0]


def test_with_any_other_cache_the_model_computes_as_before(model, prompts, alone):
    assert [_generated(model, prompt) for prompt in prompts] == alone


def test_a_window_bounds_what_is_attended_to(model, prompts):
    prepare(model)
    attention = model.model.layers[0].self_attn
    rows = [Row(layers_of(model)) for _ in prompts]
    written = [[_read(model, row, ids)] for row, ids in zip(rows, prompts, strict=True)]
    attention.sliding_window = 1
    seen = []
    attention.o_proj.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        _written_together(model, rows, written, 1)
    finally:
        attention.sliding_window = None
        attention.o_proj._forward_pre_hooks.clear()
    # Who sees one token only takes its value, whatever was asked.
    own = rows[1].layers[0]._kept[1, 0, :, rows[1].tokens - 1]
    torch.testing.assert_close(seen[0][1, 0], own.repeat_interleave(2, dim=0).flatten())
