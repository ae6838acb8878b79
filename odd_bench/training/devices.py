"""The devices of a training: their choice, their precision, and the communication of their processes."""

from __future__ import annotations

from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from odd_bench.errors import WrongUse
from odd_bench.training.configuration import TrainConfig


class Autocast(MixedPrecision):
    """Mixed precision by autocast only: if a strategy wraps the module, Fabric would cast cameras and poses as well."""

    def convert_input(self, data: Any) -> Any:
        return data

    def convert_output(self, data: Any) -> Any:
        return data


def make_fabric(train: TrainConfig, devices: int | str = "auto") -> Fabric:
    """Fabric over the available GPUs, or the CPU as one device or, for a number above 1, as several processes (gloo).

    Raises WrongUse if `devices` is not a number, or does not divide the scenes of a step.
    """
    count = device_count(str(devices))
    if train.batch % count:
        raise WrongUse(f"--devices: found {count} for train.batch={train.batch}; expected a number that divides it")
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    strategy = "ddp_find_unused_parameters_true" if count > 1 else "auto"
    precision = precision_of(train)
    asked = {"plugins": Autocast(precision, kind)} if precision == "bf16-mixed" else {"precision": precision}
    return Fabric(accelerator=kind, devices=count, strategy=strategy, **asked)


def device_count(devices: str) -> int:
    """The number of devices; `auto` means every GPU, or the CPU as one device."""
    there = torch.cuda.device_count() if torch.cuda.is_available() else 1
    if devices == "auto":
        return there
    if not devices.isdecimal() or int(devices) < 1 or (torch.cuda.is_available() and int(devices) > there):
        raise WrongUse(f"--devices: found {devices!r}; expected auto or a number from 1" + f" to {there}" * (there > 1))
    return int(devices)


def precision_of(train: TrainConfig) -> str:
    """The configured precision; for `auto`, bfloat16 if the device supports it."""
    if train.precision != "auto":
        return train.precision
    able = getattr(torch.cpu, "get_capabilities", dict)()  # absent before torch 2.12
    native = torch.cuda.is_available() or able.get("avx512_bf16") or able.get("amx_bf16")
    return "bf16-mixed" if native else "32-true"


def device_name(device: torch.device) -> str:
    """The name of a device in tables: the model of a GPU, or the number of CPU threads."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"


def agreed(fabric: Fabric, finite: bool, stopped: bool) -> tuple[bool, bool]:
    """Whether the loss of a step is finite in every process, and whether any process was asked to stop; all processes agree."""
    if fabric.world_size == 1:
        return finite, stopped
    votes = torch.tensor([finite, not stopped], dtype=torch.float32, device=fabric.device)
    finite, going_on = (fabric.all_reduce(votes, reduce_op="sum") == fabric.world_size).tolist()
    return finite, not going_on


def mean_losses(fabric: Fabric, losses: dict[str, torch.Tensor]) -> dict[str, float]:
    """The mean losses over all processes, each of which had the same number of scenes."""
    names = sorted(losses)
    values = torch.stack([losses[name].detach().float() for name in names])
    if fabric.world_size > 1:
        values = fabric.all_reduce(values, reduce_op="mean")
    found = dict(zip(names, values.tolist(), strict=True))
    return {name: found[name] for name in losses}
