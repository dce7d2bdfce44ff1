"""A year of one council's returns through the real scheduler, in whatever order they come, forty runs at once.

The server's stack, metadata in Postgres; made-up returns. One stack, in this order: a month of each of three quarters;
what is left of the year at once, with files that nobody recognises; a return that came late, and one of another quarter
that was sent again with one changed figure.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from benchmarks.generate.files import write
from benchmarks.generate.installation import install
from benchmarks.generate.world import World
from deploy.native_stack import NativeStack, missing
from quarterdeck.feeds import FEEDS
from quarterdeck.local_airflow.client import Client, now
from quarterdeck.local_airflow.follow import Followed
from quarterdeck.orchestration import NO_CALENDAR, PUBLICATION_DAG, ingest_dag
from quarterdeck.settings import Settings
from tests import pipeline

pytestmark = [pytest.mark.e2e, pytest.mark.server]

WORLD = World(organisations=1, months=12, projects=6, restated_percent=0, late_percent=0, first_day=date(2018, 4, 1))
COUNCIL = "B00000001"
FIRST = ("2018-04", "2018-09", "2018-11")
"""The first month of one quarter, the last of another and the middle one of a third."""
AT_ONCE = ("2018-12", "2018-08", "2019-03", "2018-06", "2018-10", "2018-07", "2019-01", "2018-05", "2019-02")
"""The others of these quarters, and a whole quarter."""
RETURNS = ("highlight_report", "budget_monitoring", "performance_indicators")
LATE = ("performance_indicators", "2019-03")
"""Not among the returns that a quarter waits for; no quarter after it is compared with it."""
REVISED = ("performance_indicators", "2018-09")
QUARTERS = ("2018-19 Q1", "2018-19 Q2", "2018-19 Q3", "2018-19 Q4")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The data root of these tests."""
    folder = tmp_path_factory.mktemp("scheduling")
    (folder / "data").mkdir()
    return install(folder / "data", WORLD)


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[NativeStack]:
    """The services on it, up."""
    if lacking := missing():
        pytest.skip(f"this machine lacks {', '.join(lacking)}")
    places = {"QUARTERDECK_DBT_PROJECT": str(settings.dbt_project), "QUARTERDECK_LAYOUTS": str(settings.layouts)}
    # Nothing starts by the clock, whenever this runs.
    stack = NativeStack(settings.home.parent, places | {NO_CALENDAR: "1"})
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def client(stack: NativeStack) -> Client:
    """The administrator, signed in."""
    return stack.administrator()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the council sends, as `<organisation>/<feed>/<YYYY-MM>/<file>`."""
    folder = tmp_path_factory.mktemp("files")
    write(folder, WORLD)
    return folder


def returns(files: Path, months: tuple[str, ...], feeds: tuple[str, ...] = RETURNS) -> list[Path]:
    """The files of these months and feeds, relative to the folder."""
    found = [
        path.relative_to(files) for month in months for feed in feeds for path in files.glob(f"*/{feed}/{month}/*")
    ]
    return [path for path in found if path.parts[1:3] != LATE or feeds != RETURNS]


def land(settings: Settings, files: Path, paths: list[Path]) -> set[tuple[str, str]]:
    """Put files into landing; returns their feeds and months."""
    for path in paths:
        (settings.landing / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files / path, settings.landing / path)
    return {(path.parts[1], path.parts[2]) for path in paths}


def ingest(stack: NativeStack, client: Client, due: set[tuple[str, str]]) -> Followed:
    """Fire an ingest run for each, at once, and follow them to the publications."""
    since = now()
    for feed, month in sorted(due):
        client.trigger(ingest_dag(feed), month)
    return stack.followed(client, since)


@pytest.fixture(scope="module")
def first(stack: NativeStack, client: Client, settings: Settings, files: Path) -> Followed:
    """A month of each of three quarters."""
    return ingest(stack, client, land(settings, files, returns(files, FIRST)))


@pytest.fixture(scope="module")
def at_once(first: Followed, stack: NativeStack, client: Client, settings: Settings, files: Path) -> Followed:
    """Forty ingest runs fired at once: the rest of the year, and files that nobody recognises."""
    due = land(settings, files, returns(files, AT_ONCE))
    others = [(feed.name, f"2016-{month:02d}") for month in range(1, 13) for feed in FEEDS]
    for feed, month in others[: 40 - len(due)]:
        folder = settings.landing / "council-001" / feed / month
        folder.mkdir(parents=True)
        (folder / "notes.csv").write_text(f"Notes for {feed} {month}\n")
        due.add((feed, month))
    return ingest(stack, client, due)


@pytest.fixture(scope="module")
def afterwards(at_once: Followed, stack: NativeStack, client: Client, settings: Settings, files: Path) -> Followed:
    """A return comes late, of a quarter that is final, and one of another quarter again, with one figure changed."""
    due = land(settings, files, returns(files, (LATE[1],), (LATE[0],)))
    (path,) = returns(files, (REVISED[1],), (REVISED[0],))
    workbook = openpyxl.load_workbook(files / path)
    cell = workbook["Performance"]["B6"]
    cell.value = round(cell.value - 0.001, 4)
    (settings.landing / path).parent.mkdir(parents=True, exist_ok=True)
    workbook.save(settings.landing / path)
    return ingest(stack, client, due | {REVISED})


def published(settings: Settings, query: str, version: str = "current") -> list[tuple[Any, ...]]:
    """The rows of a query on a version."""
    with duckdb.connect(str(settings.published / version / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def changed(settings: Settings, version: str, before: str) -> set[tuple[str, str]]:
    """The organisations and quarters with a row in `version` that `before` has not, or the other way round."""
    found: set[tuple[str, str]] = set()
    with closing(duckdb.connect()) as connection:
        for name in (version, before):
            connection.execute(f"attach '{settings.published / name / 'marts.duckdb'}' as {name} (read_only)")
        columns = connection.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns()"
            f" where database_name = '{version}' and schema_name = 'main' group by all"
        ).fetchall()
        marts = {table: names for table, names in columns if {"organisation_code", "quarter"} <= set(names)}
        assert len(marts) > 20
        for mart, names in marts.items():
            # What is said of a version itself.
            listed = ", ".join(f'"{name}"' for name in names if name not in ("published_in", "published_at"))
            for one, other in ((version, before), (before, version)):
                rows = f"select {listed} from {one}.{mart} except select {listed} from {other}.{mart}"
                found |= set(connection.execute(f"select distinct organisation_code, quarter from ({rows})").fetchall())
    return found


def test_forty_runs_at_once_end_well(at_once: Followed, stack: NativeStack) -> None:
    ingested = [run for run in at_once.runs if run["dag_id"] != PUBLICATION_DAG]
    assert len(ingested) == 40
    assert {run["state"] for run in at_once.runs} == {"success"}
    assert at_once.failed == [] and not at_once.unanswered
    logs = list((stack.home / "logs").glob("dag_id=*/**/*.log"))
    assert logs and not [str(log) for log in logs if "Could not set lock" in log.read_text(errors="replace")]


def test_what_arrives_together_is_published_once(at_once: Followed, settings: Settings) -> None:
    assert {"v00001", "v00002"} <= {path.name for path in settings.published.glob("v*")}
    manifest = json.loads((settings.published / "v00002" / "manifest.json").read_text())
    accepted = {source["reporting_period"] for source in manifest["sources"] if source["status"] == "accepted"}
    assert accepted == {*FIRST, *AT_ONCE}


def test_a_quarter_is_final_once_whatever_order_its_months_come_in(at_once: Followed, settings: Settings) -> None:
    def statuses(version: str) -> dict[str, str]:
        query = f"select quarter, data_status from marts.reporting_quarters where organisation_code = '{COUNCIL}'"
        return dict(published(settings, query, version))

    assert statuses("v00001").items() >= dict.fromkeys(QUARTERS[:3], "provisional").items()
    assert statuses("v00002").items() >= dict.fromkeys(QUARTERS, "final").items()


def test_the_marts_are_those_of_a_year_that_came_in_order(
    at_once: Followed, settings: Settings, files: Path, tmp_path: Path
) -> None:
    alone = install(tmp_path / "alone", WORLD)
    alone.settle_seconds = 0
    land(alone, files, returns(files, tuple(sorted((*FIRST, *AT_ONCE)))))
    pipeline.run(alone)
    for mart in ("project_status", "portfolio_savings", "medium_term_finance", "performance_indicators", "tallies"):
        rows = f"select * from marts.{mart} order by all"
        assert published(settings, rows, "v00002") == published(alone, rows) != [], mart


def test_what_comes_afterwards_publishes_its_quarters_alone(afterwards: Followed, settings: Settings) -> None:
    assert {run["state"] for run in afterwards.runs} == {"success"}
    keys = {run["partition_key"] for run in afterwards.runs if run["dag_id"] == PUBLICATION_DAG}
    assert keys == {"2018-Q3", "2019-Q1"}
    # The quarter after the one that was revised says what there was before it; nothing comes after the late one.
    assert changed(settings, "v00003", "v00002") == {(COUNCIL, quarter) for quarter in QUARTERS[1:]}
    assert [path.name for path in sorted(settings.published.glob("v*"))] == ["v00001", "v00002", "v00003"]


def test_one_changed_figure_changes_that_figure_and_marks_it_revised(afterwards: Followed, settings: Settings) -> None:
    changes = published(
        settings,
        "select mart, column_name, quarter, reason, json_extract_string(key, '$.indicator_code')"
        f" from marts.figure_changes where publication = 'v00003' and quarter < '{QUARTERS[3]}' order by all",
    )
    own, after = (QUARTERS[1], "revision", "B001"), (QUARTERS[2], "correction", "B001")
    assert changes == [
        ("performance_indicator_history", "actual", *own),
        ("performance_indicators", "actual", *own),
        ("performance_indicators", "previous_actual", *after),
        ("performance_indicators", "variance_percent", *own),
    ]
    statuses = f"select data_status from marts.reporting_quarters where organisation_code = '{COUNCIL}'"
    assert published(settings, f"{statuses} and quarter >= '{QUARTERS[0]}' order by quarter") == [
        ("final",),
        ("revised",),
        ("final",),
        ("final",),
    ]
