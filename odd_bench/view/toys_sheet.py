"""A sheet of procedural toys: `python -m odd_bench.view.toys_sheet OUT.png category ... [--instances 4] [--size 192]`."""

from __future__ import annotations

import argparse

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.shapes.toys import make_toy
from odd_bench.view.shade import shaded


def sheet(categories: list[str], instances: int, size: int, first_seed: int = 0) -> Image.Image:
    """One row a category, one column a seed, all from the same side."""
    rows = []
    for category in categories:
        toys = [make_toy(category, seed) for seed in range(first_seed, first_seed + instances)]
        rows.append(np.concatenate([shaded(toy.shape(), size) for toy in toys], axis=1))
    picture = Image.fromarray(np.concatenate(rows))
    draw = ImageDraw.Draw(picture)
    for row, category in enumerate(categories):
        draw.text((4, row * size + 2), category, fill=(0, 0, 0))
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("categories", nargs="+")
    parser.add_argument("--instances", type=int, default=4)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--first-seed", type=int, default=0)
    args = parser.parse_args()
    sheet(args.categories, args.instances, args.size, args.first_seed).save(args.out)


if __name__ == "__main__":
    main()
