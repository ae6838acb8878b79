"""Box codes: encoding and decoding are inverse, and the numbers of a code have the intended weights."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from odd_bench.baselines.detr3d.code import CENTRE, SIZE, CodeConfig, decode, encode

CODE = CodeConfig()
CENTRES = arrays(float, (5, 3), elements=st.floats(-0.7, 0.7))
SIZES = arrays(float, (5, 3), elements=st.floats(0.02, 0.6))


@given(CENTRES, SIZES)
def test_decoding_a_code_gives_the_box(centres, sizes):
    boxes = torch.from_numpy(np.concatenate([centres, sizes], axis=1))
    assert torch.allclose(decode(encode(boxes, CODE), CODE), boxes, atol=1e-9)


@given(arrays(float, (5, 6), elements=st.floats(-1.0, 1.0)))
def test_encoding_a_box_gives_the_code(codes):
    codes = torch.from_numpy(codes)
    assert torch.allclose(encode(decode(codes, CODE), CODE), codes, atol=1e-9)


def test_the_range_is_the_unit_cube_and_a_typical_size_is_zero():
    code = encode(torch.tensor([*CODE.high_m, 0.3, 0.3, 0.3]), CODE)
    assert torch.allclose(code[CENTRE], torch.ones(3)) and torch.allclose(code[SIZE], torch.zeros(3), atol=1e-6)
    low, high = torch.tensor(CODE.low_m), torch.tensor(CODE.high_m)
    assert torch.allclose(CODE.world(torch.tensor([[0.0] * 3, [0.5] * 3])), torch.stack([low, (low + high) / 2]))


def test_weights_measure_centres_in_typical_objects_and_sizes_in_factors_of_e():
    box = torch.tensor([0.0, 0.0, 0.1, 0.3, 0.3, 0.3])
    changed = box.repeat(6, 1)
    changed[range(3), range(3)] += 0.3
    changed[range(3, 6), range(3, 6)] *= np.e
    distance = ((encode(changed, CODE) - encode(box, CODE)) * CODE.weights()).abs().sum(dim=1)
    assert torch.allclose(distance, torch.ones(6), atol=1e-5)
