"""`quarterdeck trace`: from a published figure to the cells it came from, and the arithmetic between."""

import contextlib
import hashlib
import re
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterdeck.cli.output import FOUND, AsJson, emit_json, refuse

if TYPE_CHECKING:
    from loaders.cells import Sheet
    from loaders.text import CellValue
    from publication.manifest import Source
    from publication.trace import CellContent, Figure, Operand, SourceCell, Trace
    from quarterdeck.settings import Settings

_SIGNS = {"add": "+", "subtract": "-", "divide_by": "/"}
# How figures of a unit are written where a plain number is not; each parser refuses what the others read.
_WRITTEN = {"gbp": "money", "percent": "percent", "percent_change": "percent_points", "seconds": "duration"}
_PARTS = re.compile(r"\s*[/|;]\s*")
_LONGEST_TEXT = 100
_MOST_DECIMALS = 6


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(short_help="Show the cells that a published figure comes from.")(trace)


def trace(
    mart: Annotated[str, typer.Argument(help="The mart, for example project_status.")],
    key: Annotated[str, typer.Argument(help="The row: column=value pairs between commas, or a name its key holds.")],
    column: Annotated[str, typer.Argument(help="The figure; without it, every one of the row.")] = "",
    version: Annotated[
        str, typer.Option(help="In which version: v00003, 3, current, or a day (2018-11-05).")
    ] = "current",
    as_json: AsJson = False,
) -> None:
    """Show where a published figure comes from: file, sheet and cell, and the arithmetic between.

    The cells are read again from the archived files. Exit code 1 where one cannot be read, or where a figure is not
    what its origin comes to.
    """
    from publication.store import PublicationError
    from publication.trace import trace as trace_figures
    from publication.verify import reading
    from quarterdeck.settings import Settings

    settings = Settings()
    try:
        with reading(settings, version):
            found = trace_figures(settings, ArchivedCells(settings), mart, key, column, version)
    except PublicationError as error:
        refuse(str(error))
    if as_json:
        emit_json(asdict(found))
    else:
        _Printed(found).show()
    if not all(figure.sound for figure in found.figures):
        raise typer.Exit(FOUND)


