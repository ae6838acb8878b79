"""The command that installs an extra names its source: the checkout, the file, or the package of an index."""

import json
from importlib import metadata
from pathlib import Path

import pytest

from odd_bench import extras
from odd_bench.extras import install_command


class Installed:
    def __init__(self, origin):
        self.origin = origin

    def read_text(self, name):
        assert name == "direct_url.json"
        return self.origin


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "file:///home/a%20b/odd", "dir_info": {"editable": True}}, "pip install -e '/home/a b/odd[train]'"),
        ({"url": "file:///home/odd", "dir_info": {}}, "pip install '/home/odd[train]'"),
        (
            {"url": "file:///tmp/odd_bench-0.1.0.whl", "archive_info": {}},
            "pip install '/tmp/odd_bench-0.1.0.whl[train]'",
        ),
        ({"url": "https://example.org/odd.git", "vcs_info": {}}, "pip install 'odd-bench[train]'"),
        (None, "pip install 'odd-bench[train]'"),
    ],
)
def test_the_command_follows_the_source_of_the_package(monkeypatch, origin, command):
    told = Installed(None if origin is None else json.dumps(origin))
    monkeypatch.setattr(metadata, "distribution", lambda name: told)
    monkeypatch.setattr(extras, "__file__", "/site-packages/odd_bench/extras.py")
    assert install_command("train") == command


def test_build_leftovers_do_not_hide_a_checkout(monkeypatch):
    """Metadata without a record of pip, as setuptools writes next to the package."""
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(None))
    monkeypatch.chdir("/")
    assert install_command("train") == f"pip install -e '{Path(extras.__file__).parents[1]}[train]'"


def test_the_checkout_in_the_current_folder_is_a_dot(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    root = Path(extras.__file__).parents[1]
    monkeypatch.chdir(root)
    assert install_command("train") == "pip install -e '.[train]'"
    monkeypatch.chdir("/")
    assert install_command("train") == f"pip install -e '{root}[train]'"
