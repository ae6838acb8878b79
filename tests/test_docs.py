"""Everything that the documentation names exists: commands, options, keys, files, names, links, extras, presets."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.configuration import explained
from odd_bench.generate.config import CONFIGURATIONS, load_preset, with_overrides
from odd_bench.generate.run import check_categories
from odd_bench.methods import METHODS, method_spec
from odd_bench.shapes import cad, toys
from tests.short_training import write_small_scenes

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
CODE = {
    top: [file for file in sorted((ROOT / top).rglob("*")) if file.suffix in (".py", ".yaml", ".sbatch")]
    for top in ("odd_bench", "baselines", "blender_jobs", "assets_manifest", "benchmarks", "examples")
}
FILES = {file.relative_to(ROOT).as_posix() for top in ROOT.iterdir() if top.name in (
    "odd_bench", "baselines", "blender_jobs", "assets_manifest", "benchmarks", "examples", "tests", "docs",
) for file in top.rglob("*") if file.is_file()}  # fmt: skip
TEXTS = {page.relative_to(ROOT).as_posix(): [page] for page in PAGES} | CODE  # files by their paths
of_text = pytest.mark.parametrize("files", TEXTS.values(), ids=TEXTS)
of_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def blocks(page: Path, language: str = r"\w*") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def inline(text: str) -> list[str]:
    """The texts between single backticks outside of code blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def commands(page: Path) -> list[str]:
    """The lines of code blocks that call odd-bench."""
    lines = [
        line.partition("  #")[0].strip() for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()
    ]
    return [line for line in lines if line.startswith("odd-bench ")]


@cache
def every_command() -> typer.core.TyperGroup:
    return typer.main.get_command(app)


def defined_shapes(page: Path) -> list[str]:
    """Names of the categories and families that the code of a page defines."""
    return [
        name
        for block in blocks(page, "python")
        for name in re.findall(r"^def (\w+)\(\w+: (?:np\.random\.Generator|Draws)\)", block, re.MULTILINE)
    ]


def command_of(line: str) -> tuple[typer.core.TyperCommand, list[str]]:
    """The command that a line calls, and the words after its name."""
    command, words = every_command(), shlex.split(line)[1:]
    while hasattr(command, "commands"):
        assert words and words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    return command, words


@cache
def keys(of: str) -> frozenset[str]:
    """Every key of a configuration: of `generate`, or of a method."""
    configurations = CONFIGURATIONS if of == "generate" else method_spec(of).configurations
    return frozenset(one.key for one in explained(configurations.cls))


@of_page
def test_every_command_shown_exists_with_its_options(page):
    for line in commands(page):
        command, words = command_of(line)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= known | {"--help"}, line


@of_page
def test_every_key_that_a_command_sets_exists(page):
    for line in commands(page):
        _, words = command_of(line)
        of = "generate" if line.startswith("odd-bench generate") else dict(pairwise(words)).get("--model")
        known = keys(of) if of else frozenset().union(*map(keys, METHODS))
        for option, value in pairwise(words):
            if option == "--set":
                assert is_key(value.partition("=")[0], known), line


@of_page
def test_every_command_shown_parses(page, monkeypatch):
    """Option values have the right types, the number of arguments fits, and the set keys exist in the configuration."""
    for name in defined_shapes(page):
        monkeypatch.setattr(toys, "SEEN", (*toys.SEEN, name))
        monkeypatch.setitem(cad.FAMILIES, name, None)
    for line in commands(page):
        command, words = command_of(line)
        for parameter in command.params:
            monkeypatch.setattr(parameter, "callback", None)  # which checks whether files exist
        with command.make_context(line, words) as context:
            given = context.params
        overrides = given.get("overrides") or given.get("set_") or []
        if line.startswith("odd-bench generate"):
            config = with_overrides(load_preset(shlex.split(line)[2], given["preset"]), overrides)
            wanted = tuple(given["categories"].split(",")) if given.get("categories") else ()
            check_categories(replace(config, categories=wanted))
        elif line.startswith("odd-bench train"):
            configurations = method_spec(given["model"]).configurations
            configurations.with_overrides(configurations.load(given["config"]), overrides)


