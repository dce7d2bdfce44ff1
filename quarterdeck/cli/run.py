"""`quarterdeck run`: what is due, through the DAGs, to the end."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterdeck.cli.output import DONE, FOUND, AsJson, emit_json, emit_table, refuse

if TYPE_CHECKING:
    import httpx

    from quarterdeck.local_airflow.client import Client
    from quarterdeck.local_airflow.follow import Followed, Task
    from quarterdeck.settings import Settings

# A short-lived scheduler looks for work ten times a second.
IDLE_SECONDS = 0.1
# With so few bytes left on its disk Airflow cannot say itself what is wrong.
_NO_ROOM = 1_000_000


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(short_help="Ingest, build, judge and publish what was submitted.")(run)


@dataclass
class Outcome:
    """What a run came to.

    `decisions` are the gate's, `failed` the tasks that failed for good with their logs' ends, `waiting` the files that
    are left in landing.
    """

    due: list[dict[str, str]]
    runs: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    version: str | None = None
    changed: bool = False
    seconds: float = 0.0

    @property
    def held(self) -> list[dict[str, Any]]:
        """The decisions that hold a partition."""
        return [decision for decision in self.decisions if decision["decision"] == "held"]

    @property
    def awaiting(self) -> list[dict[str, Any]]:
        """The decisions that leave a partition waiting for somebody's approval."""
        return [decision for decision in self.decisions if decision["decision"] == "awaiting approval"]

    @property
    def exit_code(self) -> int:
        """Done, or something that somebody must look at."""
        failed = [one for one in self.runs if one["state"] != "success"]
        return FOUND if failed or self.failed or self.held or self.awaiting or self.quarantined else DONE


