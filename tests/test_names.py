"""One function decides which text may become a path: what it accepts stays in its folder, and what it makes is accepted."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.names import component, is_left_by_tools, name_problem, path_problem

HOSTILE = (
    "",
    ".",
    "..",
    "../x",
    "/etc",
    "a/b",
    "a\\b",
    "C:",
    "C:evil",
    "a\0b",
    "a\nb",
    " x",
    "x ",
    ".x",
    "\u202ex",
    "x" * 200,
)
GOOD = ("toys-banana-0000-0001", "coffee mug", "茶壶", "Ä #1 50%", "a.b", "-", "~", "été")
TEXT = st.text(max_size=40) | st.sampled_from(HOSTILE) | st.text("./\\: \0a", max_size=8)


@pytest.mark.parametrize("name", [*HOSTILE, None, 3, b"a", ["a"], "caf\udce9"])
def test_text_that_is_not_one_path_component_is_refused_with_a_reason(name):
    assert name_problem(name)
    assert path_problem(name) or name == "a/b"


@pytest.mark.parametrize("name", GOOD)
def test_ordinary_names_in_every_alphabet_are_accepted(name):
    assert name_problem(name) == ""


@given(TEXT)
def test_an_accepted_name_stays_in_its_folder_on_every_system(name):
    if not name_problem(name):
        for kind in (PurePosixPath, PureWindowsPath):
            assert kind("folder", name).parent == kind("folder")
        assert len(Path("folder", f"{name}.h5.01234567.part").name.encode()) <= 255


@given(st.lists(TEXT, max_size=4))
def test_an_accepted_path_stays_below_its_folder(parts):
    path = "/".join(parts)
    if not path_problem(path):
        assert ".." not in PurePosixPath(path).parts and not PurePosixPath(path).is_absolute()


@given(TEXT)
def test_any_text_becomes_a_component_and_converting_again_changes_nothing(text):
    made = component(text)
    assert name_problem(made) == ""
    assert component(made) == made


def test_names_in_other_alphabets_stay_distinct():
    assert len({component(name) for name in ("一", "二", "茶壶", "mug", "Mug")}) == 5
    assert component("e\u0301") == component("\u00e9")


@pytest.mark.parametrize("name", ["._city.exr", ".DS_Store", "__MACOSX", "._train-00000.h5"])
def test_leftovers_of_tools_are_recognised(name):
    assert is_left_by_tools(name) and not is_left_by_tools("city.exr")
