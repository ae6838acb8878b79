"""Named configurations, and the errors for wrong ones."""

import pytest

from odd_bench.configuration import to_mapping
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.errors import WrongUse


@pytest.mark.parametrize("name", ["paper", "released", "mini", "tiny"])
def test_a_configuration_survives_writing_and_reading(name):
    config = CONFIGURATIONS.load(name)
    assert CONFIGURATIONS.from_mapping(to_mapping(config), "again") == config
    assert config.name == name and name in CONFIGURATIONS.named()


def test_the_configuration_paper_has_the_values_of_the_paper():
    config = CONFIGURATIONS.load("paper")
    model = config.model
    assert model.grid.counts == (96, 96, 16) and model.grid.voxel_m == 0.04
    assert model.grid.world(model.grid.index(model.grid.centres())).abs().amax(dim=(0, 1, 2)).tolist() == pytest.approx(
        [1.9, 1.9, 0.3]
    )
    assert (model.backbone.network, model.volume.channels) == ("resnet50", (32, 64, 128, 256))
    assert (model.render.samples, model.render.feature_pixels, model.heads.d_f) == (128, 32, 128)
    assert (model.boxes.alpha_above, model.roi.cells, model.matching.k) == (0.2, 8, 20)
    assert (model.attention.kind, model.attention.blocks, model.attention.heads) == ("sparse", 3, 8)
    assert (config.train.views, config.train.pixels, config.train.batch) == (5, 256, 4)
    assert config.train.epochs == (50, 50) and config.train.learning_rate == (2e-5, 2e-5)
    assert config.train.stage_steps(0, 4750) == 59_375


def test_overrides_reach_any_depth():
    config = CONFIGURATIONS.with_overrides(
        CONFIGURATIONS.load("tiny"), ["model.attention.kind=dense", "train.batch=3", "model.grid.counts=[16,16,8]"]
    )
    assert (config.model.attention.kind, config.train.batch, config.model.grid.counts) == ("dense", 3, (16, 16, 8))


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("model.atention.kind=none", "unknown key 'atention'.*Did you mean 'attention'"),
        (
            "model.attention.kind=sparce",
            "found 'sparce'; expected one of none, dense, sparse, relations, aligned. Did you mean 'sparse'",
        ),
        ("model.teacher.kind=dino", "Did you mean 'dinov2'"),
        ("model.boxes.source=truth", "expected one of predicted, oracle-count, oracle-box"),
        ("train.batch=many", "found 'many'; expected a whole number"),
        ("train.learning_rate=[fast]", "found 'fast'; expected a number"),
        ("train.batch", "expected key=value"),
        ("train.batch.size=2", "is a single value"),
        ("model.grid.counts=[10,10,10]", "expected multiples of 4"),
        ("model.backbone.width=9", "expected equal widths"),
        ("model.threshold=1.0", "found 1.0; expected a chance between 0 and 1"),
        ("model.attention.heads=3", "expected a multiple"),
    ],
)
def test_errors_explain_wrong_values(assignment, message):
    with pytest.raises(WrongUse, match=message):
        CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("tiny"), [assignment])


def test_the_error_for_an_unknown_configuration_names_the_known_ones():
    with pytest.raises(WrongUse, match=r"expected one of aligned, mini, paper, released, tiny. Did you mean 'mini'"):
        CONFIGURATIONS.load("mni")
