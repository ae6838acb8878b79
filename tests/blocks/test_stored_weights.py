"""Files of weights are loaded completely, or refused with the file, what was found and what was expected."""

import pickle
from urllib.error import URLError

import pytest
import torch

from odd_bench.blocks.backbone import BackboneConfig, image_pyramid
from odd_bench.blocks.efficientnet import EfficientNetLite0
from odd_bench.blocks.stored_weights import fill, read_stored, read_weights
from odd_bench.errors import WrongUse

GARBAGE = {
    "empty": b"",
    "a page of the web": b"<!DOCTYPE html><html>not found</html>",
    "text": b"root:x:0:0:root:/root:/bin/bash\n",
    "code": pickle.dumps(print),
    "half a file": None,
}


@pytest.fixture(params=GARBAGE)
def garbage(request, tmp_path):
    path, content = tmp_path / "weights.pth", GARBAGE[request.param]
    if content is None:
        torch.save({"weight": torch.zeros(1000)}, path)
        content = path.read_bytes()[:2000]
    path.write_bytes(content)
    return path


def test_the_error_for_an_unreadable_file_explains_it(garbage):
    with pytest.raises(WrongUse, match=r"weights\.pth: found .* bytes that torch cannot read .*; expected pears"):
        read_stored(garbage, "pears")


@pytest.mark.parametrize("network", ["resnet18", "efficientnet-lite0"])
def test_the_error_for_weights_of_another_network_explains_them(garbage, network):
    with pytest.raises(WrongUse, match=rf"(?i)weights\.pth: found.*expected.*{network}"):
        image_pyramid(BackboneConfig(network, pyramid=256, weights=str(garbage)))


def test_the_error_for_a_file_without_suitable_tensors_explains_it(tmp_path):
    path, layer = tmp_path / "layer.pt", torch.nn.Linear(2, 3)
    torch.save({"weight": [1.0]}, path)
    with pytest.raises(WrongUse, match="found a dict that does not map names to tensors"):
        read_weights(path, "a layer")
    torch.save(layer.state_dict(), path)
    fill(layer, read_weights(path, "a layer"), path, "a layer")
    with pytest.raises(WrongUse, match=r"layer\.pt: found weights that do not fit: size mismatch for weight"):
        fill(torch.nn.Linear(2, 4), read_weights(path, "a layer"), path, "a layer")
    with pytest.raises(WrongUse, match="found no such file"):
        read_weights(tmp_path / "nowhere.pt", "a layer")


def published(network):
    if network == "efficientnet-lite0":
        return EfficientNetLite0()
    from torchvision.models import resnet18

    return resnet18()


@pytest.mark.parametrize("network", ["resnet18", "efficientnet-lite0"])
def test_weights_of_an_image_network_are_loaded_from_a_file(tmp_path, network):
    path = tmp_path / "network.pth"
    torch.save(published(network).state_dict(), path)
    stored = read_weights(path, "weights")
    own = image_pyramid(BackboneConfig(network, pyramid=256, weights=str(path)))[0].network.state_dict()
    shared = {name.removeprefix("body."): value for name, value in own.items() if not name.startswith("fpn.")}
    assert len(shared) > 100 and all(torch.equal(stored[name], value) for name, value in shared.items())


def test_a_network_without_published_weights_refuses_a_file():
    with pytest.raises(WrongUse, match="expected none"):
        image_pyramid(BackboneConfig("plain", pyramid=8, weights="some.pth"))


def test_the_error_without_network_names_the_file_to_fetch(monkeypatch):
    def no_network(*arguments, **options):
        raise URLError("Name or service not known")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", no_network)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", no_network)
    with pytest.raises(WrongUse, match=r"resnet18-f37072fd\.pth elsewhere and name it: --backbone-weights"):
        image_pyramid(BackboneConfig("resnet18", pyramid=256, weights="imagenet"))
