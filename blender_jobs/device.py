"""The device that Cycles renders on: the processor or a graphics card."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

BACKENDS = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")  # best first


@dataclass(frozen=True)
class Device:
    """The chosen device. kind: `cpu` or `gpu`. name: as the driver reports it. reason: why it was chosen."""

    kind: str
    name: str
    reason: str


def use_device(requested: str) -> Device:
    """Choose the device for Cycles. requested: `auto` (the first graphics card, or the processor if there is none), `cpu` or `gpu`.

    A process uses one card; on a machine with several, assign one to each process with CUDA_VISIBLE_DEVICES. Call this function
    after every `reset`, which discards the choice. Raises ValueError for any other value of `requested`, and RuntimeError if it
    is `gpu` and there is no card.
    """
    if requested not in ("auto", "cpu", "gpu"):
        raise ValueError(f"device: found {requested!r}, expected auto, cpu or gpu.")
    scene, preferences = bpy.context.scene, bpy.context.preferences.addons["cycles"].preferences
    scene.cycles.device = "CPU"
    if requested == "cpu":
        return Device("cpu", "processor", "it was asked for")
    card = next(((backend, name) for backend in BACKENDS if (name := _first_card(preferences, backend))), None)
    if card:
        scene.cycles.device = "GPU"
        return Device("gpu", f"{card[1]} ({card[0]})", "it was asked for" if requested == "gpu" else "it was found")
    if requested == "gpu":
        raise RuntimeError(
            f"device: found no graphics card for {', '.join(BACKENDS)}, expected one for --device gpu. "
            "Hint: check the driver (nvidia-smi), or use --device auto."
        )
    return Device("cpu", "processor", "no graphics card was found")


def _first_card(preferences: bpy.types.AddonPreferences, backend: str) -> str | None:
    """Enable the first card of a backend and disable all others. Returns its name, or None if the backend finds no card."""
    cards = [device for device in preferences.get_devices_for_type(backend) if device.type == backend]
    if not cards:
        return None
    preferences.compute_device_type = backend
    for device in preferences.devices:
        device.use = device == cards[0]
    return cards[0].name
