"""Rules for the whole code base, such as the order of packages, read from the source of every file."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = (
    "errors", "counted", "names", "terminal", "extras", "plain_file", "atomic", "kept", "picture_file", "child_process", "locking",
    "json_lines", "color", "html_page", "strict_yaml", "configuration", "scene", "plan_line", "geometry", "scoring", "data",
    "report", "published", "shapes", "anomalies", "render", "blender_jobs", "generate", "assets", "assets_manifest", "blocks",
    "training", "detector", "baselines", "methods", "weights", "captures", "view", "detect", "reproduce", "cli", "__main__",
)  # fmt: skip
BESIDE = (
    "baselines",
    "blender_jobs",
    "assets_manifest",
)  # folders of the repository that are installed below odd_bench
TOPS = ("odd_bench", *(f"odd_bench.{folder}" for folder in BESIDE))
HEAVY = {"bpy", "torch", "torchvision", "open3d", "pycolmap", "h5py", "PIL", "trimesh", "matplotlib"}


def modules() -> dict[str, Path]:
    """The files of all modules by the names under which they are imported."""
    found = {}
    for top in ("odd_bench", *BESIDE):
        for file in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name if top == "odd_bench" else f"odd_bench.{name}"] = file
    return found


MODULES = modules()


def imported(node: ast.AST) -> Iterator[str]:
    """The names of the project's modules and of the top-level packages that a piece of code imports, within functions too."""
    for one in ast.walk(node):
        if isinstance(one, ast.Import):
            yield from (alias.name for alias in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            for alias in one.names:
                inner = f"{one.module}.{alias.name}"
                yield inner if inner in MODULES else one.module
        elif is_import_by_name(one):
            yield str(one.args[0].value)


def is_import_by_name(node: ast.AST) -> bool:
    """Whether this is `import_module("...")`."""
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", getattr(node.func, "id", "")) != "import_module":
        return False
    return bool(node.args) and isinstance(node.args[0], ast.Constant)


def package(module: str) -> str:
    """The package of a module: `odd_bench.data.shards` is in `data`."""
    return module.split(".")[1] if "." in module else module


GRAPH = {
    name: {other for other in imported(ast.parse(file.read_text())) if other in MODULES and other != name}
    for name, file in MODULES.items()
}


@pytest.mark.parametrize("place", range(len(ORDER)))
def test_a_package_imports_only_packages_before_it(place):
    own = {name: others for name, others in GRAPH.items() if package(name) == ORDER[place]}
    later = {
        f"{name} imports {other}"
        for name, others in own.items()
        for other in others
        if package(other) in ORDER[place + 1 :]
    }
    assert not later


def test_every_package_has_a_place_in_the_order():
    assert {package(name) for name in MODULES} - {"odd_bench"} <= set(ORDER)


def test_there_are_no_circular_imports():
    rest = {name: set(others) for name, others in GRAPH.items()}
    while free := {name for name, others in rest.items() if not others & rest.keys()}:
        rest = {name: others for name, others in rest.items() if name not in free}
    assert not rest, f"in circles, or leading to one: {sorted(rest)}"


def test_only_blender_jobs_imports_bpy():
    users = {name for name, file in MODULES.items() if "bpy" in set(imported(ast.parse(file.read_text())))}
    assert users and all(package(name) == "blender_jobs" for name in users)


@pytest.mark.parametrize("name", ["odd_bench", "odd_bench.cli"])
def test_heavy_packages_are_imported_inside_commands(name):
    """Neither `import odd_bench` nor `odd-bench --help` loads them, by any chain of imports at the top of files."""
    reached, waiting = set(), [name]
    while waiting:
        tree = ast.parse(MODULES[waiting.pop()].read_text())
        top = ast.Module([one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)], [])
        for other in set(imported(top)) - reached:
            reached.add(other)
            waiting += [other] if other in MODULES else []
    assert not {other.split(".")[0] for other in reached} & HEAVY


def test_the_wheel_contains_every_folder_and_every_file():
    """setuptools only warns of a data folder that is not listed, and silently omits a file that no pattern matches."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {top: ROOT / (top if top == "odd_bench" else top.removeprefix("odd_bench.")) for top in TOPS}
    held = {
        file: ".".join((top, *file.relative_to(folder).parts[:-1]))
        for top, folder in folders.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert sorted(settings["packages"]) == sorted(set(held.values()))
    patterns = ("*.py", *settings["package-data"]["*"])
    assert not [file for file in held if not any(file.match(pattern) for pattern in patterns)]


MADE = ("Console", "Progress")  # a type may be imported, but not called
READS_MARKUP = {"print", "escape", "track", "TextColumn", "TaskProgressColumn", "SpinnerColumn", "get_console"}


def test_only_one_console_prints_foreign_text_and_it_reads_no_markup():
    """Other modules take only tables, columns of numbers and types from rich, and print through odd_bench.terminal."""
    makers = {
        f"{name}:{one.lineno}: {ast.unparse(one)}"
        for name, file in MODULES.items()
        for one in ast.walk(ast.parse(file.read_text()))
        if name != "odd_bench.terminal" and reads_markup(one)
    }
    assert not makers


def reads_markup(node: ast.AST) -> bool:
    """Whether the code makes a console or a progress bar of rich, or imports something from rich that reads or escapes markup."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", getattr(node.func, "id", "")) in (*MADE, "from_markup")
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich":
        return node.module == "rich.markup" or bool(READS_MARKUP & {alias.name for alias in node.names})
    return isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "rich" for alias in node.names)


