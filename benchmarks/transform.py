"""All marts anew: the dbt project, beside one hand-written script of the same result, and beside pandas."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.generate.installation import fingerprint, install, refresh
from benchmarks.generate.world import World
from benchmarks.measure import Contender, compare, ratio
from benchmarks.report import Bar, Report
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    import pandas

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
    """The project beside the script and pandas; raises AssertionError where their marts are not those expected."""
    from benchmarks.generate import raw_rows

    world = LARGE if large else SMALL
    settings, expected = filled(work, world)
    measured = compare(contenders(work, world, with_pandas=not large), rounds)
    ours, script, *others = measured.values()
    unequal = raw_rows.differences(settings, expected) | differences(settings, work / "hand_written.duckdb")
    assert not any(unequal.values()), unequal
    bars = [Bar("Beside the hand-written script", ratio(ours, script), 2)]
    for pandas in others:
        bars += [
            Bar("Beside pandas", ratio(ours, pandas), 0.2),
            Bar("Memory beside pandas", ours.megabytes / pandas.megabytes, 0.25),
        ]
    rows = world.organisations * world.months
    return Report(
        f"All marts anew: {rows * world.projects:,} project-months, {rows * world.budget_rows:,} budget lines",
        measured,
        notes=[
            f"The build is {ours.said['models']} models and {ours.said['tests']} tests, which the others do without.",
            "Every row of the marts equals the script's, and what was worked out beforehand from the seed.",
            "pandas makes four of the marts, without cells, lineage and data status.",
        ],
        bars=bars,
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


def contenders(work: Path, world: World, *, with_pandas: bool = True) -> list[Contender]:
    """The project's build, its models alone, the script and pandas, on one build file."""
    settings, _ = filled(work, world)

    def ready() -> Settings:
        from transform import candidate  # noqa: F401

        return settings

    def script() -> tuple[Settings, Path]:
        import duckdb  # noqa: F401

        target = work / "hand_written.duckdb"
        target.unlink(missing_ok=True)
        return settings, target

    def frames() -> Settings:
        import duckdb  # noqa: F401
        import pandas  # noqa: F401

        return settings

    found = [
        Contender("quarterdeck: seeds, models and tests", build_all, ready),
        Contender("one hand-written script", lambda given: run_script(*given), script),
    ]
    return [*found, Contender("pandas", _pandas, frames)] if with_pandas else found


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


def _pandas(settings: Settings) -> dict[str, int]:
    """The marts as data frames, in the way a notebook would make them; without cells, lineage and data status."""
    from quarterdeck.warehouse import connect

    with connect(settings, read_only=True) as connection:
        tables = {
            name: connection.execute(f"from raw.{name}").df()
            for name in ("submissions", "project_status", "savings", "budget_line")
        }
        statuses = connection.execute("from seeds.delivery_statuses").df()
        organisations = connection.execute("from seeds.organisations").df()
    current = _current(tables.pop("submissions")).merge(organisations, on="organisation_code")
    columns = ["submission_id", "return_id", "organisation", "quarter", "quarter_start"]
    closing = current.loc[current.closes_quarter, columns]
    projects = tables.pop("project_status")
    projects = projects[projects.row_type == "detail"].merge(closing, on="submission_id")
    words = statuses.assign(word=statuses.word.str.lower())
    for column, suffix in (("status", ""), ("status_previous", "_previous")):
        words_of = words.rename(columns={name: f"{name}{suffix}" for name in ("status", "rag", "rank", "rated")})
        projects = projects.assign(word=projects[column].str.lower().str.strip())
        projects = projects.drop(columns=column).merge(words_of, on=["scale_id", "word"], how="left")
    for figure in ("target", "at_risk", "delivered_alternatively", "net_at_risk"):
        projects[f"{figure}_gbp"] = projects[figure] * projects[f"{figure}_scale"]
    worse = projects["rank"] - projects["rank_previous"]
    projects["movement"] = "not_comparable"
    projects.loc[worse == 0, "movement"] = "same"
    projects.loc[worse < 0, "movement"] = "improved"
    projects.loc[worse > 0, "movement"] = "worsened"
    projects.loc[projects.rag == "complete", "movement"] = "closed"
    by_portfolio = projects.groupby(["organisation_code", "quarter", "portfolio"])
    sums = by_portfolio[[name for name in projects if str(name).endswith("_gbp")]].sum(min_count=1)
    counts = projects.groupby(["organisation_code", "quarter", "portfolio", "rag"]).size().unstack(fill_value=0)
    made = {"project_status": len(projects), "portfolio_savings": len(sums.join(counts))}
    for name in ("savings", "budget_line"):
        rows = tables.pop(name).merge(closing, on="submission_id")
        rows["amount_gbp"] = rows.value * rows.value_scale
        made[name] = len(rows)
    return made


def _current(submissions: "pandas.DataFrame") -> "pandas.DataFrame":
    import pandas

    accepted = submissions[submissions.status == "accepted"].sort_values("sequence")
    latest = accepted.drop_duplicates(["organisation_code", "return_id", "reporting_period"], keep="last").copy()
    months = pandas.PeriodIndex(latest.reporting_period, freq="Q-MAR")
    latest["quarter"], latest["quarter_start"] = months.astype(str), months.start_time
    last = latest.groupby(["organisation_code", "return_id", "quarter"]).reporting_period.transform("max")
    latest["closes_quarter"] = latest.reporting_period == last
    return latest
