"""Weights of trained methods, shipped or exported: a safetensors file and a model card, without code.

    run = load_weights("both")            # shipped with the package
    run = load_weights("runs/mini")       # a run's folder, a checkpoint, or a .safetensors file with its card
    export_weights(Path("runs/mini"), "both", Path("weights"))

The card, NAME.json, holds the name and resolved configuration of the model, its training data and the digest of the weights.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from odd_bench.atomic import write_atomically
from odd_bench.configuration import did_you_mean
from odd_bench.data.damage import check_plain, read_json
from odd_bench.data.errors import DataError
from odd_bench.errors import WrongUse
from odd_bench.methods import METHODS, load_run, method_spec
from odd_bench.names import name_problem
from odd_bench.plain_file import read_plain
from odd_bench.training.checkpoint import (
    LATEST,
    Checkpoint,
    checkpoint_file,
    is_finite,
    load_checkpoint,
    require_finite,
)
from odd_bench.training.predict import Run, restore_run
from odd_bench.training.retired_keys import with_moved_weights, without_retired

FORMAT, VERSION = "odd-bench/weights", 1
ENDING = ".safetensors"
NEEDED = {"model": str, "config": dict, "sha256": str}
OPTIONAL = {"training": dict}
MOST_CARD_BYTES = 1 << 22
OBJECT_SIZE_M = (0.25, 0.40)  # largest side of the objects in generated scenes


def shipped() -> dict[str, Path]:
    """Name and file of the weights that the package holds."""
    folder = Path(str(resources.files("odd_bench.detector") / "weights"))
    return {path.stem: path for path in sorted(folder.glob(f"*{ENDING}")) if path.with_suffix(".json").is_file()}


def load_weights(name_or_path: str | Path, overrides: Iterable[str] = (), option: str = "--weights") -> Run:
    """A method ready to predict, given by the name of shipped weights, a .safetensors file with its card, a run or a checkpoint.

    overrides: `model.part.key=value` assignments that do not change the weights. option: that named the weights, for messages.
    Raises WrongUse, which lists the known names.
    """
    file = find_weights(name_or_path, option)
    if file.suffix != ENDING:
        return load_run(file, list(overrides))
    stored = read_weights_file(file)
    return restore_run(method_spec(stored.model), stored, file, overrides)


def read_stored(name_or_path: str | Path, option: str = "--weights") -> Checkpoint:
    """The weights and configuration, named as for `load_weights`, without building the method.

    option: that named the weights, for messages.
    """
    file = find_weights(name_or_path, option)
    if file.suffix == ENDING:
        return read_weights_file(file)
    return load_checkpoint(checkpoint_file(file))


def find_weights(name_or_path: str | Path, option: str = "--weights") -> Path:
    """The file or folder that a name or path means. Raises WrongUse, which lists the shipped weights.

    option: that named the weights, for messages.
    """
    path, known = Path(name_or_path), shipped()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    if path.is_dir() and not (path / LATEST).is_file():
        raise WrongUse(
            f"{option} {path}: found a folder without {LATEST}; expected the folder of a run of odd-bench train"
        )
    if path.exists():
        return path
    named = ", ".join(known) if known else "none ship with this build"
    near = did_you_mean(str(name_or_path), known)
    raise WrongUse(
        f"{option}: found {str(name_or_path)!r}; expected the name of shipped weights ({named}), "
        f"a run's folder, a checkpoint or a {ENDING} file{near}"
    )


def read_card(file: Path) -> dict[str, Any]:
    """The model card of a .safetensors file. Raises WrongUse if it is missing, damaged or of another version."""
    path = file.with_suffix(".json")
    try:
        card = read_json(path, f"the card of {file.name}", "Export the weights again", MOST_CARD_BYTES)
    except DataError as error:
        raise WrongUse(str(error)) from error
    found = (card.get("format"), card.get("version")) if isinstance(card, dict) else None
    if found != (FORMAT, VERSION):
        raise WrongUse(
            f"{path}: found {found}; expected {FORMAT} version {VERSION}. Export the weights with this release"
        )
    wrong = [key for key, kind in NEEDED.items() if not isinstance(card.get(key), kind)]
    wrong += [key for key, kind in OPTIONAL.items() if not isinstance(card.get(key, kind()), kind)]
    wrong += ["object_size_m"] * (not _are_two_numbers(card.get("object_size_m", OBJECT_SIZE_M)))
    if wrong:
        raise WrongUse(f"{path}: found no valid {', '.join(wrong)}; expected a complete model card")
    return card


def read_weights_file(file: Path) -> Checkpoint:
    """The weights and configuration of a .safetensors file and its card, as those of a finished training."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    card = read_card(file)
    try:
        check_plain(file, f"a {ENDING} file")
        content = read_plain(file)
    except DataError as error:
        raise WrongUse(str(error)) from error
    except OSError as error:
        raise WrongUse(f"{file}: found {error.strerror}; expected a {ENDING} file") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != card["sha256"]:
        found = f"{len(content):,} bytes of sha256 {digest[:12]}"
        raise WrongUse(
            f"{file}: found {found}; expected {str(card['sha256'])[:12]}, as in its card. Check that the file is complete"
        )
    try:
        weights = with_moved_weights(card["model"], load(content))
    except SafetensorError as error:
        raise WrongUse(f"{file}: found {error}; expected a complete safetensors file") from error
    spent = card.get("training", {})
    where = str(file.with_suffix(".json"))
    if card["model"] not in METHODS:
        raise WrongUse(
            f"{where}: found model {card['model']!r}; expected one of {', '.join(METHODS)}. Check that the file is intact"
        )
    config = without_retired(card["model"], card["config"], where)
    stored = Checkpoint(
        card["model"], config, 0, 0, True, weights, seconds=spent.get("seconds", 0.0),
        device=spent.get("device", ""), data=spent.get("data", ""),
    )  # fmt: skip
    require_finite(file, stored)
    return stored


