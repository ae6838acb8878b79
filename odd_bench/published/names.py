"""Category, base shape and anomaly type from the file and folder names of the published data sets."""

from __future__ import annotations

import re
from pathlib import PurePath

from odd_bench.published.refused import Refused

TYPES = {
    "crack": "crack", "frac": "fracture", "bump": "bump", "defr": "deformation", "bend": "bend", "twist": "twist",
    "tran": "part_translation", "rota": "part_rotation", "scal": "part_scaling", "miss": "missing_part",
    "disc": "material_mismatch", "mats": "material_mismatch", "diff": "similar_shape",
}  # fmt: skip
WORDS = {type: word for word, type in TYPES.items()}
TWO_WORD_CATEGORIES = ("light_bulb", "ice_cream")  # every other category ends at the first underscore
PART = "part"  # category of all shapes whose names are numbers, as in PartsAD-15K


def category_of(folder: str) -> str:
    """Category, from the start of a scene folder's name."""
    for category in TWO_WORD_CATEGORIES:
        if folder.startswith(f"{category}_"):
            return category
    return PART if folder[:1].isdigit() else folder.partition("_")[0].partition("-")[0]


def shape_of(folder: str) -> str:
    """Base shape that several scene folders share."""
    return folder.partition("-")[0]


def base_name(path: str) -> str:
    """Base name of an object's source file; the path may be of any system."""
    return PurePath(path.replace("\\", "/")).stem


def type_of(path: str) -> str | None:
    """Anomaly type in the name of an object's source file, None for a normal object. Raises Refused for an unknown word."""
    _, dash, rest = base_name(path).partition("-")
    if not dash:
        return None
    word = re.split("[-_.]", rest)[0]
    if word not in TYPES:
        raise Refused("unknown anomaly", f"{base_name(path)}: {word!r}; expected one of {', '.join(TYPES)}")
    return TYPES[word]


def file_name(shape: str, type: str | None, number: int) -> str:
    """The name of a source file with this shape and type. number: distinguishes odd meshes."""
    return f"{shape}-{WORDS[type]}-{number:03d}.blend" if type else f"{shape}.blend"
