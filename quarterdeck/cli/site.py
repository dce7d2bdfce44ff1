"""`quarterdeck site` and `pack`: where a version's pages are, and a quarter as a document for the agenda."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.output import AsJson, emit_json, refuse

if TYPE_CHECKING:
    from quarterdeck.settings import Settings

_A_VERSION = "v00003, 3 or current."


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(short_help="Say where the pages of a version are, or build them.")(site)
    app.command(short_help="Write a quarter as Word, a page to print, and PDF.")(pack)


def site(
    version: Annotated[str, typer.Argument(help=_A_VERSION)] = "current",
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Build the pages again into this new or empty folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say where the pages of a version are, to be opened in a browser; with --out, build them again elsewhere."""
    from pages.build import SITE, build_site
    from publication.store import PublicationError
    from publication.verify import reading
    from quarterdeck.settings import Settings

    settings = Settings()
    folder = _folder(settings, version)
    if out:
        try:
            with reading(settings, folder.name):
                build_site(folder, out, tell=lambda line: typer.echo(line, err=True))
        except (FileExistsError, PublicationError) as error:
            refuse(str(error))
    first = (out or folder / SITE).absolute() / "index.html"
    if not first.is_file():
        refuse(f"{folder.name} was published without pages. Build them with --out FOLDER.")
    if as_json:
        emit_json({"version": folder.name, "index": str(first)})
    else:
        typer.echo(str(first))


def pack(
    organisation: Annotated[str, typer.Argument(help="Its code or short name: E10000024, nottinghamshire.")],
    quarter: Annotated[str, typer.Argument(help="The fiscal quarter, as '2018-19 Q2' or 2018-19Q2.")],
    version: Annotated[str, typer.Option(help=_A_VERSION)] = "current",
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder to write into.")] = Path("."),
    as_json: AsJson = False,
) -> None:
    """Write a quarter as a Word document and a page to print, and as PDF where a Chromium is installed."""
    from pages.pack import PackError, build_pack
    from publication.store import PublicationError
    from publication.verify import reading
    from quarterdeck.settings import Settings

    settings = Settings()
    folder = _folder(settings, version)
    try:
        with reading(settings, folder.name):
            files = build_pack(folder, organisation, quarter, out)
    except (PackError, PublicationError) as error:
        refuse(str(error))
    if as_json:
        emit_json({"version": folder.name, "files": [str(path) for path in files]})
        return
    for path in files:
        typer.echo(str(path))
    if files[-1].suffix != ".pdf":
        typer.echo("No Chromium was found, so there is no PDF. Print the page from any browser.", err=True)


def _folder(settings: "Settings", version: str) -> Path:
    """The folder of a version; ends the command where there is none."""
    from publication import store

    try:
        return settings.published / store.resolve(settings, version)
    except store.PublicationError as error:
        refuse(str(error))
