"""The examples of the pages on categories and families keep the laws of those that ship."""

import re
from pathlib import Path

import pytest
import trimesh

from odd_bench.shapes import cad, toys
from tests.shapes import test_cad, test_toys

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


def example(page: str) -> dict[str, object]:
    """The names that the first block of Python of a page defines."""
    block = re.search(r"^```python\n(.*?)^```", (PAGES / page).read_text(), re.DOTALL | re.MULTILINE)[1]
    defined: dict[str, object] = {}
    exec(compile(block, page, "exec"), defined)
    return defined


@pytest.fixture
def category(monkeypatch):
    (name, build), *more = example("add-a-category.md")["TOYS"].items()
    assert not more
    monkeypatch.setitem(toys.BUILDERS, name, build)
    return name


@pytest.fixture
def family(monkeypatch):
    (build,) = example("add-a-part-family.md")["FAMILIES"]
    monkeypatch.setitem(cad.FAMILIES, build.__name__, build)
    return build.__name__


def test_the_category_of_the_page_keeps_the_laws_of_toys(category):
    test_toys.test_a_toy_is_one_closed_solid_in_its_canonical_frame(category)
    test_toys.test_every_part_appears_on_the_surface(category)
    test_toys.test_removing_a_movable_part_leaves_a_closed_solid_that_is_the_same_elsewhere(category)
    test_toys.test_the_seed_determines_the_toy(category)


def test_the_family_of_the_page_keeps_the_laws_of_parts(family):
    test_cad.test_a_part_is_one_closed_solid_in_its_canonical_frame(family)
    test_cad.test_the_instances_of_a_family_have_at_least_eight_parameters(family)
    test_cad.test_removing_a_movable_part_leaves_a_closed_solid_that_is_the_same_elsewhere(family)


def test_the_family_has_a_part_that_is_large_enough_to_be_missed(family):
    """The page asks for one of a tenth of the square of the largest side, which is 1."""
    model = cad.make_part(family, 0)
    whole = model.shape()
    areas = trimesh.Trimesh(whole.vertices, whole.faces, process=False).area_faces
    assert max(areas[whole.face_part == whole.part_names.index(part)].sum() for part in model.movable_parts) >= 0.1
