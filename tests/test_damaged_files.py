"""A flipped bit in any file of finished work is reported by every command that reads the file, or changes no result of it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest
import trimesh

from odd_bench.data.codec import decode_masks, decode_pictures, encode_masks
from odd_bench.data.folder import CONFIG, QUARANTINE
from odd_bench.data.reader import open_dataset
from odd_bench.errors import OddBenchError
from odd_bench.generate import pool
from odd_bench.generate.run import RunOptions, generate
from odd_bench.json_lines import append_line
from odd_bench.shapes.library import INDEX, JOURNAL, LibraryError, ingest, open_library
from odd_bench.weights import export_weights
from tests.damaged_files import LONGEST_S, alarm, contents, damaged, flipped, peak_mb, run
from tests.generate.runs import CONFIG as RUN_CONFIG
from tests.generate.runs import FAKE, label_digests
from tests.short_training import train_tiny, write_small_scenes

FLIPS = int(os.environ.get("ODD_BENCH_FLIPS", "4"))  # flips per kind of file; 43 make about 600 in all
SEED = int(os.environ.get("ODD_BENCH_FLIP_SEED", "0"))  # other seeds flip other bits
MOST_MB = 4000.0
SHORT = [
    *(f"train.{key}" for key in ("steps=[1,1]", "report_every=1", "save_every=1", "picture_every=100", "views=2")),
    "model.attention.kind=relations",
]

TINY = [word for value in SHORT for word in ("--set", value)]


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A finished data set, a training, predictions with maps, and exported weights."""
    folder = tmp_path_factory.mktemp("work")
    data = write_small_scenes(folder / "set", pixels=32, views=4, depth=True)
    (data / CONFIG).write_text(json.dumps({"seed": 0}))
    (data / QUARANTINE).write_text(json.dumps({"scene": "toys-banana-0009-0000", "kind": "refused", "message": "-"}))
    train_tiny("reference", open_dataset(data), folder / "run", SHORT)
    export_weights(folder / "run", "w", folder / "weights")
    assert run(["data", "preview", str(data), "--scenes", "1", "--page"])[0] == 0
    assert run(predict(folder))[0] == 0
    return folder


def predict(folder: Path, *more: str) -> list[str]:
    out = ["--data", f"{folder}/set", "--split", "test-seen", "--out", f"{folder}/p.json"]
    return ["predict", f"{folder}/run", *out, "--maps", *more]


def commands(folder: Path, out: Path) -> dict[str, list[list[str]]]:
    """The commands that read a file, by file. out: a folder for what they write."""
    data = f"{folder}/set"
    looks = [["data", "info", data], ["data", "validate", data, "--workers", "1"]]
    draws = [
        ["data", "preview", data, "--scenes", "1"],
        ["data", "export", data, "--out", f"{out}/scenes", "--split", "test-seen"],
        ["data", "export", data, "--out", f"{out}/coco", "--split", "test-seen", "--format", "coco"],
    ]
    score = [["score", f"{folder}/p.json", "--data", data, "--json"]]
    weights = [["predict", "--weights", f"{folder}/weights/w.safetensors", *predict(folder)[2:]]]
    again = ["train", "--config", "tiny", "--data", data, "--out", f"{folder}/run"]
    again += TINY
    return {
        "set/shards/train-00000.h5": [*looks, draws[0], again],
        "set/shards/test-seen-00000.h5": [*looks, *draws, predict(folder)],
        "set/dataset.json": [*looks, *draws, *score],
        "set/plan.jsonl": looks,
        "set/config.json": looks,
        "set/quarantine.jsonl": looks,
        "set/ground_truth.json.gz": [*looks, *score],
        "set/preview/page.png": looks[1:],
        "run/checkpoint.pt": [predict(folder), again, ["weights", "export", f"{folder}/run", "--name", "x", "--out", f"{out}/x"]],
        "run/config.yaml": [again],
        "p.json": [*score, ["score", f"{folder}/p.json", "--data", data, "--check"]],
        "p.maps.h5": score,
        "weights/w.safetensors": weights,
        "weights/w.json": weights,
    }  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture
def out(place) -> Iterator[Path]:
    """The same folder for every test, empty: what a command says names where it writes."""
    yield place
    for left in place.iterdir():
        clear(left)


@pytest.fixture(scope="module")
def usual(work, place) -> Callable[[list[str]], tuple[int, str]]:
    """What a command says of whole files, asked once."""

    @cache
    def said(call: tuple[str, ...]) -> tuple[int, str]:
        return said_by(list(call), work)

    return lambda call: said(tuple(call))


