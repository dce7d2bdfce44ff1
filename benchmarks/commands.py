"""How long the command line takes to answer."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.generate.world import World
from benchmarks.ingest import submissions
from benchmarks.measure import Contender, compare
from benchmarks.publication import LARGE, SMALL, published
from benchmarks.report import Bar, Report

FIGURE = "organisation_code=B00000001, quarter=2015-16 Q1, portfolio=Portfolio 1"
_RUN = "from quarterdeck.cli import main; main()"
LIMITS = {"--help": 0.3, "check": 1.5, "trace": 1.0}


def report(work: Path, rounds: int, large: bool) -> Report:
    """Help, a check of one workbook and a trace of one figure, beside starting Python and ending it."""
    settings = published(work, LARGE if large else SMALL)
    workbook = next(path for path in submissions(work, World(organisations=3, months=1)) if path.suffix == ".xlsx")
    arguments = {
        "--help": ["--help"],
        "check": ["check", str(workbook)],
        "trace": ["trace", "portfolio_savings", FIGURE, "target_gbp"],
    }
    places = {"HOME": settings.home, "DBT_PROJECT": settings.dbt_project, "LAYOUTS": settings.layouts}
    environment = os.environ | {f"QUARTERDECK_{name}": str(path) for name, path in places.items()}

    def call(command: list[str]) -> int:
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode

    def calling(code: str, *given: str) -> Callable[[], list[str]]:
        return lambda: [sys.executable, "-c", code, *given]

    contenders = [Contender(f"quarterdeck {name}", call, calling(_RUN, *given)) for name, given in arguments.items()]
    measured = compare([*contenders, Contender("python, nothing", call, calling(""))], rounds)
    notes = [f"Exit codes: {', '.join(f'{name} {timed.said}' for name, timed in measured.items())}."]
    bars = [
        Bar(f"Seconds of quarterdeck {name}", measured[f"quarterdeck {name}"].seconds, limit)
        for name, limit in LIMITS.items()
    ]
    return Report("The command line", measured, notes, bars)
