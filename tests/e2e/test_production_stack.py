"""The server's services as processes of this machine: they publish what is submitted, and survive being killed.

The environment and the commands are those of docker-compose.yml. One stack, in this order: a first submission to its
publication; roles; a second submission during which worker, writer and scheduler are killed and started again.
"""

import base64
import json
import re
import secrets
import shutil
import socketserver
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from deploy.native_stack import NativeStack, missing, wait_for
from quarterdeck.local_airflow.client import Client, now
from quarterdeck.local_airflow.follow import Followed
from quarterdeck.orchestration import BACKFILL_DAG, LATE_DAG, POOL, PUBLICATION_DAG
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests import pipeline

pytestmark = [pytest.mark.e2e, pytest.mark.server]

NOTTINGHAMSHIRE, SOUTHAMPTON = "E10000024", "E06000045"
FIRST = Path("southampton/hr_metrics/2017-12")
SECOND = Path("nottinghamshire/highlight_report/2018-09")
COMPARED = ("agency_workforce", "establishment_change", "project_status", "portfolio_savings", "milestones")


@pytest.fixture(scope="module")
def lineage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that lineage events are written to."""
    return tmp_path_factory.mktemp("lineage") / "events.jsonl"


@pytest.fixture(scope="module")
def statsd() -> Iterator[tuple[int, set[str]]]:
    """The port of a StatsD server, and the names of the metrics that it was sent."""
    names: set[str] = set()

    class Metric(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            names.add(self.request[0].decode().partition(":")[0])

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Metric) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], names
        server.shutdown()


@pytest.fixture(scope="module")
def stack(
    lineage: Path, statsd: tuple[int, set[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NativeStack]:
    """The services, up; lineage and metrics are switched on."""
    if lacking := missing():
        pytest.skip(f"this machine lacks {', '.join(lacking)}")
    told = {
        "QUARTERDECK_LINEAGE": json.dumps({"type": "file", "log_file_path": str(lineage), "append": True}),
        "QUARTERDECK_STATSD_ON": "True",
        "QUARTERDECK_STATSD_HOST": "127.0.0.1",
        "QUARTERDECK_STATSD_PORT": str(statsd[0]),
    }
    stack = NativeStack(tmp_path_factory.mktemp("stack"), told)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def client(stack: NativeStack) -> Client:
    """The administrator, signed in."""
    return stack.administrator()


def land(samples: Path, settings: Settings, place: Path) -> None:
    """Put a folder of samples into landing."""
    shutil.copytree(samples / place, settings.landing / place)


def submit(stack: NativeStack, client: Client, samples: Path, place: Path) -> None:
    """Put a folder of samples into landing and start its ingest run."""
    land(samples, Settings(home=stack.data), place)
    client.trigger(f"ingest_{place.parts[1]}", place.parts[2])


def current(home: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on what is published, opened as a BI tool opens it."""
    with duckdb.connect(str(home / "published" / "current" / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def first(stack: NativeStack, client: Client, samples: Path) -> Followed:
    """A submission, followed to its publication."""
    since = now()
    submit(stack, client, samples, FIRST)
    return stack.followed(client, since)


@pytest.fixture(scope="module")
def disturbed(first: Followed, stack: NativeStack, client: Client, samples: Path) -> Followed:
    """A second submission; the worker is killed while it reads, writer and scheduler while the writer builds."""
    since = now()

    def runs(task: str) -> bool:
        states = {(row["task_id"], row["state"]) for row in client.task_instances(since)}
        return (task, "running") in states

    submit(stack, client, samples, SECOND)
    wait_for(lambda: runs("read") or runs("load"), 60, "the worker reads")
    stack.kill("worker")
    stack.start_component("worker")
    wait_for(lambda: runs("build"), 120, "the writer builds")
    stack.kill("writer")
    stack.kill("scheduler")
    stack.start_component("writer")
    stack.start_component("scheduler")
    return stack.followed(client, since)


def test_a_submission_is_published(first: Followed, stack: NativeStack) -> None:
    assert {run["state"] for run in first.runs} == {"success"}
    months = f"select count(distinct month) from marts.agency_workforce where organisation_code = '{SOUTHAMPTON}'"
    assert current(stack.data, f"{months} and shifts_filled is not null") == [(6,)]


def test_only_the_writer_opens_the_warehouse(first: Followed, client: Client) -> None:
    queues = {(row["pool"], row["queue"]) for row in client.task_instances(first_seen(first))}
    assert queues == {(POOL, POOL), ("default_pool", "default")}


def test_lineage_names_what_every_task_read_and_wrote(first: Followed, stack: NativeStack, lineage: Path) -> None:
    events = [json.loads(line) for line in lineage.read_text().splitlines()]
    completed = {event["job"]["name"]: event for event in events if event["eventType"] == "COMPLETE"}
    assert {event["job"]["namespace"] for event in events} == {"quarterdeck"}

    def names(task: str, side: str) -> set[tuple[str, str]]:
        return {(dataset["namespace"], dataset["name"]) for dataset in completed[task][side]}

    build, current = f"duckdb://{stack.data}/warehouse/build.duckdb", f"duckdb://{stack.data}/published/current"
    assert names("ingest_hr_metrics.receive", "inputs") == {("file", f"{stack.data}/landing")}
    assert names("ingest_hr_metrics.load", "inputs") == {("file", f"{stack.data}/archive")}
    assert (build, "raw.submissions") in names("ingest_hr_metrics.load", "outputs")
    assert (build, "raw.agency") in names("quarterly_publication.build", "inputs")
    marts = {name for _, name in names("quarterly_publication.build", "outputs")}
    assert "marts.agency_workforce" in marts
    assert names("quarterly_publication.publish", "outputs") == {(f"{current}/marts.duckdb", name) for name in marts}


def test_logs_can_be_searched_by_ids(first: Followed, stack: NativeStack) -> None:
    lines = [
        json.loads(line)
        for log in (stack.home / "logs").glob("dag_id=*/**/*.log")
        for line in log.read_text().splitlines()
    ]
    events = {line["event"]: line for line in lines if "event" in line}
    assert events["submission loaded"]["submission_id"].startswith(f"{SOUTHAMPTON}.")
    decided = events["partition decided"]
    assert (decided["organisation_code"], decided["decision"]) == (SOUTHAMPTON, "published")
    assert events["published"]["version"] == "v00001"


def test_metrics_arrive(first: Followed, statsd: tuple[int, set[str]]) -> None:
    wanted = {"airflow.scheduler_heartbeat", "airflow.pool.open_slots.warehouse"}
    wait_for(lambda: wanted <= statsd[1], 60, f"{wanted} among {sorted(statsd[1])}")
    assert any(name.startswith("airflow.dagrun.duration.success") for name in statsd[1])


def test_health_is_told_without_signing_in(first: Followed, stack: NativeStack) -> None:
    health = httpx.get(f"{stack.url}/api/v2/monitor/health", trust_env=False).json()
    assert {name: told["status"] for name, told in health.items()} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )


def test_an_analyst_may_backfill_and_nothing_else(first: Followed, stack: NativeStack) -> None:
    person = ("--firstname", "Ann", "--lastname", "Analyst", "--email", "ann@localhost", "--password", "a-long-word")
    stack.airflow("users", "create", "--username", "ann", "--role", "Viewer", *person)
    stack.airflow("users", "add-role", "--username", "ann", "--role", "Analyst")
    ann = stack.client("ann", "a-long-word")
    assert ann.get("/api/v2/dags").is_success
    run = {"logical_date": None, "partition_key": "2017-12"}
    assert ann.post("/api/v2/dags/ingest_hr_metrics/dagRuns", json=run).status_code == 403
    assert ann.post("/api/v2/pools", json={"name": "mine", "slots": 1}).status_code == 403
    # Words that name no quarter: allowed to ask, refused for what was asked.
    asked = {"logical_date": None, "conf": {"from": "soon", "to": "later"}}
    assert ann.post(f"/api/v2/dags/{BACKFILL_DAG}/dagRuns", json=asked).status_code == 400


def test_commands_start_their_runs_on_the_server_as_who_gave_them(first: Followed, stack: NativeStack) -> None:
    for name in ("amy", "vera"):
        person = (
            "--firstname",
            name,
            "--lastname",
            "Smith",
            "--email",
            f"{name}@localhost",
            "--password",
            "a-long-word",
        )
        stack.airflow("users", "create", "--username", name, "--role", "Viewer", *person)
    stack.airflow("users", "add-role", "--username", "amy", "--role", "Analyst")
    asked = ("backfill", "--from", "2017-18Q3", "--to", "2017-18Q3", "--organisation", "southampton", "--json")
    done = stack.quarterdeck(*asked, user="amy", password="a-long-word")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["by"], said["dry_run"], len(said["submissions"]), said["figures_changed"]) == ("amy", True, 1, 0)
    for user, password, why in (("vera", "a-long-word", "vera may not do this"), ("amy", "another", "not let amy in")):
        refused = stack.quarterdeck(*asked, user=user, password=password)
        assert refused.returncode == 2 and why in refused.stderr, refused.stderr
    assert not (stack.data / "airflow").exists()


