"""How long a reader of the published version waits, when nothing is built and while a build is under way."""

import multiprocessing
import shutil
import statistics
import time
from pathlib import Path

from benchmarks.measure import Contender, Timed, compare
from benchmarks.publication import LARGE, SMALL, published
from benchmarks.report import Bar, Report
from quarterdeck.settings import Settings

QUERY = (
    "select portfolio, sum(target_gbp), sum(net_at_risk_gbp) from marts.project_status where quarter = ? group by all"
)
_READS = 300


def report(work: Path, rounds: int, large: bool) -> Report:
    """The 99th percentile of single reads: idle, and beside a build."""
    settings = published(work, LARGE if large else SMALL)
    # Built in a copy: what is published stays the candidate that was judged.
    copy = work / "building"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(settings.home, copy, ignore=shutil.ignore_patterns("published"))
    built = Settings(home=copy, dbt_project=settings.dbt_project, layouts=settings.layouts)

    def building() -> Settings:
        process = multiprocessing.get_context("fork").Process(target=_build, args=(built,), daemon=True)
        process.start()
        # Until dbt has read its project and the models run.
        time.sleep(3)
        return settings

    measured = compare(
        [
            Contender(f"{_READS} reads while a build runs", _read, building),
            Contender(f"{_READS} reads, nothing else running", _read, lambda: settings),
        ],
        rounds,
    )
    busy, idle = map(_slow, measured.values())
    return Report(
        "Readers of the published version",
        measured,
        [f"The 99th percentile of one read, of all rounds: {busy:.1f} ms beside {idle:.1f} ms."],
        [Bar("99th percentile while building, beside idle", busy / idle, 1.2)],
    )


def _build(settings: Settings) -> None:
    from quarterdeck.priority import give_way
    from transform import candidate

    # As a task does.
    give_way()
    while True:
        candidate.build(settings)


def _read(settings: Settings) -> list[float]:
    """The seconds of each read."""
    import duckdb

    waited = []
    for _ in range(_READS):
        started = time.perf_counter()
        with duckdb.connect(str(settings.published / "current" / "marts.duckdb"), read_only=True) as connection:
            connection.execute(QUERY, ["2015-16 Q1"]).fetchall()
        waited.append(time.perf_counter() - started)
    return waited


def _slow(timed: Timed) -> float:
    """Milliseconds that 99 of 100 reads of all rounds do not exceed."""
    waited: list[float] = [seconds for reads in timed.answers for seconds in reads]
    return 1000 * statistics.quantiles(waited, n=100)[98]
