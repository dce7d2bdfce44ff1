"""`quarterdeck check`: what the pipeline would say of a file, before it is submitted."""

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.output import DONE, FOUND, AsJson, emit_json, emit_table, refuse
from quarterdeck.cli.submit import is_passing

if TYPE_CHECKING:
    from quarterdeck.findings import Finding
    from quarterdeck.organisations import Place
    from quarterdeck.settings import Settings

_SHOWN = ("severity", "sheet", "cell", "message", "remedy", "responsibility", "rule")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(check)


def check(
    file: Annotated[Path, typer.Argument(help="The file to check.", exists=True, dir_okay=False)],
    organisation: Annotated[str | None, typer.Option(help="Whose file it is: slug or code.")] = None,
    feed: Annotated[str | None, typer.Option(help="Which feed it belongs to.")] = None,
    period: Annotated[str | None, typer.Option(help="For which month, as YYYY-MM.")] = None,
    annotate: Annotated[
        Path | None, typer.Option(help="Write the file as a workbook with what was found marked in it (.xlsx).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a file, where, and who can fix it. Nothing is submitted.

    The rules are those of the pipeline: the same reader, the same arithmetic and the same suite for submissions, on a
    warehouse of its own. What takes other files to see (tables of other returns, earlier quarters) is left to the gate.
    Exit code 0 where the file would be accepted, 1 where an error would hold it, 2 where it cannot be checked.
    """
    from quarterdeck.findings import Severity
    from quarterdeck.organisations import UnplaceableError, place_said
    from quarterdeck.settings import Settings

    settings = Settings()
    if is_passing(file):
        refuse(f"{file}: names like this are a spreadsheet's locks and half-copied files, which are never taken.")
    if annotate and (annotate.suffix.lower() != ".xlsx" or annotate.absolute() == file.absolute()):
        refuse(f"{annotate}: name another file that ends in .xlsx; the file that is checked stays as it is.")
    try:
        where = place_said(settings, file, organisation, feed, period)
    except UnplaceableError as error:
        refuse(f"{file}: {error}. Say what it is with --organisation, --feed and --period.")
    with _without_pandas():
        findings = _findings(settings, file, where)
    if annotate:
        from loaders.annotate import annotate as write_annotated

        try:
            write_annotated(file, file.name, findings, annotate)
        except OSError as error:
            refuse(f"{annotate}: it cannot be written ({error.strerror}).")
    rows = [{column: getattr(found, column) for column in _SHOWN} for found in findings]
    if as_json:
        emit_json({"file": file.name, **vars(where), "verdict": verdict(findings), "findings": rows})
    else:
        if findings:
            emit_table([_shown(found) for found in findings], title=file.name)
        typer.echo(f"{file.name}: {verdict(findings)}.")
    raise typer.Exit(FOUND if any(found.severity is Severity.ERROR for found in findings) else DONE)


def verdict(findings: "Sequence[Finding]") -> str:
    """What would become of a file with these findings, in one line.

    >>> verdict([])
    'would be accepted: nothing was found'
    """
    from quarterdeck.findings import Severity

    counts = Counter(found.severity for found in findings)

    def counted(severity: Severity, name: str) -> str:
        return f"{counts[severity]} {name}{'s' if counts[severity] != 1 else ''}"

    warnings = counted(Severity.WARNING, "warning")
    if counts[Severity.ERROR]:
        also = f" and {warnings}" if counts[Severity.WARNING] else ""
        return f"would be held: {counted(Severity.ERROR, 'error')}{also}"
    if counts[Severity.WARNING]:
        return f"would be accepted with {warnings}"
    return "would be accepted" + ("" if findings else ": nothing was found")


def _shown(found: "Finding") -> dict[str, str]:
    return {
        "severity": found.severity.value,
        "where": " ".join(part for part in (found.sheet, found.cell) if part),
        "what was found": found.message,
        "what to do": found.remedy,
        "who": found.responsibility,
    }


def _findings(settings: "Settings", file: Path, where: "Place") -> "list[Finding]":
    """What loading the file, its arithmetic and the suite for submissions find, worst first."""
    from expectations.arithmetic import check as check_arithmetic
    from expectations.at_the_door import look
    from loaders.load import load_batches
    from loaders.read import read_batch
    from loaders.receive import receive
    from quarterdeck.findings import Finding, Severity
    from quarterdeck.warehouse import connect

    with tempfile.TemporaryDirectory() as home:
        apart = settings.model_copy(update={"home": Path(home), "settle_seconds": 0})
        landed = apart.landing / where.organisation_code / where.feed / where.reporting_period / file.name
        landed.parent.mkdir(parents=True)
        shutil.copyfile(file, landed)
        batches = receive(apart, where.feed, where.reporting_period)
        loaded = load_batches(
            apart, [read_batch(apart, where.feed, where.reporting_period, batch) for batch in batches]
        )
        held = check_arithmetic(apart, loaded.accepted).held
        with connect(apart, read_only=True) as connection:
            found = connection.execute(f"select {', '.join(_SHOWN)} from raw.findings").fetchall()
        # As in the pipeline: the rows of a file that is held are not looked at any further.
        judged = look(apart, [each for each in loaded.accepted if each not in held])
    earlier = [dict(zip(_SHOWN, row, strict=True)) for row in found]
    findings = [Finding(**each | {"severity": Severity(each["severity"])}) for each in earlier] + judged
    worst_first = list(Severity)
    return sorted(findings, key=lambda one: (worst_first.index(one.severity), one.sheet or "", one.cell or ""))


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Keep DuckDB from importing pandas, half a second, to ask whether a parameter is one of its values."""
    absent = "pandas" not in sys.modules
    if absent:
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules["pandas"]