def export_weights(run: Path, name: str, folder: Path, half: bool = False, facts: dict[str, Any] | None = None) -> Path:
    """Write NAME.safetensors and its card NAME.json of a finished run. Returns the path of the former.

    half: store 32-bit matrices with 16 bits; they are converted back when loaded. facts: further keys of the card, such as
    `trained_on`. Raises WrongUse if the run is not finished, or if 16 bits cannot hold its weights.
    """
    if problem := name_problem(name):
        raise WrongUse(f"--name {name[:60]!r}: found {problem}; expected a name that a file can have")
    file = checkpoint_file(run)
    stored = load_checkpoint(file)
    if not stored.finished:
        raise WrongUse(
            f"{file}: found a training that is not finished; expected a finished one. Train it to the end first"
        )
    restore_run(
        method_spec(stored.model), stored, file
    )  # refuses weights that do not fit now, instead of when they are loaded
    weights = {key: as_exported(value, half) for key, value in stored.weights.items()}
    if large := [key for key, value in weights.items() if not is_finite(value)]:
        raise WrongUse(
            f"{file}: found values in {large[0]} that 16 bits cannot hold; expected smaller values. Export without --half"
        )
    card = {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "model": stored.model,
        "config": stored.config,
        "object_size_m": list(OBJECT_SIZE_M),
        "training": {"seconds": stored.seconds, "device": stored.device, "data": stored.data},
    }
    return write_weights(folder / f"{name}{ENDING}", weights, card, facts)


def write_weights(
    file: Path, weights: dict[str, Tensor], card: dict[str, Any], facts: dict[str, Any] | None = None
) -> Path:
    """Write weights and their card, to which their number, checksum and the facts are added. Returns `file`."""
    from safetensors.torch import save

    content = save(weights)
    counted = {
        "parameters": sum(value.numel() for value in weights.values()),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    text = json.dumps({**card, **counted, **(facts or {})}, indent=1, allow_nan=False) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, content)
    write_atomically(file.with_suffix(".json"), text.encode())
    return file


def object_size_m(name_or_path: str | Path) -> tuple[float, float]:
    """Smallest and largest side of the objects that the weights were trained on, metres."""
    file = find_weights(name_or_path)
    low, high = read_card(file).get("object_size_m", OBJECT_SIZE_M) if file.suffix == ENDING else OBJECT_SIZE_M
    return float(low), float(high)


def _are_two_numbers(value: Any) -> bool:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    return is_pair and all(isinstance(one, int | float) and math.isfinite(one) for one in value)


def as_exported(value: Tensor, half: bool) -> Tensor:
    """A weight in the form in which files hold it. half: convert 32-bit matrices to 16 bits."""
    value = value.detach().cpu().contiguous().clone()
    return value.to(torch.float16) if half and value.dtype == torch.float32 and value.dim() > 1 else value
