"""Reading rows as dictionaries, and writing findings into the raw schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from quarterdeck.findings import Finding
from quarterdeck.periods import Month, Quarter
from quarterdeck.rules import catalogue
from quarterdeck.warehouse import insert_rows

if TYPE_CHECKING:
    import duckdb

_AT_ONCE = 20_000


@dataclass(frozen=True)
class PlacedFinding:
    """A finding with the partition it counts against and, where it is about one file, that file."""

    finding: Finding
    organisation_code: str
    quarter: str
    submission_id: str | None = None
    file_name: str | None = None

    def row(self, stage: str) -> dict[str, str | None]:
        """The finding as a row of `raw.findings`."""
        where = {name: value for name, value in vars(self).items() if name != "finding"}
        dimension = catalogue()[self.finding.rule].dimension
        return {"stage": stage, "dimension": dimension, **where, **vars(self.finding)}


def rows(connection: "duckdb.DuckDBPyConnection", query: str, parameters: object = None) -> list[dict[str, Any]]:
    """What a query gives, one dictionary a row."""
    result = connection.execute(query, parameters)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def insert(connection: "duckdb.DuckDBPyConnection", table: str, documents: Sequence[dict[str, Any]]) -> None:
    """Add rows to a table; the documents' keys, the same in all of them, are columns of it."""
    if not documents:
        return
    kinds = {name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()}
    columns = {name: kinds[name] for name in documents[0]}
    for start in range(0, len(documents), _AT_ONCE):
        insert_rows(connection, table, columns, documents[start : start + _AT_ONCE])


def insert_findings(connection: "duckdb.DuckDBPyConnection", stage: str, findings: Sequence[PlacedFinding]) -> None:
    """Add findings of one stage to `raw.findings`."""
    insert(connection, "raw.findings", [placed.row(stage) for placed in findings])


@cache
def quarter_of(reporting_period: str) -> str:
    """The fiscal quarter of a month.

    >>> quarter_of("2018-09")
    '2018-19 Q2'
    """
    return str(Month.parse(reporting_period).quarter)


@cache
def quarters_before(quarter: str, count: int) -> tuple[str, ...]:
    """So many fiscal quarters before one, the latest first.

    >>> quarters_before("2018-19 Q2", 2)
    ('2018-19 Q1', '2017-18 Q4')
    """
    return tuple(str(Quarter.parse(quarter).back(number)) for number in range(1, count + 1))
