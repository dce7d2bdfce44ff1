"""`quarterdeck layout`: write the layout of a new template, and see what it reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.output import DONE, FOUND, AsJson, emit_json, emit_table, refuse

if TYPE_CHECKING:
    from loaders.layout import LoadedLayout
    from quarterdeck.organisations import Place
    from quarterdeck.settings import Settings

_HEAD = """\
# yaml-language-server: $schema=../layout.schema.json
# A draft from '{file}'. To be checked: the record types and their fields, the units, the names of measures, which rows
# are totals. `quarterdeck layout test` shows what it reads.
"""


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    commands = typer.Typer(no_args_is_help=True, help="Write the layout of a new template, and see what it reads.")
    commands.command(short_help="Show what a layout reads from a file.")(test)
    commands.command(short_help="Draft a layout from a file.")(infer)
    commands.command()(schema)
    app.add_typer(commands, name="layout")


File = Annotated[Path, typer.Argument(help="The workbook or csv file.", exists=True, dir_okay=False)]
Organisation = Annotated[str | None, typer.Option(help="Whose file it is: slug or code.")]
Feed = Annotated[str | None, typer.Option(help="Which feed it belongs to.")]


def test(
    file: File,
    layout: Annotated[
        Path | None,
        typer.Option(help="The layout to read with, if it is not installed yet.", exists=True, dir_okay=False),
    ] = None,
    organisation: Organisation = None,
    feed: Feed = None,
    period: Annotated[str | None, typer.Option(help="For which month, as YYYY-MM.")] = None,
    rows: Annotated[int, typer.Option(help="How many rows of each record type to show.", min=0)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what a layout reads from a file: its records as tables, and what is found.

    A path that ends in <organisation>/<feed>/<YYYY-MM>/<file> says what the file is; else the options do, or the
    layout, and the month alone is left to say. Nothing is submitted. Exit code 1 where an error would hold the file.
    """
    from loaders.show import read_shown, shown
    from quarterdeck.settings import Settings

    settings = Settings()
    given = _read_layout(layout) if layout else None
    where = _place(settings, file, given, organisation, feed, period)
    name, result = read_shown(settings, file, where, given)
    tables = {record: shown(record, found) for record, found in result.rows.items()}
    findings = [
        {"severity": found.severity.value, "sheet": found.sheet, "cell": found.cell, "message": found.message}
        for found in result.findings
    ]
    if as_json:
        emit_json({"file": file.name, "layout": name, **vars(where), "records": tables, "findings": findings})
    else:
        typer.echo(f"{file.name}: read with {name or 'no layout'}, for {where.reporting_period}.")
        for record, found in tables.items():
            more = f", the first {rows}" if len(found) > rows else ""
            emit_table(found[:rows], title=f"{record}: {len(found)} rows{more}")
        emit_table(findings, title=f"Findings: {len(findings)}")
    raise typer.Exit(FOUND if result.has_error else DONE)


def infer(
    file: File,
    organisation: Annotated[str, typer.Option(help="Whose file it is: slug or code.")],
    feed: Annotated[str, typer.Option(help="The feed that the return belongs to.")],
    name: Annotated[
        str | None, typer.Option(help="What the layout and the return are called; by default after the file.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the draft to this file instead of printing it.")] = None,
) -> None:
    """Draft a layout from a file: its tables, headings, units and totals, to be checked by a person."""
    import re

    import yaml

    from loaders.cells import UnreadableFileError
    from loaders.infer import infer_file
    from loaders.layout import Layout
    from quarterdeck.feeds import FEEDS
    from quarterdeck.organisations import organisation_codes
    from quarterdeck.settings import Settings

    feeds = [known.name for known in FEEDS]
    if feed not in feeds:
        refuse(f"'{feed}' is not a feed; the feeds are {', '.join(feeds)}.")
    code = organisation_codes(Settings().seeds).get(organisation.lower(), organisation)
    slug = name or "_".join(re.findall(r"[a-z0-9]+", file.stem.lower()))
    try:
        draft = infer_file(file, slug, file.stem, code, feed)
        Layout(**draft)
    except UnreadableFileError as error:
        refuse(f"{file}: it was not read: {error}.")
    except ValueError as error:
        refuse(f"{file}: {error}.")
    text = _HEAD.format(file=file.name) + yaml.safe_dump(draft, sort_keys=False, allow_unicode=True, width=110)
    if output is None:
        typer.echo(text, nl=False)
    else:
        try:
            with output.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            refuse(f"{output}: there is such a file already; name another one.")
        except OSError as error:
            refuse(f"{output}: it cannot be written ({error.strerror}).")
        typer.echo(f"{output}: {len(draft['tables'])} tables drafted; check it with `quarterdeck layout test`.")


def schema() -> None:
    """Print the JSON Schema of layouts."""
    from loaders.layout_schema import schema_text

    typer.echo(schema_text(), nl=False)


def _read_layout(path: Path) -> "LoadedLayout":
    """The layout in a file; refuses one that is not of the schema, and says where."""
    from loaders.layout import read_layout
    from quarterdeck.declared import UnusableDeclarationError

    try:
        return read_layout(path)
    except UnusableDeclarationError as error:
        refuse(str(error))


def _place(
    settings: "Settings",
    file: Path,
    layout: "LoadedLayout | None",
    organisation: str | None,
    feed: str | None,
    period: str | None,
) -> "Place":
    from quarterdeck.organisations import Place, UnplaceableError, place_said
    from quarterdeck.periods import Month

    try:
        if layout and period:
            # The organisation of a draft need not be in the seeds yet.
            return Place(organisation or layout.layout.organisation, layout.layout.feed, str(Month.parse(period)))
        return place_said(settings, file, organisation, feed, period)
    except (UnplaceableError, ValueError) as error:
        missing = "--period" if layout else "--organisation, --feed and --period"
        refuse(f"{file}: {error}. Say what it is with {missing}.")
