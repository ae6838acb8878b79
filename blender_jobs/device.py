"""On what Cycles renders: the processor or a graphics card."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

BACKENDS = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")  # best first


@dataclass(frozen=True)
class Device:
    """kind: `cpu` or `gpu`. name: as the driver calls it. reason: why it was chosen, in one sentence."""

    kind: str
    name: str
    reason: str


def use_device(requested: str) -> Device:
    """Let Cycles render on `auto` (the first graphics card if there is one, else the processor), `cpu` or `gpu`.

    One process uses one card; on a machine with several, give each process its own with CUDA_VISIBLE_DEVICES. Call it
    after every reset, which forgets the choice. Raises ValueError for another word, RuntimeError for `gpu` without one.
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
    """Switch the backend's first card on and all else off; its name, or None if the backend sees no card."""
    cards = [device for device in preferences.get_devices_for_type(backend) if device.type == backend]
    if not cards:
        return None
    preferences.compute_device_type = backend
    for device in preferences.devices:
        device.use = device == cards[0]
    return cards[0].name