@of_page
def test_all_weights_that_a_command_names_are_shipped_or_a_file(page):
    from odd_bench.weights import shipped

    named = re.findall(r"--(?:weights|init-from)[ =](\S+)", "\n".join(commands(page)))
    assert not [name for name in named if "/" not in name and "." not in name and name not in shipped()]


def is_key(key: str, known: frozenset[str]) -> bool:
    """Whether the name is one of the keys, or an entry of a mapping that is."""
    return key in known or key.rpartition(".")[0] in known


SECTIONS = "model|train|augment|scene|odd|orbit|render|anomalies|splits"


@of_page
def test_every_key_named_in_the_text_exists(page):
    every = keys("generate").union(*map(keys, METHODS))
    for code in inline(page.read_text()):
        found = re.fullmatch(rf"(?:--set )?((?:{SECTIONS})\.[a-z0-9_.]+)(?:=\S*)?", code)
        if found and not found[1].endswith((".py", ".yaml")):
            assert is_key(found[1], every), code


@of_text
def test_every_command_named_in_passing_exists(files):
    named = {code: file for file in files for code in re.findall(r"`(odd-bench [^`\n]+)`", file.read_text())}
    for code, file in named.items():
        words = re.match(r"odd-bench((?: [a-z0-9]+(?![\w=./-]))*)", code)[1].split()
        command = every_command()
        for word in words:
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, (file, code)
            command = command.commands[word]


@of_page
def test_every_link_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or there.suffix != ".md" or anchor in anchors_of(there), f"{target}#{anchor}"


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page that a link may name: those of headings, as the site makes them, and explicit ones."""
    outside = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*?)\s*$", outside, re.M)
    plain = (re.sub(r"\]\([^)]*\)|[^\w\s-]", "", heading).strip().lower() for heading in headings)
    named = re.findall(r"\{ #([\w-]+) \}", outside) + re.findall(r'id="([^"]+)"', outside)
    return {re.sub(r"[-\s]+", "-", one) for one in plain} | set(named)


@of_text
def test_every_named_file_exists(files):
    """`crack.py` may be anywhere; a path that starts with a known folder is relative to the root."""
    tops = "odd_bench|baselines|blender_jobs|assets_manifest|benchmarks|examples|tests|docs"
    for file in files:
        text = file.read_text()
        for path in re.findall(rf"(?<![\w./-])((?:{tops})/[\w./-]+\.(?:py|md|ya?ml|json|sbatch|jpg))\b", text):
            assert path in FILES, (file, path)
        for name in inline(text) if file.suffix == ".md" else ():
            if re.fullmatch(r"[\w/-]+\.py", name):
                assert any(f"/{one}".endswith(f"/{name}") for one in FILES), (file, name)


@of_page
def test_every_included_file_is_named_in_the_syntax_of_the_site(page):
    """A formatter that takes the line for Python would add spaces, and the page would show the line."""
    for line in re.findall(r"^.*--\s*8\s*<.*$", page.read_text(), re.MULTILINE):
        included = re.fullmatch(r'--8<-- "([^"]+)"', line)
        assert included and included[1] in FILES, line


def resolved(name: str) -> object:
    """The object with the dotted name `odd_bench.geometry.boxes.iou`. Raises AttributeError if there is none."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if not name.startswith(error.name or " "):
                raise
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


def imports(source: str) -> Iterator[str]:
    for one in ast.walk(ast.parse(source)):
        if isinstance(one, ast.ImportFrom):
            yield from (f"{one.module}.{alias.name}" for alias in one.names)
        elif isinstance(one, ast.Import):
            yield from (alias.name for alias in one.names)


@of_page
def test_every_name_of_the_interface_exists(page):
    text = page.read_text()
    named = [code for code in inline(text) if re.fullmatch(r"odd_bench(\.\w+)+", code)]
    named += re.findall(r"^::: (\S+)", text, re.MULTILINE)
    named += re.findall(r"python -m (odd_bench[\w.]*)", text)
    sources = [block for block in blocks(page, "python") if "--8<--" not in block]
    named += [name for block in sources for name in imports(block) if name.startswith("odd_bench")]
    for name in named:
        resolved(name)


