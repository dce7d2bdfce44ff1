"""What was measured, as a table for people."""

import math
import platform
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version

import psutil

from benchmarks.measure import Timed, ratio


@dataclass
class Report:
    """One subject: contenders beside the first of them, and what is to be said of the results.

    `bars` are ratios that were promised: what, the ratio, and the most (or, with `at_least`, the least) it may be.
    """

    title: str
    measured: dict[str, Timed]
    notes: list[str] = field(default_factory=list)
    bars: list["Bar"] = field(default_factory=list)

    def as_text(self, described: str, rounds: int) -> str:
        """The report in Markdown."""
        ours = next(iter(self.measured.values()))
        lines = [
            f"# {self.title}",
            "",
            f"{_taken(rounds)}, the contenders taking turns; the ratio is that of the first to each, round",
            "by round. Memory is the peak of the largest single process.",
            "",
            "| | seconds | slowest | processor seconds | peak MB | ratio |",
            "|---|---:|---:|---:|---:|---:|",
            *(_row(ours, timed) for timed in self.measured.values()),
            "",
            *(bar.as_text() for bar in self.bars),
            *(f"* {note}" for note in self.notes),
            "",
            described,
        ]
        return "\n".join(lines) + "\n"

    def as_chart(self) -> str:
        """The contenders' seconds as bars, in SVG; their lengths go by the logarithm, from a tenth of the least."""
        least = min(timed.seconds for timed in self.measured.values()) / 10
        span = math.log(max(timed.seconds for timed in self.measured.values()) / least)
        rows = []
        for number, timed in enumerate(self.measured.values()):
            top, length = 40 + 30 * number, 300 * math.log(timed.seconds / least) / span
            colour = "#1d70b8" if number == 0 else "#b1b4b6"
            rows += [
                f'<text x="390" y="{top + 15}" text-anchor="end">{escape(timed.name)}</text>',
                f'<rect x="400" y="{top}" width="{length:.0f}" height="20" fill="{colour}"/>',
                f'<text x="{405 + length:.0f}" y="{top + 15}">{timed.seconds:.2f} s</text>',
            ]
        height = 50 + 30 * len(self.measured)
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="{height}" font-family="sans-serif"'
                ' font-size="13">',
                '<rect width="100%" height="100%" fill="white"/>',
                f'<text x="10" y="20" font-weight="bold">{escape(self.title)}: seconds, logarithmic</text>',
                *rows,
                "</svg>\n",
            ]
        )


def _taken(rounds: int) -> str:
    return f"Medians of {rounds} rounds" if rounds > 1 else "One round"


def _row(ours: Timed, timed: Timed) -> str:
    # What another process does is timed by the clock alone.
    apart = f"{timed.cpu_seconds:.2f} | {timed.megabytes:.0f}" if timed.cpu else "not taken | not taken"
    return f"| {timed.name} | {timed.seconds:.2f} | {max(timed.wall):.2f} | {apart} | {ratio(ours, timed):.2f} |"


@dataclass(frozen=True)
class Bar:
    """A promised ratio, and what it came to."""

    what: str
    came_to: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the promise is kept."""
        return self.came_to >= self.limit if self.at_least else self.came_to <= self.limit

    def as_text(self) -> str:
        """One line of a list."""
        sign = "at least" if self.at_least else "at most"
        verdict = "met" if self.is_met else "**not met**"
        return f"* {self.what}: {self.came_to:.2f}, {sign} {self.limit:g} is the bar: {verdict}."


def machine() -> str:
    """The machine and the versions, in one sentence."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "python-calamine", "pandas"))
    memory = psutil.virtual_memory().total >> 30
    return (
        f"Measured on {platform.system()} {platform.machine()}, {psutil.cpu_count()} processors, {memory} GB, "
        f"load {psutil.getloadavg()[0]:.1f} at the end; Python {platform.python_version()}, {libraries}."
    )
