"""Worker, writer, scheduler and the metadata's server are killed at random moments of runs, and started again.

The server's stack. Every round a return is sent again with another figure, and two of the services are killed on its
way to publication. QUARTERDECK_KILLS says how many kills, QUARTERDECK_SEED at which moments.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import openpyxl
import pytest

from deploy.native_stack import NativeStack, missing, wait_for
from quarterdeck.local_airflow.client import ACTIVE, Client, now
from quarterdeck.orchestration import NO_CALENDAR, PUBLICATION_DAG
from quarterdeck.settings import Settings
from tests import pipeline

pytestmark = [pytest.mark.e2e, pytest.mark.long]

RETURN = Path("southampton/hr_metrics/2017-12/HR update.xlsx")
OTHERS = (Path("nottinghamshire/highlight_report/2018-09"), Path("nottinghamshire/performance_indicators/2018-09"))
KILLS = int(os.environ.get("QUARTERDECK_KILLS", "20"))
SEED = int(os.environ.get("QUARTERDECK_SEED", "20180930"))
VICTIMS = ("worker", "writer", "scheduler", "postgres")
KILLS_A_ROUND = 2
# When something was received or published is another moment in every data root.
MOMENTS = {"received_at", "final_at", "last_accepted_at", "published_in", "published_at"}


@dataclass
class Disturbed:
    """What was done to the runs, and how they ended."""

    kills: list[str] = field(default_factory=list)
    rounds: int = 0
    states: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unanswered: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeStack]:
    """The services, up."""
    if lacking := missing():
        pytest.skip(f"this machine lacks {', '.join(lacking)}")
    # Nothing starts by the clock, whenever this runs.
    stack = NativeStack(tmp_path_factory.mktemp("killed"), {NO_CALENDAR: "1"})
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def returned(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """The return by its number, with a figure that is the number's own: the same bytes whenever it is asked for."""
    folder = tmp_path_factory.mktemp("returned")

    def made(number: int) -> Path:
        path = folder / f"{number}.xlsx"
        if not path.exists():
            workbook = openpyxl.load_workbook(samples / RETURN)
            (row,) = [row for row in workbook["Hays"].iter_rows() if row[0].value == "Shifts Filled"]
            row[1].value += number
            workbook.save(path)
        return path

    return made


def send(settings: Settings, samples: Path, number: int, returned: Path) -> None:
    """Put the return into landing; the first time with other returns."""
    for place in OTHERS if number == 0 else ():
        shutil.copytree(samples / place, settings.landing / place)
    (settings.landing / RETURN).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(returned, settings.landing / RETURN)


def fire(client: Client, number: int) -> None:
    """Start the ingest runs of what was sent."""
    client.trigger("ingest_hr_metrics", "2017-12")
    for place in OTHERS if number == 0 else ():
        client.trigger(f"ingest_{place.parts[1]}", place.parts[2])


@pytest.fixture(scope="module")
def disturbed(stack: NativeStack, samples: Path, returned: Callable[[int], Path]) -> Disturbed:
    """Rounds until enough was killed; the first two are undisturbed, and the second says how long one takes."""
    settings, client, chance, done = Settings(home=stack.data), stack.administrator(), random.Random(SEED), Disturbed()
    seconds = 0.0
    while len(done.kills) < KILLS:
        send(settings, samples, done.rounds, returned(done.rounds))
        since, started = now(), time.monotonic()
        fire(client, done.rounds)
        moments = sorted(chance.uniform(0, seconds) for _ in range(KILLS_A_ROUND if done.rounds > 1 else 0))
        killed = []
        for moment in moments:
            time.sleep(max(0.0, started + moment - time.monotonic()))
            victim = chance.choice(VICTIMS)
            if not is_under_way(client, since):
                break
            stack.kill(victim)
            time.sleep(chance.uniform(0, 2))
            stack.start_again(victim)
            killed.append(f"round {done.rounds}: {victim} after {moment:.1f} s")
        wait_for(stack.is_well, 400, "every component is well again")
        followed = stack.followed(client, since)
        if done.rounds == 1:
            seconds = time.monotonic() - started
        done.kills += killed
        done.states += [run["state"] for run in followed.runs]
        done.failed += [f"round {done.rounds}: {task.run} {task.name}" for task in followed.failed]
        done.unanswered += [done.rounds] * followed.unanswered
        done.rounds += 1
        print(f"{time.monotonic() - started:5.0f} s", *killed, sep="; ", flush=True)
    return done


def is_under_way(client: Client, since: datetime) -> bool:
    """Whether what was sent is not decided on yet; a kill after that would hit nothing."""
    try:
        runs = client.runs(since)
    except httpx.HTTPError:
        # What was killed just now is not there to say that anything has ended.
        return True
    return not any(run["dag_id"] == PUBLICATION_DAG and run["state"] not in ACTIVE for run in runs)


def test_every_run_ends_well(disturbed: Disturbed) -> None:
    assert len(disturbed.kills) >= KILLS
    assert set(disturbed.states) == {"success"}, disturbed.failed
    assert disturbed.unanswered == [] and disturbed.failed == []


def test_nothing_is_lost_or_loaded_twice(disturbed: Disturbed, stack: NativeStack) -> None:
    settings = Settings(home=stack.data)
    sequences = pipeline.query(
        settings, "select sequence from raw.submissions where feed = 'hr_metrics' and status = 'accepted' order by 1"
    )
    assert sequences == [(number + 1,) for number in range(disturbed.rounds)]
    rows = pipeline.query(
        settings, "select submission_id, count(*) from raw.agency group by all order by any_value(submission_id)"
    )
    assert len(rows) == disturbed.rounds and len({count for _, count in rows}) == 1
    assert not [path for path in settings.landing.rglob("*") if path.is_file()]


def test_the_marts_are_those_of_undisturbed_runs(
    disturbed: Disturbed, stack: NativeStack, samples: Path, returned: Callable[[int], Path], tmp_path: Path
) -> None:
    alone = Settings(home=tmp_path / "alone")
    for number in range(disturbed.rounds):
        send(alone, samples, number, returned(number))
        pipeline.ingest(alone)
    pipeline.run(alone)
    ours, theirs = content(stack.data), content(alone.home)
    # What changed from one version to the next depends on how many there were.
    assert ours.keys() == theirs.keys()
    assert [mart for mart in theirs if mart != "figure_changes" and ours[mart] != theirs[mart]] == []


def content(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every published mart's rows."""
    with duckdb.connect(str(home / "published" / "current" / "marts.duckdb"), read_only=True) as connection:
        found = {}
        for (mart,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall():
            described = connection.execute(f"describe {mart}").fetchall()
            columns = [f'"{name}"' for name, *_ in described if name not in MOMENTS]
            found[mart] = connection.execute(f"select {', '.join(columns)} from {mart} order by all").fetchall()
        return found