KINDS = list(commands(Path(), Path()))
DIGESTS = ('"digest"', '"sha256"')  # of the scored maps, damaged or not
ALONE = ("p.json",)  # the only file that its command names: problems state the line
TELLS_ALL = ("set/shards", "set/ground_truth", "run/checkpoint", "weights/w.safetensors", "p.maps.h5")  # have digests


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_reported_or_changes_nothing(work, out, usual, kind):
    (path,) = work.glob(kind)
    whole, rng = path.read_bytes(), random.Random(zlib.crc32(kind.encode(), SEED))
    kept = contents(work)
    calls = commands(work, out)[kind]
    expected = [usual(call) for call in calls]
    assert all(code == 0 for code, _ in expected), expected
    named = 0
    for number in range(FLIPS):
        restore(work, kept)
        with damaged(path, flipped(whole, rng)):
            call, before = calls[number % len(calls)], expected[number % len(calls)]
            code, told = said_by(call, work)
            named += code != 0
            assert code in (0, 1, 2), told
            if code and kind not in ALONE:
                assert path.name in told or path.parent.name in told, (number, call, told)
            elif kind.startswith(TELLS_ALL):
                assert (code, told) == before, (number, call)
        others = set(kept) - {path.relative_to(work).as_posix()}
        assert others <= set(contents(work)), "a command removed a file"
    restore(work, kept)
    assert peak_mb() < MOST_MB
    print(kind, "named", named, "of", FLIPS)


@pytest.mark.parametrize("split", ["train", "test-seen"])
@pytest.mark.parametrize("field", ["objects", "images", "masks"])
def test_a_changed_value_that_still_decodes_is_reported_by_every_command_that_uses_it(work, tmp_path, split, field):
    """Training, prediction, drawing and export compare the digests; `data info` only counts."""
    path = work / "set" / "shards" / f"{split}-00000.h5"
    kept, data = contents(work), f"{work}/set"
    spoilt = tmp_path / "spoilt.h5"
    spoilt.write_bytes(path.read_bytes())
    with h5py.File(spoilt, "r+") as file:
        spoil(next(iter(file["scenes"].values())), field)
    spoilt.replace(path)  # another file, because HDF5 may still have the first one open
    one = ["--split", split, "--scenes", "1"]
    calls = {
        "test-seen": [*(call for call in commands(work, tmp_path)[f"set/shards/{path.name}"] if call[1] in ("validate", "export")),
                      predict(work), *(["data", "preview", data, *one, *blind] for blind in ([], ["--blind"])),
                      ["view", data, "--split", split, "--record", f"{tmp_path}/page"]],
        "train": [["train", "--config", "tiny", "--data", data, "--out", f"{tmp_path}/run", *TINY]],
    }  # fmt: skip
    for call in calls[split]:
        code, told = said_by(call, work)
        assert code == 1 and path.name in told, (call, told)
    restore(work, kept)


def spoil(scene: h5py.Group, field: str) -> None:
    """Change one value of a field so that everything can still be read."""
    if field == "objects":
        rows = scene[field][:]
        rows["magnitude"][0] += 0.5
        scene[field][...] = rows
        return
    codec = {"images": decode_pictures, "masks": decode_masks}[field]
    offsets, content = scene[f"{field[:-1]}_offsets"][:], scene[field][:]
    size, first = (int(scene["cameras"]["height"][0]), int(scene["cameras"]["width"][0])), content[: offsets[1]]
    if field == "masks":
        instance, change = (one[0].copy() for one in codec([first.tobytes()], size))
        for pixel in np.ndindex(size):  # one that keeps the length of the packed mask
            spoilt = instance.copy()
            spoilt[pixel] = 0 if instance[pixel] else 1
            packed = encode_masks(spoilt, change)
            if len(packed) == len(first):
                scene[field][: len(first)] = np.frombuffer(packed, np.uint8)
                return
        pytest.skip("every change makes this mask longer or shorter")
    before = codec([first.tobytes()], size)
    for place in range(len(first) - 3, 0, -1):
        spoilt = first.copy()
        spoilt[place] ^= 1
        try:
            changed = not np.array_equal(codec([spoilt.tobytes()], size), before)
        except Exception:  # this bit does not decode
            continue
        if changed:
            scene[field][place] = spoilt[place]
            return


FAULTS = ("empty", "a folder", "a pipe", "a link to itself", "/dev/zero", "sparse")


