"""The procedural toys: 51 categories, each a function from a random generator to a list of painted parts."""

from __future__ import annotations

import zlib

import numpy as np

from odd_bench.shapes.toy import Toy
from odd_bench.shapes.toys import (
    airplanes,
    apple,
    banana,
    boats,
    bottles,
    bread,
    bunny,
    buses,
    butterfly,
    cake,
    cars,
    chess,
    chicken,
    cookie,
    cow,
    cupcake,
    deer,
    dinosaur,
    dishes,
    dog,
    donut,
    elephant,
    fish,
    fox,
    frog,
    giraffe,
    glasses,
    hamburger,
    hammers,
    hats,
    horse,
    ice,
    keys,
    lights,
    lion,
    lizard,
    monkey,
    mouse,
    octopus,
    orange,
    panda,
    penguin,
    pig,
    robots,
    shark,
    sheep,
    shoes,
    tableware,
    trains,
)

SEEN = (
    "dinosaur", "fish", "frog", "monkey", "light", "lizard", "orange", "boat", "dog", "lion", "pig", "cookie", "panda",
    "chicken", "ice", "horse", "car", "airplane", "cake", "shark", "donut", "hat", "cow", "apple", "bowl", "hamburger",
    "octopus", "giraffe", "chess", "bread", "butterfly", "cupcake", "bunny", "elephant", "fox", "deer", "bus", "bottle", "mouse",
)  # fmt: skip
UNSEEN = (
    "mug", "plate", "robot", "glass", "sheep", "shoe", "train", "banana", "cup", "key", "penguin", "hammer",
)  # fmt: skip
FAMILIES = (
    tableware, fish, octopus, penguin, chicken, frog, butterfly, donut, cookie, ice, hamburger, cake, cupcake, apple, orange,
    bread, banana, shark, dishes, cars, buses, horse, deer, dog, fox, lion, elephant, sheep, giraffe, pig, cow, trains,
    airplanes, boats, lights, panda, monkey, bunny, mouse, lizard, dinosaur, hats, bottles, glasses, chess, keys, hammers,
    robots, shoes,
)  # fmt: skip
BUILDERS = {name: build for family in FAMILIES for name, build in family.TOYS.items()}


def make_toy(category: str, seed: int) -> Toy:
    """Instance `seed` of a category. Raises KeyError for an unknown category; the message names the known ones."""
    if category not in BUILDERS:
        raise KeyError(f"toys: no category {category!r}; known: {', '.join(sorted(BUILDERS))}")
    rng = np.random.default_rng(np.random.SeedSequence([zlib.crc32(category.encode()), seed]))
    return Toy(f"{category}-{seed:04d}", category, tuple(BUILDERS[category](rng)))