def test_every_run_ends_whoever_was_killed(disturbed: Followed) -> None:
    assert {run["state"] for run in disturbed.runs} == {"success"}
    assert disturbed.failed == [] and not disturbed.unanswered


def test_nothing_is_lost_or_loaded_twice(disturbed: Followed, stack: NativeStack, samples: Path) -> None:
    sent = sorted(file.name for place in (FIRST, SECOND) for file in (samples / place).iterdir())
    assert current(stack.data, "select file_name from marts.submissions where received order by 1") == [
        (name,) for name in sent
    ]
    assert current(stack.data, "select max(submissions) from marts.submissions") == [(1,)]
    assert current(
        stack.data,
        "select count(*), sum(target_gbp), sum(net_at_risk_gbp) from marts.project_status"
        f" where organisation_code = '{NOTTINGHAMSHIRE}'",
    ) == [(70, Decimal("25574000"), Decimal("-6036000"))]


def test_the_marts_are_those_of_an_undisturbed_run(
    disturbed: Followed, stack: NativeStack, samples: Path, tmp_path: Path
) -> None:
    alone = Settings(home=tmp_path / "alone")
    for place in (FIRST, SECOND):
        land(samples, alone, place)
    pipeline.run(alone)
    for mart in COMPARED:
        rows = f"select * from marts.{mart} order by all"
        assert current(stack.data, rows) == current(alone.home, rows) != [], mart