def run(
    feed: Annotated[str | None, typer.Option(help="Take on this feed alone.")] = None,
    period: Annotated[str | None, typer.Option(help="Take on this month alone, as YYYY-MM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take on what has been submitted: ingest it, build the marts, judge them, publish what passes.

    The DAGs do the work: in a server's Airflow where QUARTERDECK_AIRFLOW_URL names it, in the one that `quarterdeck up`
    started, or in one that is started for this and stopped afterwards. Exit code 1 where a partition is held or awaits
    approval, a file is in quarantine, or a task failed.
    """
    import httpx

    from loaders.receive import sweep, waiting
    from quarterdeck.local_airflow.instance import AirflowError
    from quarterdeck.quarantine import in_quarantine
    from quarterdeck.settings import Settings

    started, settings = time.monotonic(), Settings()
    quarantined = in_quarantine(settings)
    sweep(settings)
    due = _due(settings, feed, period)
    outcome = Outcome([{"dag_id": dag_id, "partition_key": key} for dag_id, key in due])
    if due:
        try:
            with airflow(settings) as client:
                _drive(client, due, outcome)
        except AirflowError as error:
            refuse(str(error))
        except httpx.HTTPError as error:
            refuse(in_words(error, settings))
    outcome.quarantined = sorted(in_quarantine(settings) - quarantined)
    outcome.waiting = waiting(settings)
    outcome.seconds = round(time.monotonic() - started, 1)
    if as_json:
        emit_json({**vars(outcome), "held": outcome.held, "awaiting": outcome.awaiting})
    else:
        _show(settings, outcome)
    raise typer.Exit(outcome.exit_code)


def _due(settings: "Settings", feed: str | None, period: str | None) -> list[tuple[str, str]]:
    """The DAG runs that are due, as DAG and partition key: a month of a feed, or what earlier runs left undecided."""
    from expectations.pending import pending_partitions
    from loaders.receive import due
    from quarterdeck.feeds import FEEDS
    from quarterdeck.local_airflow.instance import KILLED
    from quarterdeck.local_airflow.state import running
    from quarterdeck.orchestration import PUBLICATION_DAG, ingest_dag
    from quarterdeck.periods import Month, Quarter

    feeds = [known.name for known in FEEDS]
    if feed is not None and feed not in feeds:
        refuse(f"'{feed}' is not a feed; the feeds are {', '.join(feeds)}.")
    try:
        month = str(Month.parse(period)) if period is not None else None
    except ValueError as error:
        refuse(f"{error}.")
    ingest = [(ingest_dag(name), key) for name, key in due(settings) if feed in (None, name) and month in (None, key)]
    # Another Airflow may be writing to the warehouse, and decides what is pending there by itself.
    state = running(settings.airflow_home)
    if state and state.was_killed:
        refuse(KILLED)
    if ingest or feed or month or settings.airflow_url or state:
        return ingest
    quarters = {Quarter.parse(partition.quarter) for partition in pending_partitions(settings)}
    # One run decides every pending partition, whatever quarter it is named after.
    return [(PUBLICATION_DAG, max(quarters).partition_key)] if quarters else []


@contextmanager
def airflow(settings: "Settings") -> "Iterator[Client]":
    """The Airflow of a server where settings name one, or the one that is up here, or one for the time of the block."""
    from quarterdeck.local_airflow.client import Client
    from quarterdeck.local_airflow.environment import password, url_of
    from quarterdeck.local_airflow.instance import KILLED, RUN_COMPONENTS, UNDER_WAY, AirflowError, LocalAirflow
    from quarterdeck.local_airflow.state import running

    if settings.airflow_url:
        yield _signed_in(settings, settings.airflow_url)
        return
    if state := running(settings.airflow_home):
        if state.was_killed:
            raise AirflowError(KILLED)
        if state.short_lived:
            raise AirflowError(UNDER_WAY)
        client = Client(url_of(state.port), password(settings))
        client.sign_in()
        yield client
        return
    _say("Starting Airflow")
    airflow = LocalAirflow.start(settings, RUN_COMPONENTS, idle_seconds=IDLE_SECONDS, with_parent=True, calendar=False)
    try:
        yield airflow.wait_until_ready()
    except KeyboardInterrupt:
        _say("Stopping: tasks that run may end first. Interrupt again to end them now.")
        raise
    finally:
        airflow.stop()


def _signed_in(settings: "Settings", url: str) -> "Client":
    import httpx

    from quarterdeck.local_airflow.client import Client
    from quarterdeck.local_airflow.instance import AirflowError

    user = settings.airflow_user
    if settings.airflow_password:
        password = settings.airflow_password.get_secret_value()
    else:
        password = typer.prompt(f"Password of {user} at {url}", hide_input=True, err=True)
    client = Client(url, password, user)
    try:
        client.sign_in()
    except httpx.HTTPError as error:
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.UNAUTHORIZED:
            raise AirflowError(
                f"{url} does not let {user} in. QUARTERDECK_AIRFLOW_USER says who you are there, and"
                " QUARTERDECK_AIRFLOW_PASSWORD your password; an administrator can set a new one."
            ) from None
        raise AirflowError(f"No Airflow answers at {url}, which QUARTERDECK_AIRFLOW_URL names ({error}).") from None
    return client


def in_words(error: "httpx.HTTPError", settings: "Settings") -> str:
    """Why Airflow did not do what it was asked, for the person who asked."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.FORBIDDEN:
        return f"{settings.airflow_user} may not do this at {settings.airflow_url}. An administrator can give the role."
    if settings.airflow_url:
        return f"Airflow stopped answering ({error}). Its logs are on the server."
    if shutil.disk_usage(settings.home).free < _NO_ROOM:
        return f"There is no room left in {settings.home}. Make some, then run again: it goes on where it was."
    return f"Airflow stopped answering ({error}). Its logs are in {settings.airflow_home / 'logs'}."


def _drive(client: "Client", due: list[tuple[str, str]], outcome: Outcome) -> None:
    """Start the runs that are due, follow them and all that comes of them, and fill in the outcome."""
    from quarterdeck.local_airflow.client import now
    from quarterdeck.local_airflow.follow import follow
    from quarterdeck.orchestration import PUBLICATION_DAG

    refuse_paused(client, [PUBLICATION_DAG, *(dag_id for dag_id, _ in due)])
    since = now()
    for dag_id, key in due:
        client.trigger(dag_id, key)
    with progress() as tell:
        followed = follow(client, since, tell)
    _collect(client, followed, outcome)


def refuse_paused(client: "Client", needed: "Iterable[str]") -> None:
    """Raise AirflowError for what would be waited for in vain: a run that is to come, or is there, of a paused DAG."""
    from quarterdeck.local_airflow.instance import AirflowError

    if paused := sorted({*needed, *client.active()}.intersection(client.paused())):
        raise AirflowError(
            f"Paused, so that its runs would not begin: {', '.join(paused)}. Unpause it in the page, which is at"
            f" {client.url} or where `quarterdeck up` says."
        )


def _collect(client: "Client", followed: "Followed", outcome: Outcome) -> None:
    from quarterdeck.local_airflow.instance import AirflowError
    from quarterdeck.orchestration import PUBLICATION_DAG

    if followed.unanswered:
        raise AirflowError(f"The scheduler did not start {PUBLICATION_DAG} for what was ingested. Run again.")
    decisions: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sorted(followed.runs, key=lambda one: one["start_date"] or ""):
        seconds = round(one["duration"] or 0.0, 1)
        named = {"dag_id": one["dag_id"], "partition_key": one["partition_key"]}
        outcome.runs.append({**named, "state": one["state"], "seconds": seconds})
        if one["dag_id"] == PUBLICATION_DAG:
            audited = client.returned(PUBLICATION_DAG, one["dag_run_id"], "audit") or {}
            for decision in audited.get("decisions", []):
                decisions[decision["organisation_code"], decision["quarter"]] = decision
            published = client.returned(PUBLICATION_DAG, one["dag_run_id"], "publish") or {}
            outcome.version = published.get("version", outcome.version)
            outcome.changed |= published.get("changed", False)
    outcome.decisions = [decisions[partition] for partition in sorted(decisions)]
    for task in followed.failed:
        outcome.failed.append({"run": task.run, "task": task.name, "log": client.log_tail(task.row)})


@contextmanager
def progress() -> "Iterator[_Progress]":
    """Lines on stderr for tasks that end, and below them, on a terminal, what runs at the moment."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("Waiting for the scheduler") as status:
        yield _Progress(console, status)


class _Progress:
    """Tells of tasks as they change."""

    def __init__(self, console: Any, status: Any) -> None:
        self._console, self._status = console, status
        self._started = time.monotonic()
        self._running: dict[str, str] = {}

    def __call__(self, tasks: "Iterable[Task]") -> None:
        from rich.markup import escape

        for task in tasks:
            name = f"{task.run} {task.name}"
            self._running.pop(name, None)
            if task.state == "running":
                self._running[name] = name
            elif task.state in ("success", "failed", "up_for_retry"):
                seconds = time.monotonic() - self._started
                self._console.print(
                    f"{seconds:6.1f} s  {task.run:<38} {task.name:<25} {task.state:<8} {task.seconds:5.1f} s",
                    style=None if task.state == "success" else "red",
                    # Which batch it was stands in brackets.
                    markup=False,
                    soft_wrap=True,
                )
        self._status.update(escape(f"Running: {', '.join(self._running.values()) or 'nothing at the moment'}"))


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _show(settings: "Settings", outcome: Outcome) -> None:
    """Print the outcome for people: what was decided, what failed and why, where to look."""
    if not outcome.due:
        typer.echo(f"Nothing is due: no new file lies in {settings.landing}.")
    if outcome.decisions:
        columns = ("quarter", "decision", "reason")
        slugs = _slugs(settings)
        emit_table(
            [
                {"organisation": slugs.get(decision["organisation_code"], decision["organisation_code"])}
                | {column: decision[column] for column in columns}
                for decision in outcome.decisions
            ],
            "Decisions",
        )
    if outcome.awaiting:
        typer.echo("\nWhat awaits approval keeps its last published rows; `quarterdeck approve` lists it.")
    for failure in outcome.failed:
        typer.echo(f"\nFailed: {failure['run']}, task {failure['task']}. Its log ends:")
        typer.echo("\n".join(f"    {line}" for line in failure["log"]))
    if outcome.quarantined:
        typer.echo("\nIn quarantine, each with its findings.json:")
        typer.echo("\n".join(f"    {settings.quarantine / name}" for name in outcome.quarantined))
    if outcome.waiting:
        typer.echo(f"\nLeft in {settings.landing}, for another run, until they are whole, or for the reason given:")
        typer.echo("\n".join(f"    {name}" for name in outcome.waiting))
    if outcome.version:
        news = "is published" if outcome.changed else "was published before and still says it all"
        typer.echo(f"\n{outcome.version} {news}: {_current(settings)}")
    if outcome.runs:
        logs = "on the server" if settings.airflow_url else str(settings.airflow_home / "logs")
        typer.echo(f"{len(outcome.runs)} runs in {outcome.seconds:.0f} s; logs: {logs}")


def _slugs(settings: "Settings") -> dict[str, str]:
    """What people call an organisation, by its code."""
    from quarterdeck.organisations import organisation_codes

    return {code: name for name, code in organisation_codes(settings.seeds).items() if name != code.lower()}


def _current(settings: "Settings") -> Path:
    return settings.published / "current" / "marts.duckdb"
