"""A month of a few councils from landing to a published version: through the DAGs, and by direct calls."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import direct
from benchmarks.generate.world import World
from benchmarks.ingest import landed, submissions
from benchmarks.measure import Contender, compare
from benchmarks.report import Report
from quarterdeck.settings import Settings

SMALL, LARGE = (World(organisations=count, months=1) for count in (5, 330))


def report(work: Path, rounds: int, large: bool) -> Report:
    """`quarterdeck run`, which starts an Airflow and stops it, beside the same calls in one process."""
    world = LARGE if large else SMALL
    files = submissions(work, world)
    measured = compare(
        [
            Contender(
                "quarterdeck run: a short-lived Airflow", _run, lambda: landed(work / "by-airflow", world, files)
            ),
            Contender("direct calls", _direct, lambda: landed(work / "by-calls", world, files)),
        ],
        rounds,
    )
    return Report("Orchestration", measured, [f"{len(files)} files of one month; one process a task in Airflow."])


def _run(settings: Settings) -> int:
    places = {"HOME": settings.home, "DBT_PROJECT": settings.dbt_project, "LAYOUTS": settings.layouts}
    environment = os.environ | {f"QUARTERDECK_{name}": str(path) for name, path in places.items()}
    command = [sys.executable, "-c", "from quarterdeck.cli import main; main()", "run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if not (settings.published / "current").exists():
        raise RuntimeError(f"nothing was published: {done.stdout}{done.stderr}")
    return done.returncode


def _direct(settings: Settings) -> str:
    direct.ingest(settings)
    direct.judge(settings)
    return direct.publish(settings)
