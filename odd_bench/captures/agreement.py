"""Whether a model of cameras agrees with the pairs of photographs that it was computed from.

A floor of planks or tiles looks the same in many places, so photographs of different places match. Each of these pairs has a
geometry that cannot agree with the true cameras. In a wrong model about a quarter of the pairs contradict it; in a correct one,
almost none do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

NEAR_PX = 4.0  # from the epipolar line, as in COLMAP's own verification
LEAST_AGREEING = 0.87  # share of the pairs


def epipolar_px(second_from_first: np.ndarray, first: np.ndarray, second: np.ndarray, focal_px: float) -> np.ndarray:
    """(n,) distance of matches from their epipolar lines, pixels (Sampson error).

    second_from_first: (4, 4) or (3, 4) rigid motion. first, second: (n, 2) positions of the matches on the plane at depth 1.
    """
    turn, (x, y, z) = second_from_first[:3, :3], second_from_first[:3, 3]
    essential = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) @ turn
    ones = np.ones((len(first), 1))
    one, other = np.hstack([first, ones]), np.hstack([second, ones])
    lines, back = one @ essential.T, other @ essential
    slope = np.sqrt((lines[:, :2] ** 2).sum(axis=1) + (back[:, :2] ** 2).sum(axis=1))
    return focal_px * np.abs((other * lines).sum(axis=1)) / np.maximum(slope, 1e-12)


def agreeing_share(pycolmap, database: Path, model) -> float:
    """Share of the matched pairs of photographs that agree with a pycolmap.Reconstruction. A pair agrees if more than half of its
    matches are near their epipolar lines.
    """
    images = {number: image for number, image in model.images.items() if image.has_pose}
    places, agree = {}, []

    def place(number: int, stored) -> np.ndarray:
        if number not in places:
            keypoints = np.asarray(stored.read_keypoints(number), float)[:, :2]
            places[number] = np.asarray(images[number].camera.cam_from_img(keypoints))
        return places[number]

    with pycolmap.Database.open(database) as stored:
        for pair, geometry in zip(*stored.read_two_view_geometries(), strict=True):
            first, second = pycolmap.pair_id_to_image_pair(pair)
            matches = np.asarray(geometry.inlier_matches)
            if not len(matches) or first not in images or second not in images:
                continue
            moved = [np.vstack([images[one].cam_from_world().matrix(), [0, 0, 0, 1]]) for one in (first, second)]
            off = epipolar_px(
                moved[1] @ np.linalg.inv(moved[0]),
                place(first, stored)[matches[:, 0]],
                place(second, stored)[matches[:, 1]],
                images[first].camera.mean_focal_length(),
            )
            agree.append(np.nanmean(off < NEAR_PX) > 0.5)
    return float(np.mean(agree)) if agree else 0.0
