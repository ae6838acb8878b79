"""Counts of the scenes of a data set, for dataset.json."""

from __future__ import annotations

from collections import Counter

from odd_bench.scene import Scene


class SceneCounts:
    """Counts scenes one by one, for dataset.json."""

    def __init__(self):
        self._scenes, self._types, self._categories, self._labels = Counter(), Counter(), Counter(), Counter()
        self._shapes: set[str] = set()
        self._normal = 0

    def noted(self, scene: Scene) -> Scene:
        """Count a scene and return it."""
        self._scenes[scene.split] += 1
        self._categories[scene.category] += 1
        self._shapes.add(scene.shape)
        self._labels.update(int(item.label) for item in scene.objects)
        self._types.update(item.type for item in scene.objects if item.type)
        self._normal += not any(item.label for item in scene.objects)
        return scene

    def as_dict(self) -> dict:
        return {
            "scenes": dict(self._scenes),
            "objects": self._labels.total(),
            "odd objects": self._labels[1],
            "scenes without anomaly": self._normal,
            "anomaly types": dict(sorted(self._types.items())),
            "categories": dict(sorted(self._categories.items())),
            "shapes": len(self._shapes),
        }
