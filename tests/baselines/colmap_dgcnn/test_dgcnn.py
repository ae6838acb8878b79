"""The network and its inputs."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.baselines.colmap_dgcnn.clouds import centred, random_rotation, sampled, turned
from odd_bench.baselines.colmap_dgcnn.dgcnn import Dgcnn, DgcnnConfig, EdgeConv, nearest_neighbours
from odd_bench.errors import WrongUse

SMALL = DgcnnConfig(k=6, widths=(8, 8, 16, 16), joint=32, hidden=16, embedding=8)


def network(training: bool = False) -> Dgcnn:
    torch.manual_seed(0)
    return Dgcnn(SMALL).double().train(training)


def clouds(seed: int = 0, count: int = 3, points: int = 40) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, points, 3)))


@pytest.mark.parametrize("training", [False, True])
@settings(max_examples=10)
@given(seed=st.integers(0, 20))
def test_the_order_of_points_does_not_matter(training, seed):
    model, given_clouds = network(training), clouds(seed)
    order = torch.randperm(given_clouds.shape[1])
    with torch.no_grad():
        assert torch.allclose(model(given_clouds), model(given_clouds[:, order]), atol=1e-9)


def test_embeddings_have_length_one_and_permute_with_the_clouds():
    model, given_clouds = network(), clouds()
    embeddings = model(given_clouds)
    assert torch.allclose(embeddings.norm(dim=-1), torch.ones(3, dtype=torch.float64))
    assert torch.allclose(model(given_clouds.flip(0)), embeddings.flip(0))


def test_edge_convolution_equals_its_definition_edge_by_edge():
    """max over j of leaky_relu(norm(W [x_j - x_i, x_i])), as in the paper."""
    torch.manual_seed(0)
    layer, x = EdgeConv(3, 5, k=4).double().eval(), clouds(points=12)
    layer.norm.running_mean.normal_()
    layer.norm.weight.data.normal_()  # negative scales too
    for cloud, found in zip(x, layer(x), strict=True):
        order = torch.cdist(cloud, cloud).argsort(dim=1)[:, :4]
        for i in range(len(cloud)):
            edges = torch.stack([torch.cat([cloud[j] - cloud[i], cloud[i]]) for j in order[i]])
            expected = torch.nn.functional.leaky_relu(layer.norm(edges @ layer.weight.T), 0.2).amax(dim=0)
            assert torch.allclose(found[i], expected)


def test_neighbours_are_the_nearest_points():
    x = clouds(points=30)
    expected = torch.cdist(x, x).argsort(dim=-1)[..., :7].sort(dim=-1).values
    assert torch.equal(nearest_neighbours(x, 7).sort(dim=-1).values, expected)
    assert nearest_neighbours(x[:, :4], 7).shape == (3, 4, 4)


@given(seed=st.integers(0, 100), scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
def test_normalisation_removes_place_and_scale_of_a_scene(seed, scale, shift):
    some = list(clouds(seed).numpy() * np.array([0.5, 1.0, 1.7])[:, None, None])
    assert np.allclose(centred(some), centred([cloud * scale + shift for cloud in some]), atol=1e-4)


def test_normalisation_keeps_differences_of_size():
    radii = np.sqrt((centred(list(clouds().numpy() * np.array([0.5, 1.0, 1.7])[:, None, None])) ** 2).sum(2).mean(1))
    assert radii[1] == pytest.approx(1, abs=1e-6) and radii[0] < 0.7 and radii[2] > 1.4


@given(seed=st.integers(0, 100))
def test_drawn_turns_are_rotation_matrices(seed):
    rotation = random_rotation(np.random.default_rng(seed))
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) == pytest.approx(1)
    some = clouds().numpy().astype(np.float32)
    after = turned(some, np.random.default_rng(seed))
    assert np.allclose(np.linalg.norm(after, axis=2), np.linalg.norm(some, axis=2), atol=1e-5)


@pytest.mark.parametrize("available", [1, 10, 64, 1000])
def test_samples_are_points_of_the_cloud(available):
    cloud = np.random.default_rng(0).normal(size=(available, 3))
    for rng in (None, np.random.default_rng(1)):
        taken = sampled(cloud, 64, rng)
        assert taken.shape == (64, 3)
        distinct = np.unique(taken, axis=0)
        assert len(distinct) <= min(64, available) and (distinct[:, None] == cloud).all(axis=2).any(axis=1).all()
    assert len(np.unique(sampled(cloud, 64), axis=0)) == min(64, available)


def published(model: Dgcnn, prefix: str = "module.") -> dict[str, torch.Tensor]:
    """Weights in the layout of the published files."""
    stored = {}
    for i, edge in enumerate(model.edges, 1):
        stored[f"{prefix}conv{i}.0.weight"] = torch.randn_like(edge.weight)[..., None, None]
        stored |= {f"{prefix}bn{i}.{name}": torch.rand_like(value) for name, value in norm_values(edge.norm).items()}
    stored[f"{prefix}conv5.0.weight"] = torch.randn_like(model.joint.weight)[..., None]
    return stored | {
        f"{prefix}bn5.{name}": torch.rand_like(value) for name, value in norm_values(model.joint_norm).items()
    }


def norm_values(norm: torch.nn.BatchNorm1d) -> dict[str, torch.Tensor]:
    return {name: value for name, value in norm.state_dict().items() if name != "num_batches_tracked"}


@pytest.mark.parametrize("prefix", ["", "module."])
def test_published_weights_are_loaded(tmp_path, prefix):
    stored = published(Dgcnn(SMALL), prefix)
    torch.save(stored, tmp_path / "dgcnn.t7")
    model = Dgcnn(DgcnnConfig(**{**vars(SMALL), "weights": str(tmp_path / "dgcnn.t7")}))
    assert torch.equal(model.edges[1].weight, stored[f"{prefix}conv2.0.weight"][..., 0, 0])
    assert torch.equal(model.joint_norm.running_var, stored[f"{prefix}bn5.running_var"])


def test_the_error_for_unsuitable_or_missing_weights_explains_them(tmp_path):
    torch.save(published(Dgcnn(SMALL)), tmp_path / "small.t7")
    with pytest.raises(WrongUse, match=r"found no conv5\.0\.weight, conv1\.0\.weight"):
        Dgcnn(DgcnnConfig(weights=str(tmp_path / "small.t7")))
    with pytest.raises(WrongUse, match="found no such file"):
        Dgcnn(DgcnnConfig(weights=str(tmp_path / "none.t7")))
