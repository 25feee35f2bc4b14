import pytest
import torch
from torch import nn

from inference.few_rows import speed_up


@pytest.mark.parametrize("shape", [(5,), (1, 5), (4, 5), (16, 1, 5), (2, 3, 5), (40, 5), (0, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_the_product_is_that_of_a_plain_layer(shape, bias):
    torch.manual_seed(0)
    layer = nn.Linear(5, 7, bias=bias)
    x = torch.randn(shape)
    expected = layer(x)
    speed_up(layer)
    out = layer(x)
    assert out.shape == expected.shape
    torch.testing.assert_close(out, expected)


def test_only_plain_layers_in_float32_are_changed():
    class Own(nn.Linear):
        pass

    layers = [nn.Linear(2, 2), Own(2, 2), nn.Linear(2, 2).to(torch.bfloat16)]
    before = [type(layer) for layer in layers]
    speed_up(nn.ModuleList(layers))
    changed = [type(layer) is not kind for layer, kind in zip(layers, before, strict=True)]
    assert changed == [True, False, False]


def test_gradients_flow_as_before():
    layer = nn.Linear(5, 7)
    speed_up(layer)
    x = torch.randn(4, 5, requires_grad=True)
    layer(x).sum().backward()
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand(4, 5))
