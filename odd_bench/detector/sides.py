"""The four sides of boxes, estimated from the visual hulls of all instances.

The visual hull of five views is wider than its object where no view cuts it: a plate on its edge comes out twice as thick. Other
registered instances are seen from other sides and cut it. But wrongly registered instances cut away parts that are there, and no
hull shows what the silhouettes missed. Therefore the sides of the object's own hull, of the shape that the others agree on, and
of the intersection of both are only measurements. Small networks learn from them where each side lies (box regression as in Fast
R-CNN, Girshick 2015, section 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from odd_bench.blocks.standardised import Standardised
from odd_bench.detector.hulls import Hulls, at
from odd_bench.geometry.boxes import iou_matrix

CELLS = (40, 40, 20)  # along x, y and z: samples in a box and its surroundings
AROUND_M = 0.03  # beyond each side of the box
SHARES = (0.0, 0.003, 0.01, 0.03)  # shares of the inside that may lie beyond a side
OUTWARD = np.array([-1.0, 1.0, -1.0, 1.0])  # direction of the sides -x, +x, -y, +y along their axis
FIELDS = 7  # an object's own hull, the agreed shapes, and its intersection with each of them
MEASURES = FIELDS * len(SHARES)
SHAPES = (FIELDS - 1) // 2  # agreed shapes
OWN = 9  # features of the box
FEATURES = 3 * MEASURES + 4 * FIELDS + 2 * SHAPES + OWN
FARTHEST = 1.0  # mean sides of the box: measurements are cut at this distance
MOST = 0.8  # mean sides: a side is moved by at most this much
SLIGHT = 0.03  # errors below this count quadratically
LEAST_IOU = 0.12  # least IoU of a box with the true box that it learns from
LEAST_SIDE_M = 0.005
FAR_M = 0.3  # neighbours further away do not count
MANY = 5  # unit of the number of objects in a scene
HIDDEN = 48
LARGEST = 5.0  # standard deviations: features are cut at this distance from their mean
ROUNDING = 1e-9  # of shares


@dataclass(frozen=True)
class SidesConfig:
    """Where the sides of boxes lie."""

    networks: int = 0
    """Networks whose answers are averaged; 0 = sides stay where silhouettes leave them. Of registered objects alone."""


@dataclass(frozen=True)
class Measured:
    """Measurements of n boxes.

    sides: (n, MEASURES, 4) metres: -x, +x, -y and +y; those of the box itself where nothing is inside. share: (n, 2 SHAPES), the
    share of the own hull that lies in each agreed shape, and of each agreed shape that lies in the own hull.
    """

    sides: np.ndarray
    share: np.ndarray


class BoxSides(nn.Module):
    """Small networks on `side_features` whose answers are averaged, since there are few scenes. Untrained, they move nothing."""

    def __init__(self, config: SidesConfig) -> None:
        super().__init__()
        self.standardised = Standardised(FEATURES)
        self.networks = nn.ModuleList(network() for _ in range(config.networks))

    def forward(self, features: np.ndarray) -> Tensor:
        """By how many mean sides of its box each side lies further out, (networks, n, 4). features: (n, 4, FEATURES)."""
        rows = self.rows(features.reshape(-1, FEATURES))
        with torch.autocast(rows.device.type, enabled=False):  # sides are millimetres
            said = torch.stack([one(rows) for one in self.networks])
        return said.reshape(-1, *features.shape[:2]).clamp(-MOST, MOST)

    def rows(self, features: np.ndarray) -> Tensor:
        """Features (r, FEATURES) as the networks read them: standardised, and cut at LARGEST."""
        return self.standardised(torch.from_numpy(features).to(self.standardised.mean)).clamp(-LARGEST, LARGEST)

    @torch.no_grad()
    def moved(self, boxes: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Boxes (n, 6) with their sides at the estimated places."""
        off = self(features).mean(dim=0).double().cpu().numpy() * mean_sides(boxes)[:, None]
        return with_sides(boxes, sides_of(boxes) + OUTWARD * off)

    def loss(self, boxes: np.ndarray, features: np.ndarray, true_boxes: np.ndarray) -> Tensor:
        """Mean error of the networks at the sides of boxes (n, 6), in mean sides. Each box is compared with the true box (t, 6)
        that it overlaps most.
        """
        wanted, judged = wanted_moves(boxes, true_boxes)
        if not judged.any():
            return self(features).sum() * 0
        found = self(features[judged])
        return smooth_l1_loss(found, torch.from_numpy(wanted[judged]).to(found).expand_as(found), beta=SLIGHT)


