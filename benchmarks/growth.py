"""What a whole build costs at four sizes, and the line through them: what dbt takes anyway, and what a row takes."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.generate.world import World
from benchmarks.measure import Contender, compare
from benchmarks.report import Report
from benchmarks.transform import LARGE as MINISTRY
from benchmarks.transform import build_all, filled

_MONTHS = 60
SIZES = {False: (4, 11, 33, 66), True: (33, 66, 165, 330)}
"""Councils, each of them five years; all of a ministry's where it is to be large."""


@dataclass(frozen=True)
class Line:
    """Seconds, as so many anyway and so many for a million raw rows."""

    fixed: float
    per_million: float

    def at(self, rows: float) -> float:
        """The seconds that so many raw rows take."""
        return self.fixed + self.per_million * rows / 1e6


def report(work: Path, rounds: int, large: bool) -> Report:
    """Four sizes; the line is drawn through the first three, and the last says what it is worth."""
    worlds = [replace(MINISTRY, organisations=councils, months=_MONTHS) for councils in SIZES[large]]
    measured = compare([_contender(work, world) for world in worlds], rounds)
    sizes, timed = [raw_rows(world) for world in worlds], list(measured.values())
    walls, files = [one.seconds for one in timed], [_file_size(work, world) for world in worlds]
    line = through(sizes[:-1], walls[:-1])
    predicted, came_to = line.at(sizes[-1]), walls[-1]
    full = raw_rows(MINISTRY)
    return Report(
        "How a whole build grows",
        dict(reversed(measured.items())),
        notes=[
            f"By the three smaller sizes: {line.fixed:.1f} s anyway, and {line.per_million:.1f} s a million raw rows.",
            f"For the largest that foretells {predicted:.1f} s; it took {came_to:.1f} s.",
            f"The build file takes {files[-1] / sizes[-1]:.0f} bytes a raw row.",
            *(
                f"{many} ministry, {full * times / 1e6:,.0f} million raw rows:"
                f" {line.at(full * times) / 60:,.0f} minutes, {files[-1] / sizes[-1] * full * times / 1e9:,.0f} GB."
                for many, times in (("A whole", 1), ("Ten times a", 10), ("A hundred times a", 100))
            ),
            f"Peaks of memory: {', '.join(f'{one.megabytes:.0f} MB' for one in timed)}.",
        ],
    )


def through(sizes: Sequence[float], seconds: Sequence[float]) -> Line:
    """The straight line with the least squares through these."""
    slope, intercept = statistics.linear_regression(sizes, seconds)
    return Line(intercept, slope * 1e6)


def raw_rows(world: World) -> int:
    """About how many raw rows a world has: projects, their savings by year, and budget lines."""
    months = world.organisations * world.months
    return months * (world.project_rows + 6 * world.projects_by_year + world.budget_rows)


def _contender(work: Path, world: World) -> Contender:
    settings, _ = filled(work, world)

    def ready() -> object:
        from transform import candidate  # noqa: F401

        return settings

    return Contender(f"{world.organisations} councils, {raw_rows(world) / 1e6:.2f} million raw rows", build_all, ready)


def _file_size(work: Path, world: World) -> int:
    return os.path.getsize(filled(work, world)[0].warehouse)
