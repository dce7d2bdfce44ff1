"""The gate beside the build that it judges: both on the same raw rows, in the same run."""

import shutil
from pathlib import Path

from benchmarks.measure import Contender, compare
from benchmarks.report import Bar, Report
from benchmarks.transform import LARGE, SMALL, filled
from quarterdeck.settings import Settings


def report(work: Path, rounds: int, large: bool) -> Report:
    """Judging every partition, beside making every mart."""
    world = LARGE if large else SMALL
    source, _ = filled(work, world)
    home = work / "judged"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(source.home, home)
    settings = Settings(home=home, dbt_project=home / "dbt_project", layouts=home / "layouts", dbt_threads=2)

    # Each with what it imports, as a task of its own: dbt there, Great Expectations here.
    measured = compare(
        [
            Contender("the build: seeds, models and tests", _build, lambda: settings),
            Contender("the gate", _judge, lambda: settings),
        ],
        rounds,
    )
    build, gate = measured.values()
    rows = world.organisations * world.months
    return Report(
        f"The gate: {rows * world.projects:,} project-months, {rows * world.budget_rows:,} budget lines",
        measured,
        [
            f"{gate.said['expectations']} expectations, {gate.said['partitions']} partitions, "
            f"{gate.said['published']} of them published.",
        ],
        [Bar("Processor time beside the build", gate.cpu_seconds / build.cpu_seconds, 0.2)],
    )


def _build(settings: Settings) -> int:
    from transform import candidate

    return candidate.build(settings).models


def _judge(settings: Settings) -> dict[str, int]:
    from expectations import audit, pending

    # Every partition, as after a change of the rules: also those that an earlier round has decided on.
    decided = audit.judge(settings, pending.partitions(settings))
    published = sum(decision.decision == audit.PUBLISHED for decision in decided.decisions)
    return {"expectations": decided.evaluated, "partitions": len(decided.decisions), "published": published}
