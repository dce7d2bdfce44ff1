"""A version composed, checked, exported and switched in, beside copying its files; and the root it is measured in."""

import shutil
import statistics
import time
from pathlib import Path

from benchmarks import direct
from benchmarks.generate import files, raw_rows
from benchmarks.generate.installation import fingerprint
from benchmarks.generate.world import World
from benchmarks.measure import Contender, compare
from benchmarks.report import Report
from benchmarks.transform import filled
from quarterdeck.settings import Settings

SMALL = World(organisations=20, months=12, projects=40)
LARGE = World(organisations=100, months=36, projects=100)


def published(work: Path, world: World) -> Settings:
    """A data root with a published version of a world, made once.

    What the first council sent came as files, so that its figures can be traced; of the others there are raw rows only.
    """
    home = work / f"published-{fingerprint(world)}"
    whole = (home / "whole").exists()
    if not whole:
        source, _ = filled(work, world)
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(source.home, home)
    settings = Settings(home=home, dbt_project=home / "dbt_project", layouts=home / "layouts", settle_seconds=0)
    if not whole:
        raw_rows.remove(settings, raw_rows.code(0))
        files.write(settings.landing, world, organisations=range(1))
        direct.ingest(settings)
        direct.judge(settings)
        direct.publish(settings)
        (home / "whole").touch()
    return settings


def report(work: Path, rounds: int, large: bool) -> Report:
    """Publishing beside copying what was published."""
    settings = published(work, LARGE if large else SMALL)
    fresh = Settings(
        home=work / "publishing", dbt_project=settings.dbt_project, layouts=settings.layouts, dbt_threads=2
    )

    def unpublished() -> Settings:
        direct.warm()
        shutil.rmtree(fresh.home, ignore_errors=True)
        shutil.copytree(settings.home, fresh.home, ignore=shutil.ignore_patterns("published"))
        return fresh

    def uncopied() -> Path:
        shutil.rmtree(work / "copied", ignore_errors=True)
        return work / "copied"

    version = (settings.published / "current").resolve()
    measured = compare(
        [
            Contender("quarterdeck: composed, exported, hashed, switched in", direct.publish, unpublished),
            Contender("the same files copied", lambda target: str(shutil.copytree(version, target)), uncopied),
        ],
        rounds,
    )
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
    median, longest = _switches(settings)
    return Report(
        "Publication",
        measured,
        [
            f"The version is {size / 1e6:.1f} MB: a database, csv and parquet.",
            f"The switch alone: {median:.2f} ms, at most {longest:.2f} ms (aim: 10 ms).",
        ],
    )


def _switches(settings: Settings) -> tuple[float, float]:
    """Milliseconds that `current` takes to move: the median of a hundred times, and the longest."""
    from publication import store

    version, taken = store.current(settings) or "", []
    for _ in range(100):
        started = time.perf_counter()
        store.switch(settings, version)
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken), max(taken)
