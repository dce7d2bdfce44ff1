"""Suites: what must hold of submissions and of the candidate, as declared in `expectations/suites/*.yml`."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from quarterdeck.declared import read_yaml

FOLDER = Path(__file__).with_name("suites")
SUBMISSIONS, CANDIDATE = "submissions", "candidate"


class Expectation(BaseModel):
    """One expectation: Great Expectations' own, by its name without `expect_`, and its arguments.

    `says` is the finding's message about a row that fails, filled from the row; `cell` is the field whose cell the
    finding points at, where it is not the expectation's own column; `where` restricts it to rows that have
    these values.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    expect: str
    rule: str
    says: str
    remedy: str
    where: dict[str, str] = {}
    cell: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What is handed on to Great Expectations as it stands."""
        return dict(self.model_extra or {})

    @property
    def field(self) -> str | None:
        """The field whose cell a finding points at."""
        return self.cell or self.arguments.get("column") or self.arguments.get("column_A")

    @property
    def columns(self) -> list[str]:
        """Its own columns, whose values it is about."""
        return [str(value) for key, value in self.arguments.items() if key.startswith("column")]

    @property
    def name(self) -> str:
        """What tells it from the other expectations of its table: its rule and columns."""
        return f"{self.rule} ({', '.join(self.columns)})"


class TableSuite(BaseModel):
    """What must hold of one table.

    `columns` are worked out beside the table's own (which go by `t`), so that a rule about several rows can be put to
    each of them; of these, `times` is how often the row's `key` stands in the table. `beside` is SQL for one row about
    each of the table's, which goes by that name in `columns`. A key begins with the submission or, in the candidate,
    with the partition. `names` are the columns that messages speak of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = None
    beside: str | None = None
    columns: dict[str, str] = {}
    names: tuple[str, ...] = ()
    expectations: tuple[Expectation, ...]


class Suite(BaseModel):
    """The tables of a suite and, for the candidate, which mart each raw record feeds."""

    model_config = ConfigDict(frozen=True)

    tables: dict[str, TableSuite]
    fed_by: dict[str, str] = {}


@cache
def suite(name: str) -> Suite:
    """A suite by its name.

    Raises pydantic's ValidationError, which names the field, where the file is not of the described shape.
    """
    return Suite(**read_yaml(FOLDER / f"{name}.yml"))
