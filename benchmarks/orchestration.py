"""What orchestration adds to the work: a month of a few councils, and the last file of a quarter of the samples."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import direct
from benchmarks.generate.world import World
from benchmarks.ingest import landed, submissions
from benchmarks.measure import Contender, compare
from benchmarks.report import Bar, Report
from quarterdeck.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from quarterdeck.local_airflow.client import Client

SMALL, LARGE = (World(organisations=count, months=1) for count in (5, 330))
LAST = Path("nottinghamshire/performance_indicators/2018-09")
"""Of the samples, the return that its quarter still waits for."""

AIRFLOW, CALLS = "quarterdeck run: a short-lived Airflow", "direct calls"
_PATIENCE = 300.0
LAST_BY_AIRFLOW, LAST_BY_CALLS = "last file of a quarter: an Airflow that is up", "last file of a quarter: direct calls"


def report(work: Path, rounds: int, large: bool) -> Report:
    """`quarterdeck run`, which starts an Airflow and stops it, beside the same calls in one process.

    And the time from the last file of a quarter landing to the publication of it, with a scheduler that is up.
    """
    world = LARGE if large else SMALL
    files = submissions(work, world)
    measured = compare(
        [
            Contender(AIRFLOW, _run, lambda: landed(work / "by-airflow", world, files)),
            Contender(CALLS, _direct, lambda: landed(work / "by-calls", world, files)),
            Contender(LAST_BY_AIRFLOW, _followed, lambda: _up(_but_the_last(work, "last-by-airflow"))),
            Contender(LAST_BY_CALLS, _direct, lambda: _with_the_last(_but_the_last(work, "last-by-calls"))),
        ],
        rounds,
    )
    warm = measured[LAST_BY_AIRFLOW].seconds
    return Report(
        "Orchestration",
        measured,
        [f"{len(files)} files of one month; one process a task in Airflow."],
        [
            Bar("Seconds from the last file of a quarter to its publication", warm, 30),
            Bar("Seconds that orchestration adds to that", warm - measured[LAST_BY_CALLS].seconds, 15),
        ],
    )


def _run(settings: Settings) -> int:
    places = {"HOME": settings.home, "DBT_PROJECT": settings.dbt_project, "LAYOUTS": settings.layouts}
    environment = os.environ | {f"QUARTERDECK_{name}": str(path) for name, path in places.items()}
    command = [sys.executable, "-c", "from quarterdeck.cli import main; main()", "run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if not (settings.published / "current").exists():
        raise RuntimeError(f"nothing was published: {done.stdout}{done.stderr}")
    return done.returncode


def _direct(settings: Settings) -> str:
    from functools import partial

    from pages.build import add_site
    from publication.publish import publish

    direct.ingest(settings)
    direct.judge(settings)
    return publish(settings, partial(add_site, settings)).version or ""


def _but_the_last(work: Path, name: str) -> Settings:
    """A data root whose samples are published, but for the last file: a copy of one that is made once."""
    master, home = Settings(home=work / "but-the-last", settle_seconds=0), work / name
    if not (master.home / "whole").exists():
        shutil.rmtree(master.home, ignore_errors=True)
        for file in (PROJECT_ROOT / "samples").glob("*/*/[0-9]*/*.*"):
            place = file.relative_to(PROJECT_ROOT / "samples")
            if place.parent != LAST:
                (master.landing / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, master.landing / place)
        _direct(master)
        (master.home / "whole").touch()
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(master.home, home, symlinks=True)
    return Settings(home=home, settle_seconds=0)


def _with_the_last(settings: Settings) -> Settings:
    shutil.copytree(PROJECT_ROOT / "samples" / LAST, settings.landing / LAST)
    return settings


def _up(settings: Settings) -> "tuple[Settings, Client]":
    """An Airflow on the data root, up until this process ends."""
    from quarterdeck.local_airflow.instance import UP_COMPONENTS, LocalAirflow

    os.environ["QUARTERDECK_SETTLE_SECONDS"] = "0"
    airflow = LocalAirflow.start(settings, UP_COMPONENTS, idle_seconds=0.5, with_parent=True, calendar=False)
    return settings, airflow.wait_until_ready()


def _followed(up: "tuple[Settings, Client]") -> str:
    """The last file lands, and its ingest run is started; until readers see its quarter."""
    from publication.store import current
    from quarterdeck.orchestration import ingest_dag

    settings, client = up
    before, deadline = current(settings), time.monotonic() + _PATIENCE
    _with_the_last(settings)
    client.trigger(ingest_dag(LAST.parts[1]), LAST.parts[2])
    while current(settings) == before:
        if time.monotonic() > deadline:
            raise RuntimeError("nothing was published")
        time.sleep(0.1)
    return current(settings) or ""
