"""From shards to a report: the example of the documentation runs, and the failure gallery shows pictures and boxes."""

import re
from pathlib import Path

import numpy as np
import pytest

from odd_bench.data.codec import CodecConfig
from odd_bench.data.folder import Description, shard_path, write_description
from odd_bench.data.shards import pack_shard, write_staged
from odd_bench.report.folder import write_report
from odd_bench.scoring.ground_truth import FILE_NAME, truth_scene, write_ground_truth
from odd_bench.scoring.score import Options, score_file
from tests.data.synthetic import make_record

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set of four small ray-cast scenes, as `odd-bench generate` leaves it."""
    root = tmp_path_factory.mktemp("root")
    dataset = root / "data" / "toys-nano"
    records = [make_record(split="test-unseen", shape=f"banana-{i:04d}", index=i, views=20) for i in range(4)]
    staged = [dataset / "work" / f"{i}.h5" for i in range(4)]
    for path, record in zip(staged, records, strict=True):
        write_staged(path, record, CodecConfig())
    pack_shard(staged, shard_path(dataset, "test-unseen", 0), "toys-nano", "test-unseen")
    scenes = [truth_scene(record.scene) for record in records]
    stated = write_ground_truth(dataset / FILE_NAME, "toys-nano", "1.0.0", scenes)
    write_description(dataset, Description("toys-nano", "1.0.0", stated, {}))
    return root


def guess(pictures, cameras):
    """A method with the signature of the documentation that finds two objects in every scene."""
    assert pictures.dtype == np.uint8 and len(cameras) == 20
    return np.array([[0.4, 0.4, 0.1, 0.2, 0.2, 0.2], [-0.4, 0, 0.1, 0.2, 0.2, 0.2]]), [0.2, 0.9]


@pytest.fixture(scope="module")
def scored(folder):
    """The example of the documentation, run as it is, and the score of the file that it writes."""
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "how-to" / "score-your-method.md").read_text(), re.DOTALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(example, "score-your-method.md", "exec"), {"my_net": guess})
    return score_file(folder / "predictions.json", Options(folder / "data"))


def test_the_example_of_the_documentation_runs(scored):
    assert scored.document["result"]["predictions"]["boxes"] == 8
    assert scored.checked.predictions.views == ((0, 4, 8, 12, 16),) * 4


def test_the_gallery_shows_every_scene_in_three_views(folder, scored):
    assert len(write_report(folder / "out", scored)) == 1
    page = (folder / "out" / "report.html").read_text()
    scenes = "".join(re.findall("<figure>.*?</figure>", page, re.DOTALL))
    assert scenes.count("data:image/jpeg;base64,") == 4 * 3
    assert len(re.findall('<path class="odd', scenes)) == 4 * 3
    assert len(re.findall('<path class="usual', scenes)) == 4 * 3 * 3
    assert len(re.findall('<path class="(said|stray)"', scenes)) == 4 * 2 * 3
    assert "image/png" not in page


def test_crops_show_the_most_confident_false_alarms_and_the_misses(folder, scored):
    write_report(folder / "cuts", scored)
    page = (folder / "cuts" / "report.html").read_text()
    alarms = re.search("<h2>Worst false alarms</h2>.*?(?=<h2>)", page, re.DOTALL)[0]
    missed = re.search("<h2>Worst misses</h2>.*?(?=<h2>)", page, re.DOTALL)[0]
    scores = [float(score) for score in re.findall(r"score ([\d.]+);", alarms)]
    assert scores and scores == sorted(scores, reverse=True)
    assert alarms.count("<img") == len(re.findall("<span>", alarms)) <= 8
    assert missed.count("<img") == len(re.findall("<span>object", missed)) > 0


def test_a_damaged_shard_removes_the_gallery_and_is_reported(folder, scored):
    (shard,) = (folder / "data/toys-nano/shards").iterdir()
    shard.write_bytes(shard.read_bytes()[:5000])
    notes = write_report(folder / "damaged", scored)
    assert notes[1].startswith("the report shows no pictures of failures: ")
    assert "data:image" not in (folder / "damaged/report.html").read_text()
