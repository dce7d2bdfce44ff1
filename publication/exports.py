"""A version's marts as files for everybody else: Parquet as it is, CSV safe to open in a spreadsheet.

CSV is RFC 4180 in UTF-8: lines end in CR LF, a blank is nothing between two commas, an empty text is `""`.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from publication.manifest import MartContent
from publication.sql import is_numeric, literal, quoted

# A spreadsheet would run a text that starts so as a formula, unless it is simply a number.
_FORMULA = r"^[=+\-@\t\r\n]"
_PLAIN_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_NEVER_TEXT = ("BOOLEAN", "DATE", "TIME")


def write(connection: duckdb.DuckDBPyConnection, folder: Path, marts: Mapping[str, MartContent]) -> None:
    """Write `parquet/<mart>.parquet` and `csv/<mart>.csv` of every composed mart below a folder."""
    for kind in ("parquet", "csv"):
        (folder / kind).mkdir()
    for name, mart in marts.items():
        table = f"marts.main.{quoted(name)}"
        parquet, csv = folder / "parquet" / f"{name}.parquet", folder / "csv" / f"{name}.csv"
        safe = ", ".join(_safe(column, kind) for column, kind in mart.columns.items())
        connection.execute(f"copy {table} to {literal(str(parquet))} (format parquet, compression zstd)")
        connection.execute(
            rf"copy (select {safe} from {table}) to {literal(str(csv))} (format csv, header, new_line '\r\n')"
        )


def _safe(column: str, kind: str) -> str:
    """SQL of a column's value with an apostrophe before a text that a spreadsheet would run."""
    name = quoted(column)
    if is_numeric(kind) or kind.startswith(_NEVER_TEXT):
        return name
    text = f"cast({name} as varchar)"
    return (
        f"case when regexp_matches({text}, '{_FORMULA}') and not regexp_matches({text}, '{_PLAIN_NUMBER}') "
        f"then '''' || {text} else {text} end as {name}"
    )
