"""How long the command line takes to answer."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.generate.world import World
from benchmarks.ingest import submissions
from benchmarks.measure import Contender, compare
from benchmarks.publication import SMALL, published
from benchmarks.report import Bar, Report
from benchmarks.transform import LARGE

FIGURE = "organisation_code=B00000001, quarter=2015-16 Q1, portfolio=Portfolio 1"
_RUN = "from quarterdeck.cli import main; main()"
LIMITS = {"--help": 0.3, "check": 1.5, "trace": 1.0}


def report(work: Path, rounds: int, large: bool) -> Report:
    """Help, a check of one workbook and a trace of one figure to its cells, beside starting Python and ending it."""
    world = LARGE if large else SMALL
    settings = published(work, world)
    workbook = next(path for path in submissions(work, World(organisations=3, months=1)) if path.suffix == ".xlsx")
    arguments = {
        "--help": ["--help"],
        "check": ["check", str(workbook)],
        "trace": ["trace", "portfolio_savings", FIGURE, "target_gbp"],
    }
    places = {"HOME": settings.home, "DBT_PROJECT": settings.dbt_project, "LAYOUTS": settings.layouts}
    environment = os.environ | {f"QUARTERDECK_{name}": str(path) for name, path in places.items()}

    def call(command: list[str]) -> int:
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        return len(done.stdout.splitlines())

    def calling(code: str, *given: str) -> Callable[[], list[str]]:
        return lambda: [sys.executable, "-c", code, *given]

    contenders = [Contender(f"quarterdeck {name}", call, calling(_RUN, *given)) for name, given in arguments.items()]
    measured = compare([*contenders, Contender("python, nothing", call, calling(""))], rounds)
    rows = world.organisations * world.months * world.projects
    notes = [
        f"Lines printed: {', '.join(f'{name} {timed.said}' for name, timed in measured.items())}.",
        f"The trace is of one figure of what is published from {rows:,} project-months.",
    ]
    bars = [
        Bar(f"Seconds of quarterdeck {name}", measured[f"quarterdeck {name}"].seconds, limit)
        for name, limit in LIMITS.items()
    ]
    return Report("The command line", measured, notes, bars)
