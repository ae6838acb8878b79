"""Box codes: encoding and decoding are inverse, equal boxes have equal codes."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.detr3d.code import CENTRE, SIZE, YAW, CodeConfig, decode, encode
from odd_bench.boxes import iou

CODE = CodeConfig()
CENTRES = arrays(float, (5, 3), elements=st.floats(-0.7, 0.7))
SIZES = arrays(float, (5, 3), elements=st.floats(0.02, 0.6))
YAWS = arrays(float, (5, 1), elements=st.floats(-7.0, 7.0))


@given(CENTRES, SIZES, YAWS)
def test_decoding_a_code_gives_the_same_box(centres, sizes, yaws):
    boxes = np.concatenate([centres, sizes, yaws], axis=1)
    again = decode(encode(torch.from_numpy(boxes), CODE), CODE).numpy()
    assert np.allclose(iou(boxes, again), 1.0, atol=1e-6)


@given(arrays(float, (5, 8), elements=st.floats(-1.0, 1.0)), YAWS, arrays(float, 5, elements=st.floats(0.01, 1.0)))
def test_encoding_a_box_gives_the_same_code(codes, yaws, longer):
    codes = torch.from_numpy(codes)
    codes[:, 2] = codes[:, 3] + torch.from_numpy(longer)  # the longer side first
    codes[:, YAW] = torch.from_numpy(np.column_stack([np.sin(yaws), np.cos(yaws)]))
    assert torch.allclose(encode(decode(codes, CODE), CODE), codes, atol=1e-9)


@given(CENTRES, SIZES, YAWS)
def test_equal_boxes_have_equal_codes(centres, sizes, yaws):
    """Turned by half a turn, or by a quarter with the sides exchanged."""
    sizes[:, 0] = sizes[:, 1] + np.abs(sizes[:, 0] - sizes[:, 1]) + 1e-3
    boxes = torch.from_numpy(np.concatenate([centres, sizes, yaws], axis=1))
    half, quarter = boxes.clone(), boxes[:, [0, 1, 2, 4, 3, 5, 6]]
    half[:, 6] += torch.pi
    quarter[:, 6] += torch.pi / 2
    for same in (half, quarter):
        assert torch.allclose(encode(same, CODE), encode(boxes, CODE), atol=1e-9)


def test_the_range_is_the_unit_cube_and_a_typical_size_is_zero():
    box = torch.tensor([*CODE.high_m, 0.3, 0.3, 0.3, 0.0])
    code = encode(box, CODE)
    assert torch.allclose(code[CENTRE], torch.ones(3)) and torch.allclose(code[SIZE], torch.zeros(3), atol=1e-6)
    low, high = torch.tensor(CODE.low_m), torch.tensor(CODE.high_m)
    assert torch.allclose(CODE.world(torch.tensor([[0.0] * 3, [0.5] * 3])), torch.stack([low, (low + high) / 2]))


def test_weights_measure_centres_in_typical_objects():
    boxes = torch.tensor([[0.0, 0.0, 0.1, 0.3, 0.3, 0.3, 0.0]]).repeat(3, 1)
    boxes[torch.arange(3), torch.arange(3)] += 0.3  # moved by one typical size along x, y or z
    moved = (encode(boxes, CODE) - encode(torch.tensor([0.0, 0.0, 0.1, 0.3, 0.3, 0.3, 0.0]), CODE)) * CODE.weights()
    assert torch.allclose(moved.abs().sum(dim=1), torch.ones(3), atol=1e-5)