def put(fault: str, path: Path) -> None:
    """Put something else in the place of a file."""
    path.unlink()
    if fault == "a folder":
        path.mkdir()
    elif fault == "a pipe":
        os.mkfifo(path)
    elif fault == "a link to itself":
        path.symlink_to(path)
    elif fault == "/dev/zero":
        path.symlink_to(fault)
    else:
        with open(path, "wb") as file:
            file.truncate(1 << 43 if fault == "sparse" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_anything_in_place_of_a_file_is_reported_or_changes_nothing(work, out, usual, kind):
    """No command hangs, fills the memory or removes another file. Every kind of file meets some of the faults in turn."""
    (path,) = work.glob(kind)
    kept, calls = contents(work), commands(work, out)[kind]
    expected = [usual(call) for call in calls]
    first = KINDS.index(kind)
    for number, fault in enumerate((FAULTS * 2)[first % len(FAULTS) :][: min(FLIPS, len(FAULTS))]):
        if kind in ALONE and fault == "a pipe":  # which may be scored, so that it is waited for
            continue
        restore(work, kept)
        put(fault, path)
        call, before = calls[number % len(calls)], expected[number % len(calls)]
        code, told = said_by(call, work)
        assert code in (0, 1, 2), told
        if code and kind not in ALONE:
            assert path.name in told or path.parent.name in told, (fault, call, told)
        elif kind.startswith(TELLS_ALL):
            assert (code, told) == before, (fault, call)
        clear(path)
        assert set(kept) - {path.relative_to(work).as_posix()} <= set(contents(work)), "a command removed a file"
    restore(work, kept)
    assert peak_mb() < MOST_MB


def clear(path: Path) -> None:
    """Remove whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def run_files(root: Path) -> list[Path]:
    """One file of every kind of a stopped run that the same command reads again."""
    names = ("config.json", "plan.jsonl", "quarantine.jsonl", "work/claim.json", "work/reports.jsonl", "dataset.json",
             "ground_truth.json.gz", "shards/train-00000.h5")  # fmt: skip
    return [root / name for name in names]


def held(root: Path) -> dict[str, str]:
    """The results that must not change: bytes of plan and ground truth, labels and pictures of every scene."""
    dataset = open_dataset(root)
    pictures = {}
    for name in dataset.scene_names():
        record = dataset.record(name)
        content = b"".join(part.tobytes() for part in (record.images, record.instance, record.change))
        pictures[f"pictures of {name}"] = hashlib.sha256(content).hexdigest()
    return {name: digest for name, digest in label_digests(root).items() if not name.endswith(".h5")} | pictures


@pytest.mark.parametrize("number", range(8))
def test_the_same_command_repairs_a_flipped_bit_or_reports_why_it_cannot(tmp_path, monkeypatch, number):
    """Finished work is never lost, and a refusal is reported."""
    monkeypatch.setattr(pool, "CHILD_COMMAND", FAKE)
    root = tmp_path / "set"
    generate(RUN_CONFIG, root, RunOptions())
    expected = held(root)
    (root / "quarantine.jsonl").write_text('{"scene": "toys-fish-9999-0000", "kind": "refused", "message": "-"}\n')
    path, rng = run_files(root)[number], random.Random(number + 8 * SEED)
    whole = path.read_bytes()
    for _ in range(FLIPS):
        path.write_bytes(flipped(whole, rng))
        before = contents(root / "shards")
        with alarm(LONGEST_S):
            try:
                generate(RUN_CONFIG, root, RunOptions())
            except OddBenchError as error:
                assert path.name in str(error) and contents(root / "shards") == before
                path.write_bytes(whole)
            else:
                assert held(root) == expected
                whole = path.read_bytes() if path.exists() else whole


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """A stored library of one mug, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "files" / "mugs").mkdir(parents=True)
    trimesh.creation.box().export(folder / "files" / "mugs" / "cube.ply")
    ingest(folder / "files", folder / "store")
    return folder / "store"


@pytest.mark.parametrize("name", [INDEX, JOURNAL, "mugs-cube.npz"])
def test_a_flipped_bit_of_a_library_is_reported_or_repaired(library, tmp_path, name):
    store = Path(shutil.copytree(library, tmp_path / "store"))
    first = open_library(store)
    assert [entry.name for entry in first.used] == ["mugs-cube"]
    if name == JOURNAL:
        append_line(store / JOURNAL, asdict(first.entries[0]))
    path, rng = store / name, random.Random(len(name))
    whole, model = path.read_bytes(), first.model("mugs-cube")
    for _ in range(FLIPS):
        path.write_bytes(flipped(whole, rng))
        try:
            found = open_library(store).model("mugs-cube")
        except LibraryError as error:
            assert str(store) in str(error)
        else:
            assert np.array_equal(found.intact.vertices, model.intact.vertices)
    path.write_bytes(whole)


def said_by(call: list[str], work: Path) -> tuple[int, str]:
    """The exit code and the output of a command without digests of its input, and its predictions without durations."""
    code, told = run(call)
    told = "\n".join(line for line in told.splitlines() if not line.lstrip().startswith(DIGESTS))
    if code == 0 and call[0] == "predict":
        document = json.loads((work / "p.json").read_text())
        for scene in document["scenes"].values() if isinstance(document["scenes"], dict) else document["scenes"]:
            scene.pop("seconds", None)
        told = json.dumps(document["scenes"])
    return code, told


def restore(work: Path, kept: dict[str, bytes]) -> None:
    for name, content in kept.items():
        if not (work / name).is_file() or (work / name).read_bytes() != content:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
