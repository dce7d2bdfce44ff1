"""The world as raw rows, straight into a build file, and the marts to expect of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate.world import HERE, World
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare, records

if TYPE_CHECKING:
    import duckdb

EXPECTED = {
    "project_status": "portfolio, project, status, status_previous, rag, movement, target_gbp, at_risk_gbp,"
    " delivered_alternatively_gbp, net_at_risk_gbp",
    "portfolio_savings": "portfolio, projects, target_gbp, at_risk_gbp, delivered_alternatively_gbp, net_at_risk_gbp,"
    " projects_green, projects_amber, projects_amber_red, projects_red, projects_complete, projects_not_rated",
    "savings_profile": "return_id, portfolio, component, row_type, savings_year, measure, amount_gbp",
    "medium_term_finance": "section, line, line_type, fiscal_year, amount_gbp",
}
"""The marts that the world fills, and the columns whose values are known beforehand, beside those of every mart."""
_OF_EVERY_MART = "organisation_code, organisation, quarter, quarter_start, data_status"


def insert(
    settings: Settings, world: World, *, organisations: range | None = None, months: range | None = None
) -> None:
    """Add what these councils send in these months (all, unless given) to the raw schema of the build file."""
    prepare(settings)
    with connect(settings) as connection:
        _limit(connection)
        for _ in world.tell(connection, organisations=organisations, months=months):
            connection.begin()
            connection.execute((HERE / "raw_rows.sql").read_text(encoding="utf-8"))
            connection.commit()


def send_again(settings: Settings, organisation: str, month: str) -> None:
    """Send all that an organisation sent for a month again, every figure one more than it was."""
    with connect(settings) as connection:
        latest = connection.execute(
            "select arg_max(submission_id, sequence), max(sequence) + 1 from raw.submissions"
            " where organisation_code = ? and reporting_period = ? group by return_id",
            [organisation, month],
        ).fetchall()
        connection.begin()
        for submission_id, sequence in latest:
            new = f"{submission_id.rsplit('.', 1)[0]}.{sequence}"
            of_it = f"where submission_id = '{submission_id}'"
            connection.execute(
                f"insert into raw.submissions select * replace ('{new}' as submission_id, {sequence} as sequence,"
                f" '{submission_id}' as restates) from raw.submissions {of_it}"
            )
            for record, fields in records().items():
                more = "".join(f", {name} + 1 as {name}" for name, kind in fields.items() if kind == "quantity")
                connection.execute(
                    f"insert into raw.{record}"
                    f" select * replace ('{new}' as submission_id{more}) from raw.{record} {of_it}"
                )
        connection.commit()


def remove(settings: Settings, organisation: str) -> None:
    """Take all that an organisation sent out of the raw schema again."""
    with connect(settings) as connection:
        connection.begin()
        for table in [*records(), "submissions"]:
            connection.execute(
                f"delete from raw.{table} where submission_id in"
                " (select submission_id from raw.submissions where organisation_code = ?)",
                [organisation],
            )
        connection.commit()


def code(organisation: int) -> str:
    """The code of a council, by its number from 0."""
    return f"B{organisation + 1:08d}"


def period(world: World, month: int) -> str:
    """A month of a world, by its number from 0, as `2015-04`."""
    months = world.first_day.year * 12 + world.first_day.month - 1 + month
    return f"{months // 12}-{months % 12 + 1:02d}"


def expect(path: Path, world: World) -> None:
    """Write the marts to expect of the whole world into a database of its own, with the columns of `EXPECTED`."""
    import duckdb

    with duckdb.connect() as connection:
        _limit(connection)
        connection.execute(f"attach '{path}' as expected")
        for mart, columns in EXPECTED.items():
            body = ", ".join(f"{name} {_type(name)}" for name in _all(columns).split(", "))
            connection.execute(f"create table expected.{mart} ({body})")
        for _ in world.tell(connection):
            connection.execute((HERE / "expected.sql").read_text(encoding="utf-8"))


def differences(settings: Settings, expected: Path) -> dict[str, int]:
    """Of every mart that is expected, how many rows of the candidate or of what is expected the other has not."""
    with connect(settings, read_only=True) as connection:
        _limit(connection)
        connection.execute(f"attach '{expected}' as expected (read_only)")
        found = {}
        for mart, columns in EXPECTED.items():
            names = _all(columns)
            here, there = (f"select {names} from {schema}.{mart}" for schema in ("marts", "expected"))
            (found[mart],) = connection.execute(
                f"select (select count(*) from ({here} except all {there}))"
                f" + (select count(*) from ({there} except all {here}))"
            ).fetchone() or (0,)
        return found


def _all(columns: str) -> str:
    return f"{_OF_EVERY_MART}, {columns}"


def _type(column: str) -> str:
    if column.endswith("_gbp"):
        return "decimal(18, 2)"
    if column == "quarter_start":
        return "date"
    return "bigint" if column.startswith("projects") else "varchar"


def _limit(connection: "duckdb.DuckDBPyConnection") -> None:
    connection.execute("set memory_limit = '2GB'")
    connection.execute("set preserve_insertion_order = false")
