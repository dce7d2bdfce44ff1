"""The made-up councils and all they ever send, drawn from a seed: any part of it can be made alone, at any size."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).resolve().parent
_AT_ONCE = 2_000_000
"""Rows of one part of the world, at most: what a part takes of memory is bounded, however large the world is."""


@dataclass(frozen=True)
class World:
    """How many councils there are, over which months, and how much each reports a month.

    `projects` of a council stand in `portfolios`; the first `projects_by_year` of them with their savings year by year.
    A forecast has `sections` of `lines` for three years. So many `restated_percent` of returns are sent again, so many
    `late_percent` months late.
    """

    organisations: int = 10
    months: int = 12
    projects: int = 12
    portfolios: int = 3
    projects_by_year: int = 12
    sections: int = 2
    lines: int = 10
    first_day: date = date(2015, 4, 1)
    restated_percent: int = 3
    late_percent: int = 2
    seed: str = "quarterdeck"

    @property
    def project_rows(self) -> int:
        """Project rows of one council's month, totals included."""
        return self.projects + self.portfolios

    @property
    def budget_rows(self) -> int:
        """Amounts of one council's forecast, totals included."""
        return 3 * (self.sections * (self.lines + 1) + 1)

    def tell(
        self,
        connection: "duckdb.DuckDBPyConnection",
        *,
        organisations: range | None = None,
        months: range | None = None,
    ) -> Iterator[range]:
        """Put the world, or these of its councils and months, into temporary tables (`world.sql`), part by part.

        Yields the councils of each part once its tables are there.
        """
        wanted = organisations if organisations is not None else range(self.organisations)
        sent = months if months is not None else range(self.months)
        rows = len(sent) * (8 * self.project_rows + self.budget_rows)
        step = max(1, _AT_ONCE // max(rows, self.months * self.projects))
        for first in range(wanted.start, wanted.stop, step):
            part = range(first, min(first + step, wanted.stop))
            for name, value in self._variables(part, sent).items():
                connection.execute(f"set variable {name} = ?", [value])
            connection.execute((HERE / "world.sql").read_text(encoding="utf-8"))
            yield part

    def _variables(self, organisations: range, months: range) -> dict[str, object]:
        return vars(self) | {
            "first_organisation": organisations.start,
            "last_organisation": organisations.stop,
            "first_month": months.start,
            "last_month": months.stop - 1,
        }
