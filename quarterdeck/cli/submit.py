"""`quarterdeck submit`: put files into landing."""

import filecmp
import itertools
import os
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli.output import AsJson, emit_json, refuse


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(submit)


def submit(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders of files to take whole.")],
    organisation: Annotated[str | None, typer.Option(help="Whose files they are: slug or code.")] = None,
    feed: Annotated[str | None, typer.Option(help="Which feed they belong to.")] = None,
    period: Annotated[str | None, typer.Option(help="For which month, as YYYY-MM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put files into landing/, where the next run takes them from.

    A path that ends in <organisation>/<feed>/<YYYY-MM>/<file> says what a file is; where it does not, give all three
    options. Nothing is submitted unless every file can be placed.
    """
    from quarterdeck.organisations import Place, UnplaceableError, place_said
    from quarterdeck.settings import Settings

    settings = Settings()
    placed: list[tuple[Path, Place]] = []
    for path in _expand(files):
        try:
            placed.append((path, place_said(settings, path, organisation, feed, period)))
        except UnplaceableError as error:
            refuse(f"{path}: {error}. Nothing was submitted.")
    for path, where in placed:
        folder = settings.landing / where.organisation_code / where.feed / where.reporting_period
        _put(path, folder, settled=time.time() - settings.settle_seconds)
    if as_json:
        emit_json([{"file": path.name, **vars(where)} for path, where in placed])
    else:
        typer.echo(f"{len(placed)} file{'s' if len(placed) != 1 else ''} submitted; `quarterdeck run` takes them on.")


def _expand(files: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in files:
        if path.is_dir():
            found.extend(sorted(inner for inner in path.rglob("*") if inner.is_file() and not is_passing(inner)))
        elif is_passing(path):
            refuse(f"{path}: names like this are a spreadsheet's locks and half-copied files. Nothing was submitted.")
        elif path.is_file():
            found.append(path)
        else:
            refuse(f"{path}: there is no such file. Nothing was submitted.")
    if not found:
        refuse("There is no file to submit.")
    return found


def is_passing(path: Path) -> bool:
    """Whether a file's name is that of a spreadsheet's lock, or of a file that is still being copied."""
    return path.name.startswith((".", "~$"))


def _put(path: Path, folder: Path, *, settled: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Whoever scans landing passes over names that start with a dot: a file is there whole, or not yet.
    partial = folder / f".{os.getpid()}.partial"
    try:
        shutil.copyfile(path, partial)
        # And so that nobody waits to see whether it is whole, it says that it was before now.
        os.utime(partial, (settled, settled))
        partial.replace(_free(folder / path.name, partial))
    finally:
        partial.unlink(missing_ok=True)


def _free(target: Path, content: Path) -> Path:
    """The first of `name`, `name_(02)`, … that is free or holds the same bytes: nothing that waits is written over.

    Files that wait together are taken in the order of their names, in which the later ones come last.
    """
    stems = (f"{target.stem}_({count:02d})" if count > 1 else target.stem for count in itertools.count(1))
    candidates = map(target.with_stem, stems)
    return next(path for path in candidates if not path.exists() or filecmp.cmp(path, content, shallow=False))
