"""What every command shares: `--json`, tables for people, and the three exit codes."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NoReturn

import typer

DONE, FOUND, UNUSABLE = 0, 1, 2
"""Exit codes: done; findings, or something held; unusable input or usage."""

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def emit_json(document: Any) -> None:
    """Print a result as one JSON document."""
    typer.echo(json.dumps(document, indent=2, default=str))


def emit_table(rows: Sequence[Mapping[str, Any]], title: str = "") -> None:
    """Print rows as a table that fits the terminal; nothing but the title where there are none."""
    from rich.console import Console
    from rich.table import Table

    # What stands in brackets in somebody's cell is no markup.
    console = Console(markup=False, emoji=False)
    title = _without_commands(title)
    if not rows:
        console.print(title)
        return
    table = Table(title=title or None, title_justify="left", show_edge=False)
    for column in rows[0]:
        table.add_column(str(column).replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else _without_commands(str(value)) for value in row.values()))
    console.print(table)


def _without_commands(text: str) -> str:
    """Text without the control characters that a terminal would obey: what stands in a cell is anybody's."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def refuse(message: str) -> NoReturn:
    """Say what is unusable, on stderr, and end with exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)