READ_AS_THEY_ARE = {
    "odd_bench.plain_file": "the way in",
    "odd_bench.scoring.source": "a pipe may be scored",
    "odd_bench.shapes.limited": "/proc",
    "odd_bench.generate.installation": "own code",
    "odd_bench.generate.pool": "a log of an own child",
    "odd_bench.configuration": "files of the package",
    "odd_bench.assets.manifest_file": "files of the package",
    "odd_bench.extras": "files of the package",
    "odd_bench.data.dataset": "teacher features are mapped into memory",
}


def test_files_are_read_only_through_plain_file():
    """It neither waits for a pipe nor lets a large file fill the memory."""
    readers = {
        f"{name}:{one.lineno}: {ast.unparse(one)}"
        for name, file in MODULES.items()
        for one in ast.walk(ast.parse(file.read_text()))
        if name not in READ_AS_THEY_ARE and reads_by_path(one)
    }
    assert not readers


def reads_by_path(node: ast.AST) -> bool:
    """Whether the code reads any file by its path, except files next to the code."""
    if not isinstance(node, ast.Call) or "__file__" in ast.unparse(node.func):
        return False
    if ast.unparse(node.func) == "np.load":
        return ast.unparse(node.args[0]) != "file" and not isinstance(node.args[0], ast.Call)  # `file` is an open file
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in ("read_text", "read_bytes")
    if getattr(node.func, "id", "") != "open":
        return False
    mode = ast.unparse(node.args[1]) if len(node.args) > 1 else "'r'"
    return not set("wax+") & set(mode)


def test_messages_name_no_page_of_the_checkout():
    """An installed package has no docs/, so that a message must not tell the user to read or run files of the checkout."""
    named = []
    for name, file in MODULES.items():
        tree = ast.parse(file.read_text())
        texts = {id(one): one for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        for one in ast.walk(tree):
            if isinstance(one, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(one):
                del texts[id(one.body[0].value)]
        named += [
            f"{name}, line {one.lineno}"
            for one in texts.values()
            if re.search(r"\b(docs|tests|benchmarks)/", one.value)
        ]
    assert not named


MANY_FILES = 8


def files_of(name: str) -> list[str]:
    """The names of the files and packages in a package."""
    folder = MODULES[name].parent
    found = {one.stem for one in folder.glob("*.py")} | {one.parent.name for one in folder.glob("*/__init__.py")}
    return sorted(found - {"__init__"})


PACKAGES = [
    name
    for name, file in MODULES.items()
    if file.name == "__init__.py"
    and name.count(".") == 1
    and len(files_of(name)) >= MANY_FILES
    and name != "odd_bench.cli"
]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_large_package_lists_the_purpose_of_its_files(name):
    """The name of a command leads to its file in cli/, and then to this list: two steps to any behaviour."""
    listed = re.findall(r"^- (.*?):", ast.get_docstring(ast.parse(MODULES[name].read_text())) or "", re.M)
    assert sorted(re.findall(r"`([a-z_0-9]+)`", " ".join(listed))) == files_of(name)


def test_html_pages_start_in_one_place():
    """There all of them get a title, escaping and a layout that fits phones."""
    beginnings = {name for name, file in MODULES.items() if "<!doctype" in file.read_text().lower()}
    assert beginnings == {"odd_bench.html_page"}


def test_make_bench_runs_the_scripts_that_need_no_argument():
    (named,) = re.findall(r"^BENCHMARKS := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert named.split() == sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if not asks(path))


def asks(script: Path) -> bool:
    """Whether a script with argparse has a required argument."""
    calls = [call for call in ast.walk(ast.parse(script.read_text())) if isinstance(call, ast.Call)]
    asked = [call for call in calls if getattr(call.func, "attr", "") == "add_argument"]
    keywords = [{key.arg for key in call.keywords} for call in asked]
    return any(
        "required" in found or not (ast.literal_eval(call.args[0]).startswith("-") or "nargs" in found)
        for call, found in zip(asked, keywords, strict=True)
    )


def classes() -> dict[str, ast.ClassDef]:
    """Every class of the package by its name."""
    trees = [ast.parse(file.read_text()) for file in MODULES.values()]
    return {one.name: one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.ClassDef)}


def is_told_in_lines(name: str, known: dict[str, ast.ClassDef]) -> bool:
    """Whether a class or one that it is made from says `in_lines = True`."""
    one = known.get(name)
    if one is None:
        return False
    said = any(isinstance(line, ast.Assign) and ast.unparse(line) == "in_lines = True" for line in one.body)
    return said or any(is_told_in_lines(ast.unparse(base).rpartition(".")[2], known) for base in one.bases)


def test_only_errors_printed_in_lines_have_messages_of_several_lines():
    """The command line shows a line break in the message of any other class as `\\x0a`."""
    known, seen, wrong = classes(), set(), []
    for name, file in MODULES.items():
        for one in ast.walk(ast.parse(file.read_text())):
            if not isinstance(one, ast.Raise) or not isinstance(one.exc, ast.Call):
                continue
            raised = ast.unparse(one.exc.func).rpartition(".")[2]
            texts = [part.value for part in ast.walk(one.exc) if isinstance(part, ast.Constant)]
            if any(isinstance(text, str) and "\n" in text for text in texts):
                seen.add(raised)
                wrong += [] if is_told_in_lines(raised, known) else [f"{name}:{one.lineno} raises {raised}"]
    assert {"Unreachable", "ByHand"} <= seen and not wrong
