"""The same dbt project in the same Airflow: built by one task, and by Cosmos, one task a model or watched.

Needs Cosmos: run it in an environment of `requirements/cosmos.txt`.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate.world import World
from benchmarks.measure import Timed, ratio
from benchmarks.report import Bar, Report
from benchmarks.transform import filled
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    from quarterdeck.local_airflow.client import Client

DAGS = Path(__file__).with_name("cosmos_dags")
NAMES = {
    "quarterdeck": "quarterdeck: one task",
    "local": "Cosmos, LOCAL: one task a model, in a one-slot pool",
    "watcher": "Cosmos, WATCHER",
}
SMALL = World(organisations=10, months=12)
LARGE = World(organisations=33, months=60, projects=150, portfolios=5, projects_by_year=15, sections=4, lines=41)


def report(work: Path, rounds: int, large: bool) -> Report:
    """The runs of the three DAGs in one short-lived Airflow, from their start to their end, in turn."""
    settings = _root(work, LARGE if large else SMALL)
    measured = {name: Timed(words) for name, words in NAMES.items()}
    states = set()
    with _airflow(settings) as run:
        run("quarterdeck")
        for _ in range(rounds):
            for name, timed in measured.items():
                state, seconds = run(name)
                states.add(state)
                timed.wall.append(seconds)
    assert states == {"success"}, states
    ours, local, watcher = measured.values()
    return Report(
        "The dbt project through Cosmos",
        {timed.name: timed for timed in measured.values()},
        notes=[
            "A run of a DAG, as its scheduler counts it; processor time and memory were not taken.",
            "Cosmos is given dbt's manifest and calls dbt within its tasks; ours parses what changed, each time.",
            f"The first run of ours, which parses everything, is not counted. Rounds: {rounds}.",
        ],
        bars=[
            Bar("One task a model, beside ours", 1 / ratio(ours, local), 15, at_least=True),
            Bar("Watched, beside ours", 1 / ratio(ours, watcher), 4, at_least=True),
        ],
    )


def _root(work: Path, world: World) -> Settings:
    source, _ = filled(work, world)
    home = work / "cosmos"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(source.home, home)
    return Settings(home=home, dbt_project=home / "dbt_project", layouts=home / "layouts")


@contextmanager
def _airflow(settings: Settings) -> Iterator["Runner"]:
    """An Airflow with these DAGs for the time of the block."""
    from quarterdeck.local_airflow.instance import UP_COMPONENTS, LocalAirflow

    told = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "QUARTERDECK_DBT_PROJECT": str(settings.dbt_project),
        "QUARTERDECK_WAREHOUSE": str(settings.warehouse),
        "COSMOS_MANIFEST": str(_manifest(settings)),
    }
    airflow = LocalAirflow.start(settings, UP_COMPONENTS, idle_seconds=0.1, with_parent=True, calendar=False, told=told)
    try:
        yield Runner(airflow.wait_until_ready(list(NAMES)))
    finally:
        airflow.stop()


def _manifest(settings: Settings) -> Path:
    """Dbt's manifest of the project, made by a first build."""
    code = "from quarterdeck.settings import Settings; from transform.candidate import build; build(Settings())"
    places = {"HOME": settings.home, "DBT_PROJECT": settings.dbt_project, "LAYOUTS": settings.layouts}
    environment = os.environ | {f"QUARTERDECK_{name}": str(path) for name, path in places.items()}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    return settings.dbt_target / "manifest.json"


class Runner:
    """Runs DAGs of one Airflow, one at a time."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def __call__(self, name: str) -> tuple[str, float]:
        """Run a DAG; how it ended, and its seconds."""
        from quarterdeck.local_airflow.client import now

        since = now()
        self._client.trigger(name, None)
        while True:
            time.sleep(1)
            for run in self._client.runs(since):
                if run["dag_id"] == name and run["state"] in ("success", "failed"):
                    return run["state"], run["duration"]
