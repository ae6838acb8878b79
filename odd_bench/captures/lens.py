"""Lenses: projection from directions in front of a camera to pixels, with the distortion of COLMAP, OpenCV and nerfstudio.

Sources: COLMAP's documentation of camera models; OpenCV's documentation of calib3d and fisheye; nerfstudio's data conventions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from odd_bench.captures.errors import CaptureError

# The parameters of COLMAP's camera models, in the order in which its files hold them.
COLMAP_MODELS = {
    "SIMPLE_PINHOLE": ("f", "cx", "cy"),
    "PINHOLE": ("fx", "fy", "cx", "cy"),
    "SIMPLE_RADIAL": ("f", "cx", "cy", "k1"),
    "RADIAL": ("f", "cx", "cy", "k1", "k2"),
    "OPENCV": ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"),
    "OPENCV_FISHEYE": ("fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4"),
    "FULL_OPENCV": ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
    "SIMPLE_RADIAL_FISHEYE": ("f", "cx", "cy", "k1"),
    "RADIAL_FISHEYE": ("f", "cx", "cy", "k1", "k2"),
}
FISHEYES = ("OPENCV_FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE")
PERSPECTIVE, RATIONAL, FISHEYE = "perspective", "rational", "fisheye"
SHORTEST, LONGEST = 0.1, 100.0  # focal length, as a multiple of the longer side of the picture
OUTSIDE = 1.0  # distance of a principal point beyond a cropped picture, as a multiple of the side
LARGEST_SLOPE = 20.0  # of a direction against the optical axis; larger ones are treated as not in front of the camera


@dataclass(frozen=True)
class Lens:
    """Intrinsics of one camera.

    width, height: pixels of the picture that K belongs to. K: (3, 3), pixel centres at half-integers. kind: meaning of `radial`:
    `perspective`, the direction times 1 + k1 r^2 + k2 r^4 + ...; `rational`, the series of the first three divided by that of the
    last three; `fisheye`, the angle times 1 + k1 a^2 + .... tangential: p1, p2 of OpenCV.
    """

    width: int
    height: int
    K: np.ndarray
    kind: str = PERSPECTIVE
    radial: tuple[float, ...] = ()
    tangential: tuple[float, float] = (0.0, 0.0)

    @property
    def is_pinhole(self) -> bool:
        return self.kind != FISHEYE and not any(self.radial) and not any(self.tangential)

    def project(self, in_camera: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) of points (..., 3) in the camera's frame, in front of the camera."""
        x, y = in_camera[..., 0] / in_camera[..., 2], in_camera[..., 1] / in_camera[..., 2]
        x, y = self.distorted(x, y)
        K = self.K
        return np.stack([K[0, 0] * x + K[0, 1] * y + K[0, 2], K[1, 1] * y + K[1, 2]], axis=-1)

    def distorted(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slopes x/z and y/z of directions (...) after distortion by the lens."""
        if self.is_pinhole:
            return x, y
        square = x**2 + y**2
        if self.kind == FISHEYE:
            slope = np.sqrt(square)
            angle = np.arctan(slope)
            bent = angle * _series(self.radial, angle**2)
            factor = np.where(slope > 1e-12, bent / np.maximum(slope, 1e-12), 1.0)
            return x * factor, y * factor
        if self.kind == RATIONAL:
            factor = _series(self.radial[:3], square) / _series(self.radial[3:], square)
        else:
            factor = _series(self.radial, square)
        p1, p2 = self.tangential
        return (
            x * factor + 2 * p1 * x * y + p2 * (square + 2 * x**2),
            y * factor + p1 * (square + 2 * y**2) + 2 * p2 * x * y,
        )

    def largest_slope(self) -> float:
        """The slope up to which the distortion is monotonic; beyond it the polynomial folds back and is not valid."""
        if self.is_pinhole:
            return LARGEST_SLOPE
        slopes = np.linspace(0.0, 4.0, 2001)[1:]
        with np.errstate(divide="ignore", invalid="ignore"):  # a fraction's denominator may pass 0
            radius = self._untilted().distorted(slopes, np.zeros_like(slopes))[0]
            folds = np.flatnonzero(~(np.diff(radius) > 0))
        return float(slopes[folds[0]]) if len(folds) else LARGEST_SLOPE

    def _untilted(self) -> Lens:
        return replace(self, tangential=(0.0, 0.0))

    def scaled(self, width: int, height: int) -> Lens:
        """The lens of the same picture at another size: pixel centres at half-integers make this a plain scaling."""
        factor = np.diag([width / self.width, height / self.height, 1.0])
        return replace(self, width=width, height=height, K=factor @ self.K)

    def divided(self, factor: int, width: int, height: int) -> Lens:
        """The lens of the same picture reduced by an integer factor; pixels at the right and lower border may be partial."""
        return replace(self, width=width, height=height, K=np.diag([1 / factor, 1 / factor, 1.0]) @ self.K)

    def resized(self, width: int, height: int) -> Lens:
        """The lens of the same picture at another size. If the size fits an integer factor of reduction, that factor is used."""
        factor = round(self.width / width)
        if factor > 1 and -(-self.width // factor) == width and -(-self.height // factor) == height:
            return self.divided(factor, width, height)
        return self.scaled(width, height)


def check_lens(where: object, lens: Lens) -> None:
    """Raise CaptureError if the intrinsics are implausible: no size, a focal length of 0, a principal point far away."""
    if lens.width < 1 or lens.height < 1:
        raise CaptureError(where, f"a picture of {lens.width} x {lens.height} pixels", "a width and a height above 0")
    values = [*lens.K.ravel(), *lens.radial, *lens.tangential]
    if not np.isfinite(values).all():
        raise CaptureError(where, "intrinsics that are not finite", "finite numbers")
    longest = max(lens.width, lens.height)
    for focal in (lens.K[0, 0], lens.K[1, 1]):
        if not SHORTEST * longest <= focal <= LONGEST * longest:
            expected = f"{SHORTEST * longest:g} to {LONGEST * longest:g} for {lens.width} x {lens.height}"
            raise CaptureError(where, f"a focal length of {focal:g} pixels", expected)
    for middle, side in ((lens.K[0, 2], lens.width), (lens.K[1, 2], lens.height)):
        if not -OUTSIDE * side <= middle <= (1 + OUTSIDE) * side:
            expected = f"{-OUTSIDE * side:g} to {(1 + OUTSIDE) * side:g} for a side of {side}"
            raise CaptureError(where, f"a principal point at {middle:g} pixels", expected)


def colmap_lens(model: str, width: int, height: int, parameters: list[float]) -> Lens:
    """The lens of a COLMAP camera. Raises KeyError for a model that is not in COLMAP_MODELS."""
    named = dict(zip(COLMAP_MODELS[model], parameters, strict=True))
    K = matrix(named.get("fx", named.get("f")), named.get("fy", named.get("f")), named["cx"], named["cy"])
    tangential = (named.get("p1", 0.0), named.get("p2", 0.0))
    radial = tuple(named.get(f"k{i}", 0.0) for i in range(1, 7))
    if model in FISHEYES:
        return Lens(width, height, K, FISHEYE, radial[:4])
    if model == "FULL_OPENCV":
        return Lens(width, height, K, RATIONAL, radial, tangential)
    return Lens(width, height, K, PERSPECTIVE, radial[:2], tangential)


def matrix(fx: float, fy: float, cx: float, cy: float) -> np.ndarray:
    """(3, 3) K."""
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def _series(coefficients: tuple[float, ...], square: np.ndarray) -> np.ndarray:
    """1 + k1 s + k2 s^2 + ..."""
    total: np.ndarray | float = np.zeros_like(square)
    for coefficient in reversed(coefficients):
        total = (total + coefficient) * square
    return 1 + total
