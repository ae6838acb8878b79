"""`odd-bench config`: the named configurations, and the meaning of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from odd_bench.configuration import Configurations

app = typer.Typer(no_args_is_help=True, help="Show named configurations, and explain their keys.")
Of = Annotated[str, typer.Option("--of", help="generate or a method: reference, imvoxelnet, detr3d, colmap-dgcnn.")]


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="A configuration, e.g. toys-mini. Default: list them.")] = None,
    of: Of = "generate",
) -> None:
    """Print a resolved configuration as YAML, every key with its value."""
    import yaml

    from odd_bench.configuration import to_mapping

    configurations = chosen(of)
    if name is None:
        typer.echo("\n".join(configurations.named()))
        return
    typer.echo(yaml.safe_dump(to_mapping(configurations.load(name)), sort_keys=False), nl=False)


@app.command()
def explain(
    key: Annotated[
        str | None, typer.Argument(help="A key or a section, e.g. scene.rest or orbit. Default: all.")
    ] = None,
    of: Of = "generate",
) -> None:
    """Explain a key, or every key of a section, and state the default."""
    from odd_bench.configuration import ConfigError, did_you_mean, explained

    every = list(explained(chosen(of).cls))
    found = [one for one in every if key is None or one.key == key or one.key.startswith(f"{key}.")]
    if not found:
        near = did_you_mean(key, [one.key for one in every])
        raise ConfigError(
            f"config explain: found no key {key!r} of {of}; expected a key that `odd-bench config explain --of {of}` lists{near}"
        )
    for one in found:
        typer.echo(f"{one.key}:" if one.section else f"{one.key} = {plain(one.default)}")
        typer.echo(f"    {one.text}")


def chosen(of: str) -> Configurations:
    """The configurations of generation or of a method. Raises WrongUse for another name."""
    if of == "generate":
        from odd_bench.generate.config import CONFIGURATIONS

        return CONFIGURATIONS
    from odd_bench.methods import method_spec

    return method_spec(of).configurations


def plain(default: object) -> str:
    """A default as one line of YAML, or "(must be given)" if there is none."""
    from dataclasses import MISSING

    import yaml

    if default is MISSING:
        return "(must be given)"
    value = dict(default) if hasattr(default, "items") else list(default) if isinstance(default, tuple) else default
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).replace("\n...", "").strip()
