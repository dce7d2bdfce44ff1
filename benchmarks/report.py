"""What was measured, as a table for people."""

import platform
from dataclasses import dataclass, field
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
            f"Medians of {rounds} rounds, the contenders taking turns; the ratio is that of the first to each, round",
            "by round. Memory is the peak of the largest single process.",
            "",
            "| | seconds | slowest | processor seconds | peak MB | ratio |",
            "|---|---:|---:|---:|---:|---:|",
            *(
                f"| {timed.name} | {timed.seconds:.2f} | {max(timed.wall):.2f} | {timed.cpu_seconds:.2f}"
                f" | {timed.megabytes:.0f} | {ratio(ours, timed):.2f} |"
                for timed in self.measured.values()
            ),
            "",
            *(bar.as_text() for bar in self.bars),
            *(f"* {note}" for note in self.notes),
            "",
            described,
        ]
        return "\n".join(lines) + "\n"


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