@of_page
def test_every_extra_exists(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for listed in re.findall(r"(?:odd-bench|\.)\[([\w,]+)\]", page.read_text()):
        assert set(listed.split(",")) <= extras.keys(), listed


def test_the_page_of_the_package_index_has_no_relative_links():
    """On the index, links into the checkout lead nowhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not re.findall(r"\]\(|<img|href=", (ROOT / project["readme"]).read_text())
    for url in project.get("urls", {}).values():
        assert url.startswith("https://")


def test_the_navigation_contains_every_page_once():
    def listed(node: object) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        else:
            for child in node.values() if isinstance(node, dict) else node:
                yield from listed(child)

    nav = list(listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert sorted(nav) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_page_of_commands_lists_every_command():
    def named(command: typer.core.TyperCommand, name: str) -> Iterator[str]:
        if not hasattr(command, "commands"):
            yield name
        else:
            for word, one in command.commands.items():
                yield from named(one, f"{name} {word}")

    listed = re.findall(r"^\| `(odd-bench [^`]+)` \|", (DOCS / "reference" / "commands.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(named(every_command(), "odd-bench"))


def test_the_page_of_presets_states_every_preset():
    rows = re.findall(r"^\| `([\w-]+)` \|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|",
                      (DOCS / "reference" / "presets.md").read_text(), re.MULTILINE)  # fmt: skip
    assert sorted(row[0] for row in rows) == sorted(CONFIGURATIONS.named())
    for name, *stated in rows:
        config = CONFIGURATIONS.load(name)
        splits, pixels, engine, rest, depth = (text.strip() for text in stated)
        counts = [int(count.replace(",", "")) for count in re.findall(r"[\d,]+", splits)]
        assert counts == list(config.splits.values()), name
        assert (int(pixels), engine, rest) == (config.orbit.pixels, config.render.engine, config.scene.rest), name
        assert depth == ("yes" if config.depth else "no"), name


def test_the_table_of_presets_in_the_readme_agrees_with_the_page():
    """Scenes, hours and gigabytes of every preset."""
    page = re.findall(r"^\| `([\w-]+)` \|([^|]+)\|[^|]+\|[^|]+\|[^|]+\|[^|]+\|([^|]+)\|([^|]+)\|",
                      (DOCS / "reference" / "presets.md").read_text(), re.MULTILINE)  # fmt: skip
    told = {name: [sum(int(one.replace(",", "")) for one in re.findall(r"[\d,]+", splits)), hours.strip(), size.strip()]
            for name, splits, hours, size in page}  # fmt: skip
    stated = {}
    for row in re.findall(r"^\| (`.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE):
        first, *cells = [cell.strip() for cell in row.split("|")]
        if len(cells) != 6 or first == "`--preset`":
            continue
        for kind, (scenes, hours, size) in (("toys", cells[:3]), ("parts", cells[3:])):
            for name in re.findall(r"`([\w-]+)`", first):
                known = re.findall(r"`([\w-]+)`", hours)  # as another preset
                if known:
                    stated[f"{kind}-{name}"] = told[f"{kind}-{name.removeprefix('tumbled-')}"]
                elif scenes:
                    stated[f"{kind}-{name}"] = [int(scenes.replace(",", "")), hours, size]
    assert stated == told


def test_the_keys_that_the_page_of_configuration_explains_are_explained():
    for line in commands(DOCS / "reference" / "configuration.md"):
        if line.startswith("odd-bench config"):
            result = CliRunner().invoke(app, shlex.split(line)[1:])
            assert result.exit_code == 0 and result.output, line


def test_the_example_trains_and_scores(tmp_path, monkeypatch, capsys):
    source = (ROOT / "examples" / "train_and_score.py").read_text()
    assert "overrides=[]" in source
    write_small_scenes(tmp_path / "scenes")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["train_and_score.py", "scenes"])
    short = source.replace("overrides=[]", 'overrides=["train.steps=[1, 1]"]')
    exec(compile(short, "train_and_score.py", "exec"), {"__name__": "__main__"})
    assert re.search(r"AUC \(detect\) of runs.tiny.predictions\.json: \d\.\d+", capsys.readouterr().out)