class ArchivedCells:
    """Reads cells of archived submissions; every file is opened once."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._sheets: dict[str, dict[str, Sheet]] = {}

    def __call__(self, source: "Source", sheet: str, cell: str, unit: str | None) -> "CellContent":
        """What stands in a cell of a submission, its numbers read as figures of that unit are written.

        Raises UnreadableCellError where the archive has lost or changed the file, or the file has no such sheet.
        """
        from loaders.cells import column_number
        from loaders.text import plain
        from publication.trace import CellContent, UnreadableCellError

        if source.sha256 not in self._sheets:
            self._sheets[source.sha256] = self._read(source)
        sheets = self._sheets[source.sha256]
        if sheet not in sheets:
            raise UnreadableCellError(f"'{source.file_name}' has no sheet '{sheet}'")
        letters = cell.rstrip("0123456789")
        value = sheets[sheet].value(int(cell.removeprefix(letters)) - 1, column_number(letters))
        return CellContent(plain(value), tuple(_numbers(value, unit)))

    def _read(self, source: "Source") -> "dict[str, Sheet]":
        from pathlib import Path

        from loaders.cells import UnreadableFileError
        from loaders.formats import read_workbook
        from publication.trace import UnreadableCellError

        path = self._settings.archived(source.sha256)
        try:
            intact = hashlib.sha256(path.read_bytes()).hexdigest() == source.sha256
            sheets = read_workbook(path, Path(source.file_name).suffix).sheets if intact else []
        except (OSError, UnreadableFileError) as error:
            raise UnreadableCellError(f"the archived file {path} cannot be read ({error})") from error
        if not intact:
            raise UnreadableCellError(f"the archived file {path} is not what was received: its hash differs")
        return {sheet.name: sheet for sheet in sheets}


def _numbers(value: "CellValue", unit: str | None) -> "list[Decimal | None]":
    """The numbers that a cell says, in order: two where it holds `4.73 / 4.93`; None for a part that is no number."""
    from loaders.text import plain
    from loaders.values import says_thousands_twice

    if not isinstance(value, str):
        return [_number(value, unit)]
    text = plain(value)
    text = text[:-1] if says_thousands_twice(text) else text
    whole = _number(text, unit)
    return [whole] if whole is not None else [_number(part, unit) for part in _PARTS.split(text)]


def _number(value: "CellValue", unit: str | None) -> Decimal | None:
    """What a cell, or a part of one, says in that unit; None where it is no number."""
    from loaders.values import NotANumberError, number

    for reads in (_WRITTEN.get(unit or ""), "number"):
        if reads:
            with contextlib.suppress(NotANumberError):
                return number(value, reads)
    return None


class _Printed:
    """A trace as text; `[1]` after a cell names the submitted file it stands in, listed at the end."""

    def __init__(self, found: "Trace") -> None:
        self._trace = found
        cells = [cell for figure in found.figures for cell in figure.cells]
        self._files = {cell.submission_id: cell for cell in reversed(cells)}
        self._number = {submission_id: number for number, submission_id in enumerate(reversed(self._files), 1)}

    def show(self) -> None:
        """Print it."""
        found = self._trace
        typer.echo(f"{found.mart} in {found.version}, published {found.published_at:%Y-%m-%d %H:%M} UTC")
        name = {"organisation": found.organisation} if found.organisation else {}
        for column, value in (name | found.key).items():
            typer.echo(f"  {column}: {_plain(value)}")
        for figure in found.figures:
            typer.echo()
            typer.echo(f"{figure.column}: {_plain(figure.value)}")
            self._show_origin(figure, "  ")
        if self._files:
            typer.echo("\nSubmitted files")
        for submission_id, number in self._number.items():
            cell = self._files[submission_id]
            typer.echo(f"  [{number}] {submission_id}: {cell.file_name or 'unknown file'}")
            typer.echo(f"      received {_moment(cell.received_at)}, sha256 {cell.sha256}")

    def _show_origin(self, figure: "Figure", indent: str) -> None:
        if figure.suppressed:
            where = f"; it stands in {self._cell(figure.cell)}" if figure.cell else ""
            typer.echo(f"{indent}suppressed: it counts very few people, or protects a count that does{where}")
        elif figure.cell:
            typer.echo(f"{indent}{self._cell(figure.cell)}{_verdict(figure)}")
        elif figure.arithmetic:
            typer.echo(f"{indent}{figure.says} ({figure.arithmetic})")
            blank = 0
            for operand in figure.operands:
                if operand.figure and operand.figure.value is None and not operand.figure.suppressed:
                    blank += 1
                else:
                    self._show_operand(figure, operand, indent)
            if blank:
                typer.echo(f"{indent}  and {blank} blank")
            if figure.agrees is not None:
                typer.echo(f"{indent}= {_plain(figure.recomputed)}{_verdict(figure)}")

    def _show_operand(self, figure: "Figure", operand: "Operand", indent: str) -> None:
        sign = _SIGNS.get(operand.role, operand.role)
        if operand.cell:
            value = "" if operand.cell.number is None else f"{_plain(operand.cell.value)}: "
            typer.echo(f"{indent}{sign} {value}{self._cell(operand.cell)}")
            return
        other = operand.figure
        if other is None:
            return
        differing = [f"{name} {_plain(value)}" for name, value in other.key.items() if figure.key.get(name) != value]
        mart = "" if other.mart == figure.mart else f"{other.mart}."
        where = f" ({', '.join(differing)})" if differing else ""
        value = "suppressed" if other.suppressed else _plain(other.value)
        line = f"{indent}{sign} {value} {mart}{other.column}{where}"
        if other.cell:
            typer.echo(f"{line}: {self._cell(other.cell)}{'' if other.sound else _verdict(other)}")
            return
        typer.echo(line)
        # Words are read from what is published; how that came about is another question.
        if figure.recomputed is not None:
            self._show_origin(other, f"{indent}    ")

    def _cell(self, cell: "SourceCell") -> str:
        where = f"'{cell.sheet}'!{cell.cell} [{self._number[cell.submission_id]}]"
        if cell.suppressed:
            return f"{where}, which is not shown"
        if cell.problem:
            return f"{where}: {cell.problem}"
        says = f"{where} holds {_plain(cell.holds)}"
        if cell.number is None:
            return says
        read_as = "" if _plain(cell.number).replace(",", "") == cell.holds else f", read as {_plain(cell.number)}"
        return f"{says}{read_as}; x {_plain(cell.multiplier)} = {_plain(cell.value)}"


def _moment(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC" if text else "at an unknown time"


def _verdict(figure: "Figure") -> str:
    if figure.agrees is None:
        return ""
    return ", as published" if figure.agrees else f", but {_plain(figure.value)} is published"


def _plain(value: Any) -> str:
    """A value for people: thousands commas, no decimals that say nothing, long texts cut."""
    if value is None:
        return "blank"
    if isinstance(value, int | Decimal):
        text = f"{Decimal(value):,.{_MOST_DECIMALS}f}"
        return text.rstrip("0").rstrip(".")
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
