"""Make one draft scene in memory and show it: `python examples/one_scene.py [PICTURE]`."""

import sys
import tempfile
from pathlib import Path

from odd_bench.data.digest import plan_digest
from odd_bench.generate.config import load_preset
from odd_bench.generate.plan import catalogue_of, plan_lines
from odd_bench.generate.scene_maker import make_scene
from odd_bench.generate.source import Sources
from odd_bench.plan_line import PlanLine, read_plan_line
from odd_bench.view.preview import scene_sheet

config = load_preset("toys", "draft")
line = next(plan_lines(config))  # every random draw of the first scene, as JSON
with tempfile.TemporaryDirectory() as work:
    record, _ = make_scene(
        read_plan_line(line, PlanLine), plan_digest(line), Sources(config, catalogue_of(config), Path(work))
    )
print(record.scene.name, [(one.id, one.type) for one in record.scene.objects if one.label])
picture = sys.argv[1] if len(sys.argv) > 1 else "scene.png"
scene_sheet(record).save(picture)
print(f"drawn: {picture}")