def wanted_moves(boxes: np.ndarray, true_boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how many mean sides each side of boxes (n, 6) should lie further out, (n, 4), and which boxes overlap a true one,
    (n,) bool.

    Each box is compared with the true box (t, 6) that it overlaps most.
    """
    overlap = iou_matrix(boxes, true_boxes)  # (n, t)
    judged = overlap.max(axis=1, initial=0) > LEAST_IOU
    if not judged.any():
        return np.zeros((len(boxes), 4)), judged
    off = OUTWARD * (sides_of(true_boxes[overlap.argmax(axis=1)]) - sides_of(boxes)) / mean_sides(boxes)[:, None]
    return off.clip(-MOST, MOST), judged


def network() -> nn.Sequential:
    """One of the networks of `BoxSides`."""
    last = nn.Linear(HIDDEN, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(
        nn.Linear(FEATURES, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(inplace=True),
        last,
    )  # fmt: skip


def sides_of(boxes: np.ndarray) -> np.ndarray:
    """(n, 4) metres: -x, +x, -y and +y of boxes (n, 6)."""
    low, high = boxes[:, :2] - boxes[:, 3:5] / 2, boxes[:, :2] + boxes[:, 3:5] / 2
    return np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)


def with_sides(boxes: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Boxes (n, 6) with other sides (n, 4), metres."""
    low = sides[:, ::2]
    size = np.maximum(sides[:, 1::2] - low, LEAST_SIDE_M)
    return np.concatenate([low + size / 2, boxes[:, 2:3], size, boxes[:, 5:]], axis=1)


def mean_sides(boxes: np.ndarray) -> np.ndarray:
    """(n,) geometric mean of the sides of boxes (n, 6) along x and y, metres."""
    return np.sqrt(boxes[:, 3] * boxes[:, 4])


@torch.no_grad()
def measured(boxes: np.ndarray, hulls: Hulls, agreed: Tensor) -> Measured:
    """Measure the boxes (n, 6) in which these hulls were carved. agreed: their `agreed_shapes`, (SHAPES, n, c^3)."""
    box = torch.from_numpy(boxes).to(hulls.centres)
    across = box[:, 3:] + box.new_tensor([2 * AROUND_M, 2 * AROUND_M, 0])
    axes = [(torch.arange(count, device=box.device) + 0.5) / count - 0.5 for count in CELLS]
    spots = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(1, -1, 3)
    positions = hulls.local(spots * across[:, None] + box[:, None, :3])
    own = at(hulls.signed, positions) <= 0  # (n, cells)
    shapes = [at(one.unflatten(1, hulls.signed.shape[1:]), positions) <= 0 for one in agreed]
    both = [own & one for one in shapes]
    inside = torch.stack([own, *shapes, *both], dim=1)  # (n, FIELDS, cells)
    found = np.concatenate([extents(inside, axis) for axis in (0, 1)], axis=-1)  # (n, FIELDS, SHARES, 4) of `across`
    low, size = (box[:, :2] - across[:, :2] / 2).double().cpu().numpy(), across[:, :2].double().cpu().numpy()
    sides = (low[:, None, [0, 0, 1, 1]] + found.reshape(len(boxes), -1, 4) * size[:, None, [0, 0, 1, 1]]).astype(float)
    sides = np.where(np.isnan(sides), sides_of(boxes)[:, None], sides)
    number = inside.sum(dim=-1).double().cpu().numpy()
    common, whole = number[:, 1 + SHAPES :], np.maximum(number[:, : 1 + SHAPES], 1)
    return Measured(sides, np.concatenate([common / whole[:, :1], common / whole[:, 1:]], axis=1))


def extents(inside: Tensor, axis: int) -> np.ndarray:
    """First and last place along an axis between which the inside lies, except for a share at either end: (n, FIELDS, SHARES, 2),
    0..1.

    inside: (n, FIELDS, cells) bool. NaN if nothing is inside.
    """
    profile = inside.unflatten(-1, CELLS).sum(dim=[d - 3 for d in range(3) if d != axis]).double()  # (n, FIELDS, count)
    number = profile.sum(dim=-1, keepdim=True)
    profile = profile / number
    before = profile.cumsum(dim=-1)
    after = 1 - before + profile
    share = torch.tensor(SHARES, dtype=torch.float64, device=inside.device)[:, None] + ROUNDING
    low = (before[..., None, :] > share).double().argmax(dim=-1)
    high = profile.shape[-1] - (after[..., None, :] > share).flip(-1).double().argmax(dim=-1)
    places = torch.stack([low, high], dim=-1).double() / profile.shape[-1]
    return places.masked_fill((number == 0)[..., None], torch.nan).cpu().numpy()


def side_features(boxes: np.ndarray, measures: Measured) -> np.ndarray:
    """Features of the sides of boxes (n, 6), (n, 4, FEATURES).

    They are the measured places of this side, of the opposite one and of the other two, the size of the object relative to the
    scene, the agreement of its hull with the others, and the box itself.
    """
    off = (measures.sides - sides_of(boxes)[:, None]) * OUTWARD / mean_sides(boxes)[:, None, None]
    off = off.clip(-FARTHEST, FARTHEST)  # (n, MEASURES, 4)
    whole = np.concatenate([sizes_beside_scene(measures.sides[:, :: len(SHARES)]), measures.share], axis=1)
    gaps, found = gaps_at_sides(boxes), []
    for side in range(4):
        others = [2, 3] if side < 2 else [0, 1]
        box = box_features(boxes, gaps, side)
        parts = [off[..., side], off[..., side ^ 1], off[..., others].mean(axis=-1), whole, box]
        found.append(np.concatenate(parts, axis=1))
    return np.stack(found, axis=1)


def sizes_beside_scene(sides: np.ndarray) -> np.ndarray:
    """Sizes of objects relative to the scene, (n, 4 m), from m measures of their sides, (n, m, 4), metres.

    They are the logarithms of the diagonal, the shorter side, the longer side and the area, minus their medians over the objects. A
    rotation by 90 degrees does not change them.
    """
    size = np.maximum(sides[..., 1::2] - sides[..., ::2], LEAST_SIDE_M)  # (n, m, 2)
    sizes = [np.hypot(size[..., 0], size[..., 1]), size.min(axis=-1), size.max(axis=-1), size.prod(axis=-1)]
    logs = np.log(np.concatenate(sizes, axis=1))
    return logs - np.median(logs, axis=0)


def box_features(boxes: np.ndarray, gaps: np.ndarray, side: int) -> np.ndarray:
    """Features of boxes (n, 6) and their `gaps_at_sides` (n, 4) as seen from one side, (n, OWN)."""
    this, other, high = np.log(boxes[:, [3 + side // 2, 4 - side // 2, 5]]).T
    scale = mean_sides(boxes)
    beside = [values - np.median(values) for values in (np.log(scale), high)]
    number = np.full(len(boxes), len(boxes) / MANY)
    return np.stack(
        [this, other, high, this - other, gaps[:, side] / scale, gaps[:, side ^ 1] / scale, number, *beside], axis=1
    )


def gaps_at_sides(boxes: np.ndarray) -> np.ndarray:
    """Distance from each side of boxes (n, 6) to the next box, (n, 4), metres: negative for an overlap, at most FAR_M."""
    apart = boxes[None, :, :2] - boxes[:, None, :2]  # (n, n, 2), from one to another
    reach = (boxes[None, :, 3:5] + boxes[:, None, 3:5]) / 2
    level = (np.abs(apart) < reach)[..., ::-1]  # abreast of it, along the other axis
    found = []
    for side in range(4):
        along = OUTWARD[side] * apart[..., side // 2]
        counted = level[..., side // 2] & (along > 0)
        found.append(np.where(counted, along - reach[..., side // 2], FAR_M).min(axis=1, initial=FAR_M))
    return np.stack(found, axis=1)
