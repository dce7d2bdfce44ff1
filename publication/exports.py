"""A version's marts as files for everybody else: Parquet as it is, CSV safe to open in a spreadsheet, a workbook.

CSV is RFC 4180 in UTF-8: lines end in CR LF, a blank is nothing between two commas, an empty text is `""`, and `[c]`
(or what `outlets.yml` says) stands where a figure is withheld.
"""

import csv
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from publication import packages, workbook
from publication.disclosure import token
from publication.manifest import Manifest, MartContent, file_sha256
from publication.outlets import DICTIONARY_COLUMNS, OUTLETS_FILE, Outlets, dictionary, has_token, outlets
from publication.sql import is_numeric, literal, quoted, scalar

DICTIONARY, WORKBOOK = "data_dictionary.csv", "marts.xlsx"

# A spreadsheet would run a text that starts so as a formula, unless it is simply a number.
_FORMULA = r"^[=+\-@\t\r\n]"
_PLAIN_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_NEVER_TEXT = ("BOOLEAN", "DATE", "TIME")


def form_sha256() -> str:
    """A hash that changes with the way that marts are written into files."""
    return ".".join(file_sha256(path)[:16] for path in (Path(__file__), OUTLETS_FILE))


def write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    version: str,
    created_at: datetime,
    marts: Mapping[str, MartContent],
    previous: tuple[Path, Manifest] | None,
    with_workbook: bool,
) -> None:
    """Write every file of a version but `marts.duckdb` and the manifest; the workbook where it is wanted.

    `previous` is the version before, with its folder: files of marts that have the same content there are the same
    files (hard links), so that a version costs what it changes.
    """
    declared = outlets()
    for kind in ("parquet", "csv"):
        (folder / kind).mkdir()
    for name, mart in marts.items():
        parquet, text = Path("parquet") / f"{name}.parquet", Path("csv") / f"{name}.csv"
        if previous and _is_same(name, mart, previous, (parquet, text)):
            for path in (parquet, text):
                os.link(previous[0] / path, folder / path)
            continue
        table = f"marts.main.{quoted(name)}"
        safe = ", ".join(_safe(column, mart, declared) for column in mart.columns)
        connection.execute(
            f"copy {table} to {literal(str(folder / parquet))} (format parquet, compression zstd)",
        )
        connection.execute(
            rf"copy (select {safe} from {table}) to {literal(str(folder / text))} (format csv, header, new_line '\r\n')"
        )
    packages.write(folder, version, marts, declared, lambda name: _is_keyed(connection, name, marts[name]))
    _write_dictionary(folder / DICTIONARY, marts)
    if with_workbook:
        workbook.write(connection, folder / WORKBOOK, version, created_at, marts, declared)


def _is_same(name: str, mart: MartContent, previous: tuple[Path, Manifest], paths: Iterable[Path]) -> bool:
    """Whether a mart's files would be the earlier version's, and these are as they were published."""
    folder, manifest = previous
    then = manifest.marts.get(name)
    if then is None or then.content_sha256 != mart.content_sha256 or manifest.form_sha256 != form_sha256():
        return False
    promised = {output.path: output.sha256 for output in manifest.outputs}
    files = {path.as_posix(): folder / path for path in paths}
    return all(file.is_file() and file_sha256(file) == promised.get(path) for path, file in files.items())


def _is_keyed(connection: duckdb.DuckDBPyConnection, name: str, mart: MartContent) -> bool:
    """Whether a mart has a key, and no column of it is ever blank."""
    blank = " or ".join(f"{quoted(column)} is null" for column in mart.key)
    return bool(blank) and not scalar(connection, f"select count(*) from marts.main.{quoted(name)} where {blank}")


def _write_dictionary(path: Path, marts: Mapping[str, MartContent]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(DICTIONARY_COLUMNS)
        writer.writerows(dictionary(marts))


def _safe(column: str, mart: MartContent, declared: Outlets) -> str:
    """SQL of a column's value: shorthand for a withheld one, an apostrophe before what a spreadsheet would run."""
    name, kind = quoted(column), mart.columns[column]
    text = f"cast({name} as varchar)"
    if not (is_numeric(kind) or kind.startswith(_NEVER_TEXT)):
        text = (
            f"case when regexp_matches({text}, '{_FORMULA}') and not regexp_matches({text}, '{_PLAIN_NUMBER}') "
            f"then '''' || {text} else {text} end"
        )
    if has_token(mart, column):
        words = " ".join(f"when {literal(word)} then {literal(sign)}" for word, sign in declared.shorthand.items())
        text = f"coalesce({text}, case {quoted(token(column))} {words} end)"
    return f"{text} as {name}"
