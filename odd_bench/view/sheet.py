"""A sheet of procedural shapes: `python -m odd_bench.view.sheet OUT.png name ... [--instances 4] [--size 192]`.

Names are categories of toys or families of parts; `toys` and `parts` stand for all of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.geometry.shape import Model
from odd_bench.picture_file import write_picture
from odd_bench.shapes import cad, toys
from odd_bench.view.shade import shaded

ALL = {"toys": toys.BUILDERS, "parts": cad.FAMILIES}


def make(name: str, seed: int) -> Model:
    """A toy of this category or a part of this family."""
    return toys.make_toy(name, seed) if name in toys.BUILDERS else cad.make_part(name, seed)


def sheet(names: list[str], instances: int, size: int, first_seed: int = 0, columns: int = 1) -> Image.Image:
    """One row per name and one picture per seed, all from the same side; `columns` names are side by side."""
    strips = [_strip(name, range(first_seed, first_seed + instances), size) for name in names]
    strips += [np.full_like(strips[0], 255)] * (-len(strips) % columns)
    return Image.fromarray(np.concatenate([np.concatenate(strips[k::columns]) for k in range(columns)], axis=1))


def _strip(name: str, seeds: range, size: int) -> np.ndarray:
    """(size, instances * size, 3) uint8."""
    picture = Image.fromarray(np.concatenate([shaded(make(name, seed).shape(), size) for seed in seeds], axis=1))
    ImageDraw.Draw(picture).text((4, 2), name, fill=(0, 0, 0))
    return np.asarray(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--instances", type=int, default=4)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=1)
    args = parser.parse_args()
    names = [name for given in args.names for name in ALL.get(given, [given])]
    print(f"sheet: {write_picture(sheet(names, args.instances, args.size, args.first_seed, args.columns), args.out)}")


if __name__ == "__main__":
    main()
