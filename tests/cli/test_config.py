"""`odd-bench config` explains every key of every configuration."""

import pytest
import yaml
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.cli.config import chosen
from odd_bench.configuration import ConfigError, explained, to_mapping
from odd_bench.methods import METHODS

EVERYTHING = ("generate", *METHODS)
RUN = CliRunner()


@pytest.mark.parametrize("of", EVERYTHING)
def test_every_key_is_explained_in_sentences(of):
    for one in explained(chosen(of).cls):
        assert one.text.endswith((".", ")")) and one.text[0] == one.text[0].upper(), one.key


@pytest.mark.parametrize("of", EVERYTHING)
def test_every_named_configuration_is_shown_resolved(of):
    names = RUN.invoke(app, ["config", "show", "--of", of], catch_exceptions=False).output.split()
    assert names == list(chosen(of).named())
    shown = RUN.invoke(app, ["config", "show", names[0], "--of", of], catch_exceptions=False).output
    assert yaml.safe_load(shown) == to_mapping(chosen(of).load(names[0]))


def test_a_key_is_explained_alone_and_a_section_with_all_its_keys():
    one = RUN.invoke(app, ["config", "explain", "scene.rest"], catch_exceptions=False).output
    assert one.startswith("scene.rest = upright\n    Rest pose of the objects. `upright`: the shape is dropped once")
    section = RUN.invoke(app, ["config", "explain", "scene"], catch_exceptions=False).output
    assert section.startswith("scene:\n") and one in section and "orbit" not in section


def test_the_error_for_an_unknown_key_names_the_nearest():
    with pytest.raises(ConfigError, match=r"found no key 'scene.rset' of generate.*Did you mean 'scene.rest'"):
        RUN.invoke(app, ["config", "explain", "scene.rset"], catch_exceptions=False)
