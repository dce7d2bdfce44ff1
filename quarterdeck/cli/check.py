"""`quarterdeck check`: what the pipeline would say of a file, before it is submitted."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli.output import DONE, FOUND, AsJson, emit_json, emit_table, refuse


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(check)


def check(
    file: Annotated[Path, typer.Argument(help="The file to check.", exists=True, dir_okay=False)],
    organisation: Annotated[str | None, typer.Option(help="Whose file it is: slug or code.")] = None,
    feed: Annotated[str | None, typer.Option(help="Which feed it belongs to.")] = None,
    period: Annotated[str | None, typer.Option(help="For which month, as YYYY-MM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a file, where, and who can fix it. Nothing is submitted.

    The rules are those of the pipeline: the same reader and the same arithmetic, on a warehouse of its own. Exit code 1
    where an error would hold the submission.
    """
    from expectations.arithmetic import check as check_arithmetic
    from loaders.load import load_batches
    from loaders.read import read_batch
    from loaders.receive import receive
    from quarterdeck.organisations import UnplaceableError, place, place_of
    from quarterdeck.settings import Settings
    from quarterdeck.warehouse import connect

    settings = Settings()
    try:
        if organisation and feed and period:
            where = place(settings, organisation, feed, period)
        else:
            where = place_of(settings, file.absolute())
    except UnplaceableError as error:
        refuse(f"{file}: {error}. Say what it is with --organisation, --feed and --period.")
    with tempfile.TemporaryDirectory() as home:
        apart = settings.model_copy(update={"home": Path(home)})
        landed = apart.landing / where.organisation_code / where.feed / where.reporting_period / file.name
        landed.parent.mkdir(parents=True)
        landed.write_bytes(file.read_bytes())
        batches = receive(apart, where.feed, where.reporting_period)
        loaded = load_batches(
            apart, [read_batch(apart, where.feed, where.reporting_period, batch) for batch in batches]
        )
        check_arithmetic(apart, loaded.accepted)
        with connect(apart, read_only=True) as connection:
            columns = "severity, sheet, cell, message, remedy, responsibility, rule"
            order = "array_position(['error', 'warning', 'info'], severity), sheet, cell"
            found = connection.execute(f"select {columns} from raw.findings order by {order}").fetchall()
    findings = [dict(zip(columns.split(", "), row, strict=True)) for row in found]
    if as_json:
        emit_json({"file": file.name, **vars(where), "findings": findings})
    elif findings:
        emit_table(findings, title=file.name)
    else:
        typer.echo(f"{file.name}: nothing found.")
    raise typer.Exit(FOUND if any(row["severity"] == "error" for row in findings) else DONE)
