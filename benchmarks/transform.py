"""All marts anew: the dbt project, beside one hand-written script of the same result."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.generate.installation import fingerprint, install, refresh
from benchmarks.generate.world import World
from benchmarks.measure import Contender, compare, ratio
from benchmarks.report import Bar, Report
from quarterdeck.settings import Settings

SCRIPT = Path(__file__).with_name("hand_written.sql")
MARTS = (
    "reporting_quarters",
    "project_status",
    "portfolio_savings",
    "savings_profile",
    "medium_term_finance",
    "lineage_multipliers",
)
"""The marts that the made-up councils fill."""
_MEMORY = "2GB"


SMALL = World(organisations=33, months=60, projects=150, portfolios=5, projects_by_year=15, sections=4, lines=41)
LARGE = replace(SMALL, organisations=330, months=120)
"""Ten councils of a ministry for five years; all of them for ten: 6 million project-months, 20 million budget lines."""


def report(work: Path, rounds: int, large: bool) -> Report:
    """The project beside the script; raises AssertionError where their marts are not those expected."""
    from benchmarks.generate import raw_rows

    world = LARGE if large else SMALL
    settings, expected = filled(work, world)
    target = work / "hand_written.duckdb"
    measured = compare([ours(settings), _script(settings, target)], rounds)
    build, script = measured.values()
    unequal = raw_rows.differences(settings, expected) | differences(settings, target)
    assert not any(unequal.values()), unequal
    rows = world.organisations * world.months
    return Report(
        f"All marts anew: {rows * world.projects:,} project-months, {rows * world.budget_rows:,} budget lines",
        measured,
        notes=[
            f"The build is {build.said['models']} models and {build.said['tests']} tests; the script has none.",
            "Every row of the marts equals the script's, and what was worked out beforehand from the seed.",
        ],
        bars=[Bar("Beside the hand-written script", ratio(build, script), 2)],
    )


def filled(work: Path, world: World) -> tuple[Settings, Path]:
    """A data root with a world's raw rows, and the database of the marts to expect; made once below `work`."""
    from benchmarks.generate import raw_rows

    home = work / f"rows-{fingerprint(world)}"
    expected = home / "expected.duckdb"
    if expected.exists():
        settings = Settings(home=home, dbt_project=home / "dbt_project", layouts=home / "layouts")
        refresh(settings)
        return settings, expected
    settings = install(home, world)
    raw_rows.insert(settings, world)
    raw_rows.expect(partial := home / "partial.duckdb", world)
    partial.rename(expected)
    return settings, expected


def ours(settings: Settings) -> Contender:
    """The project's build."""

    def ready() -> Settings:
        from transform import candidate  # noqa: F401

        return settings

    return Contender("quarterdeck: seeds, models and tests", build_all, ready)


def _script(settings: Settings, target: Path) -> Contender:
    def ready() -> Path:
        import duckdb  # noqa: F401

        target.unlink(missing_ok=True)
        return target

    return Contender("one hand-written script", lambda made: run_script(settings, made), ready)


def differences(settings: Settings, by_hand: Path) -> dict[str, int]:
    """Of every mart, how many rows of the project's the script has not, or the other way round."""
    from quarterdeck.warehouse import connect

    with connect(settings, read_only=True) as connection:
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        connection.execute(f"attach '{by_hand}' as script (read_only)")
        found = {}
        for mart in MARTS:
            (found[mart],) = connection.execute(
                f"select (select count(*) from (from marts.{mart} except all from script.marts.{mart}))"
                f" + (select count(*) from (from script.marts.{mart} except all from marts.{mart}))"
            ).fetchone() or (0,)
        return found


def build_all(settings: Settings) -> dict[str, Any]:
    """Build the whole candidate; what there was of models, tests and failures."""
    from transform import candidate

    result = candidate.build(settings)
    return {"models": result.models, "tests": result.tests, "failures": len(result.failures)}


def run_script(settings: Settings, target: Path) -> None:
    """Make the marts by the hand-written script, in a database of their own."""
    import duckdb

    with duckdb.connect(str(target), config={"threads": settings.dbt_threads}) as connection:
        connection.execute(f"attach '{settings.warehouse}' as build (read_only)")
        connection.execute(SCRIPT.read_text(encoding="utf-8"))
