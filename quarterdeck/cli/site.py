"""`quarterdeck site`: where a version's pages are, or build them again elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli.output import AsJson, emit_json, refuse
from quarterdeck.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(site)


def site(
    version: Annotated[str, typer.Argument(help="v00003, 3 or current.")] = "current",
    out: Annotated[Path | None, typer.Option(help="Build the pages again into this new or empty folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say where the pages of a version are, to be opened in a browser; with --out, build them again elsewhere."""
    from pages.build import SITE, build_site
    from pages.definitions import read_definitions
    from publication import store

    settings = Settings()
    try:
        folder = settings.published / store.resolve(settings, version)
        if out:
            build_site(folder, out, read_definitions(settings))
    except (store.PublicationError, FileExistsError) as error:
        refuse(str(error))
    first = (out or folder / SITE).absolute() / "index.html"
    if not first.is_file():
        refuse(f"{folder.name} was published without pages. Build them with --out FOLDER.")
    if as_json:
        emit_json({"version": folder.name, "index": str(first)})
    else:
        typer.echo(str(first))
