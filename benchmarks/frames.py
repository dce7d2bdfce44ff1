"""All marts anew: the dbt project, beside pandas making the same ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Contender, compare, ratio
from benchmarks.report import Bar, Report
from benchmarks.transform import LARGE, MARTS, SMALL, filled, ours
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    import duckdb

_MEMORY = "2GB"


def report(work: Path, rounds: int, large: bool) -> Report:
    """The project beside pandas; raises AssertionError where a row of a mart differs."""
    world = LARGE if large else SMALL
    settings, _ = filled(work, world)
    folder = work / "frames"
    measured = compare([ours(settings), _pandas(settings, folder)], rounds)
    build, frames = measured.values()
    unequal = differences(settings.warehouse, folder)
    assert not any(unequal.values()), unequal
    rows = world.organisations * world.months
    return Report(
        f"Beside pandas: {rows * world.projects:,} project-months, {rows * world.budget_rows:,} budget lines",
        measured,
        notes=[
            f"The build is {build.said['models']} models and {build.said['tests']} tests, which pandas does without.",
            "pandas reads through Arrow, keeps texts as categories and writes Parquet.",
            "Every row of its marts equals the project's.",
        ],
        bars=[
            Bar("Time beside pandas", ratio(build, frames), 0.2),
            Bar("Memory beside pandas", build.megabytes / frames.megabytes, 0.25),
        ],
    )


def differences(marts: Path, folder: Path) -> dict[str, int]:
    """Of every mart of a database, how many rows `folder`/<mart>.parquet has not, or the other way round."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        connection.execute(f"attach '{marts}' as made (read_only)")
        return {mart: _unlike(connection, mart, folder / f"{mart}.parquet") for mart in MARTS}


def _unlike(connection: "duckdb.DuckDBPyConnection", mart: str, parquet: Path) -> int:
    columns = connection.execute(f"describe made.marts.{mart}").fetchall()
    names = ", ".join(name for name, *_ in columns)
    typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind, *_ in columns)
    here, there = f"select {names} from made.marts.{mart}", f"select {typed} from read_parquet('{parquet}')"
    (found,) = connection.execute(
        f"select (select count(*) from ({here} except all {there}))"
        f" + (select count(*) from ({there} except all {here}))"
    ).fetchone() or (0,)
    return int(found)


def _pandas(settings: Settings, folder: Path) -> Contender:
    def ready() -> Path:
        from benchmarks import by_pandas  # noqa: F401

        return settings.warehouse

    def run(build: Path) -> None:
        from benchmarks import by_pandas

        by_pandas.make(build, folder)

    return Contender("pandas", run, ready)
