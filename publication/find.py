"""Find the one row of a mart that somebody means."""

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any

import duckdb

from publication.contract import PARTITION_KEY
from publication.manifest import MartContent
from publication.sql import comma_separated, literal, quoted, records
from publication.store import PublicationError

Row = dict[str, Any]
"""A row of a mart: column to value, in the order of its columns."""

_SHOWN = 20
# Dashes and quotes as people write them, and as they are compared.
_MARKS, _SAME_MARKS = "–—−’‘“”", "---''\"\""


def find_row(connection: duckdb.DuckDBPyConnection, mart: str, content: MartContent, key: str) -> Row:
    """The row of a published mart that a key means.

    A key is `column=value` pairs between commas (`column=` for a blank), or a text that equals one of the mart's key
    columns, or the text first and then pairs. Case, spaces and the kind of dash or quote do not matter. Raises
    PublicationError, which says what there is, where no row fits or more than one.
    """
    text, pairs = _parsed(mart, content, key)
    text_columns = [name for name in content.key if content.columns[name] == "VARCHAR"]
    conditions = [_equals(name, value) for name, value in pairs.items()]
    if text:
        conditions.append(" or ".join(_equals(name, text) for name in text_columns) or "false")
    where = " and ".join(f"({condition})" for condition in conditions) or "true"
    # One more than are shown tells that there are more.
    rows = records(connection, f"select * from main.{quoted(mart)} where {where} order by all limit {_SHOWN + 1}")
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise PublicationError(_which(mart, content, key, rows))
    wanted = [(name, text) for name in text_columns if text] + list(pairs.items())
    raise PublicationError(_none(connection, mart, content, key, wanted, conditions))


def as_pairs(row: Mapping[str, Any], columns: Collection[str]) -> str:
    """Some columns of a row, as one writes a key."""
    return ", ".join(f"{name}={'' if row[name] is None else row[name]}" for name in columns)


def _parsed(mart: str, content: MartContent, key: str) -> tuple[str, dict[str, str]]:
    """The text that a key starts with, and its pairs. A comma that no column's name follows is part of the value."""
    found = [m for m in re.finditer(r"(?:^|,)\s*(\w+)\s*=", key) if m[1] in content.columns]
    ends = [m.start() for m in found[1:]] + [len(key)]
    pairs = {m[1]: key[m.end() : end].strip() for m, end in zip(found, ends, strict=False)}
    text = key[: found[0].start()].strip() if found else key.strip()
    stranger = re.match(r"(\w+)\s*=", text)
    if stranger:
        raise PublicationError(f"{mart} has no column '{stranger[1]}'; its key is {', '.join(content.key)}.")
    if not text and not pairs and content.key:
        raise PublicationError(f"Say which row of {mart}: its key is {', '.join(content.key)}.")
    return text, pairs


def _equals(column: str, value: str) -> str:
    """SQL condition: a column is that value, or blank."""
    if not value:
        return f"{quoted(column)} is null"
    text = rf"regexp_replace(lower(cast({quoted(column)} as varchar)), '[\s\x{{00A0}}]+', '', 'g')"
    return f"translate({text}, {literal(_MARKS)}, {literal(_SAME_MARKS)}) = {literal(_plain(value))}"


def _plain(text: str) -> str:
    return "".join(text.split()).lower().translate(str.maketrans(_MARKS, _SAME_MARKS))


def _which(mart: str, content: MartContent, key: str, rows: list[Row]) -> str:
    """More than one row fits: the columns that tell them apart."""
    differ = [name for name in content.key if len({str(row[name]) for row in rows}) > 1]
    count = f"More than {_SHOWN}" if len(rows) > _SHOWN else str(len(rows))
    lines = [f"{count} rows of {mart} fit '{key}'. Add what tells them apart:"]
    return "\n  ".join(lines + [as_pairs(row, differ) for row in rows[:_SHOWN]])


def _none(
    connection: duckdb.DuckDBPyConnection,
    mart: str,
    content: MartContent,
    key: str,
    wanted: list[tuple[str, str]],
    conditions: list[str],
) -> str:
    """No row fits: values that look like the ones given, or rows that fit one of them, or else some of the rows."""
    says = f"No row of {mart} fits '{key}'. There is:"
    alike = [f"{name}={known}" for name, value in wanted for known in _alike(connection, mart, name, value)]
    if alike:
        return "\n  ".join([says, *alike[:_SHOWN]])
    shown = [name for name in content.key if name != PARTITION_KEY[0]] or content.key
    select = f"select distinct {comma_separated(shown)} from main.{quoted(mart)}"
    end = f"order by all limit {_SHOWN + 1}"
    rows = records(connection, f"{select} where {' or '.join(conditions)} {end}") or records(
        connection, f"{select} {end}"
    )
    lines = [as_pairs(row, shown) for row in rows[:_SHOWN]] or ["nothing"]
    return "\n  ".join([says, *lines, *(["and more"] if len(rows) > _SHOWN else [])])


def _alike(connection: duckdb.DuckDBPyConnection, mart: str, column: str, value: str) -> list[str]:
    """Values of a column that a value is part of or nearly equals; none where the column has that very value."""
    values = connection.execute(
        f"select distinct cast({quoted(column)} as varchar) from main.{quoted(mart)}"
    ).fetchall()
    known = {_plain(other): other for (other,) in values if other}
    wanted = _plain(value)
    if not wanted or wanted in known:
        return []
    near = [word for word in known if wanted in word] or difflib.get_close_matches(wanted, known)
    return sorted(known[word] for word in near)