def test_what_is_settled_stays_settled_as_the_runbook_says(
    disturbed: Followed, stack: NativeStack, client: Client
) -> None:
    versions = sorted(path.name for path in (stack.data / "published").glob("v*"))
    since = now()
    stack.airflow(*in_runbook("rerun", "airflow dags clear").replace("2018-Q3", "2017-Q4").split(), "--yes")
    again = stack.followed(client, since)
    assert {(run["dag_id"], run["partition_key"], run["state"]) for run in again.runs} >= {
        (PUBLICATION_DAG, "2017-Q4", "success")
    }
    states = {row["task_id"]: row["state"] for row in client.task_instances(since)}
    assert (states["pending"], states["build"], states["publish"]) == ("success", "skipped", "skipped")
    assert sorted(path.name for path in (stack.data / "published").glob("v*")) == versions


def test_a_connection_outlives_its_key_as_the_runbook_says(disturbed: Followed, stack: NativeStack) -> None:
    old, new = stack.secrets["AIRFLOW_FERNET_KEY"], base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    stack.airflow("connections", "add", "smtp_default", "--conn-type", "smtp", "--conn-password", "a-long-word")
    key = "AIRFLOW__CORE__FERNET_KEY"
    rotate = in_runbook("keys", "airflow rotate-fernet-key").split()
    stack.airflow(*rotate, told={key: f"{new},{old}"})
    kept = stack.airflow("connections", "get", "smtp_default", "--output", "json", told={key: new})
    assert "a-long-word" in kept
    stack.airflow(*rotate, told={key: f"{old},{new}"})


def test_an_upgrade_changes_no_figure_and_can_be_taken_back(
    disturbed: Followed, stack: NativeStack, client: Client, tmp_path: Path
) -> None:
    def said() -> list[Any]:
        marts = [current(stack.data, f"select * from marts.{mart} order by all") for mart in COMPARED]
        return [*marts, current(stack.data, "select * from marts.figure_changes order by all")]

    before, copy, runs = said(), tmp_path / "airflow.sql", "select count(*) from dag_run"
    stack.stop_component("scheduler")
    stack.postgres("pg_dump", *in_runbook("restore", "pg_dump", "postgres").split()[1:], f"--file={copy}")
    known = stack.postgres("psql", "--tuples-only", "airflow", "--command", runs)
    stack.init()
    stack.start_component("scheduler")
    for path in (stack.data / "warehouse").glob("build.duckdb*"):
        path.unlink()
    since = now()
    stack.airflow(*in_runbook("upgrade", "airflow dags trigger").split())
    again = stack.followed(client, since)
    assert {(run["dag_id"], run["state"]) for run in again.runs} >= {
        (LATE_DAG, "success"),
        (PUBLICATION_DAG, "success"),
    }
    assert said() == before
    stack.postgres("createdb", "earlier")
    stack.postgres("psql", "--quiet", "--set=ON_ERROR_STOP=1", "earlier", "--file", str(copy))
    assert stack.postgres("psql", "--tuples-only", "earlier", "--command", runs) == known


def in_runbook(name: str, command: str, service: str = "scheduler") -> str:
    """A command as a runbook has it, without what comes before its words."""
    text = (PROJECT_ROOT / "docs" / "runbooks" / f"{name}.md").read_text()
    (found,) = re.findall(rf"`docker compose exec {service} ({command}[^`>]*)", text)
    return str(found).removeprefix("airflow ")


def first_seen(followed: Followed) -> Any:
    """The time that the earliest of these runs was queued."""
    from datetime import datetime

    return min(datetime.fromisoformat(run["queued_at"]) for run in followed.runs)
