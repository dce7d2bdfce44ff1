"""One month of one council, beside a short and a long history, a build with nothing to do, and a whole one."""

import shutil
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.generate import raw_rows
from benchmarks.generate.installation import fingerprint, install, refresh
from benchmarks.generate.world import World
from benchmarks.measure import Contender, Timed, compare, ratio
from benchmarks.report import Bar, Report
from benchmarks.transform import LARGE as ALL_COUNCILS
from benchmarks.transform import build_all
from quarterdeck.settings import Settings

SMALL = replace(ALL_COUNCILS, organisations=6)
SHORT, LONG, BACK = 12, 120, 36
_TOLERANCE = 1.3
_Given = TypeVar("_Given")


def report(work: Path, rounds: int, large: bool) -> Report:
    """A new month and a restatement, each built as the part that moved."""
    world = ALL_COUNCILS if large else SMALL
    short_world, long_world = replace(world, months=SHORT), replace(world, months=LONG)
    short, long = grown(work, short_world, rounds), grown(work, long_world, rounds)
    contenders = [
        Contender("a month more of one council, beside 11", _build_part, _month_more(short, short_world)),
        Contender("a month more of one council, beside 119", _build_part, _month_more(long, long_world)),
        Contender("a month of three years ago again", _build_part, _restated(long, long_world)),
        Contender("a build with nothing to do", _build_part, lambda: _ready((long, "nobody"))),
        Contender("all councils anew", build_all, lambda: _ready(long)),
    ]
    measured = compare(contenders, rounds)
    new_short, new_long, restated, nothing, everything = measured.values()
    bars = [
        Bar("Ten years of history beside one year", ratio(new_long, new_short), _TOLERANCE),
        Bar("A month of three years ago beside one year", ratio(restated, new_short), _TOLERANCE),
    ]
    if large:
        # A share of all of a few councils would say nothing.
        bars += [
            Bar("A new month beside all anew, less dbt's fixed cost", _share(new_long, nothing, everything), 0.1),
            Bar("A month of three years ago, likewise", _share(restated, nothing, everything), 0.1),
        ]
    return Report(
        f"One month of one of {world.organisations} councils",
        measured,
        notes=[f"Each council has {world.projects} projects and {world.budget_rows} budget lines a month."],
        bars=bars,
    )


def grown(work: Path, world: World, left: int) -> Settings:
    """A built data root of a world in which that many of the last councils have not sent their last month yet.

    It is a copy of one that is made once, so that what is sent in a run is gone in the next.
    """
    master, home = work / f"grown-{fingerprint(world)}-{left}", work / f"growing-{world.months}"
    if not (master / "whole").exists():
        settings = install(master, world)
        raw_rows.insert(settings, world, organisations=range(world.organisations - left))
        rest = range(world.organisations - left, world.organisations)
        raw_rows.insert(settings, world, organisations=rest, months=range(world.months - 1))
        (master / "whole").touch()
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(master, home)
    settings = Settings(home=home, dbt_project=home / "dbt_project", layouts=home / "layouts")
    refresh(settings)
    build_all(settings)
    return settings


def _month_more(settings: Settings, world: World) -> Callable[[], tuple[Settings, str]]:
    """Sends the last month of a council that has not sent it yet."""

    def send() -> tuple[Settings, str]:
        number, last = _lacking(settings, world), world.months - 1
        raw_rows.insert(settings, world, organisations=range(number, number + 1), months=range(last, last + 1))
        return _ready((settings, raw_rows.code(number)))

    return send


def _lacking(settings: Settings, world: World) -> int:
    """The number of a council that has not sent the last month."""
    from quarterdeck.warehouse import connect

    last = raw_rows.period(world, world.months - 1)
    with connect(settings, read_only=True) as connection:
        sent = connection.execute(
            "select distinct organisation_code from raw.submissions where reporting_period = ?", [last]
        ).fetchall()
    return min(set(range(world.organisations)) - {int(code[1:]) - 1 for (code,) in sent})


def _restated(settings: Settings, world: World) -> Callable[[], tuple[Settings, str]]:
    """Sends a month of three years before the last again, with other figures."""

    def send() -> tuple[Settings, str]:
        raw_rows.send_again(settings, raw_rows.code(0), raw_rows.period(world, world.months - 1 - BACK))
        return _ready((settings, raw_rows.code(0)))

    return send


def _share(part: Timed, nothing: Timed, everything: Timed) -> float:
    """What of a whole build's time a part takes, both less what dbt takes anyway: the median of the rounds."""
    return statistics.median(
        (a - fixed) / (b - fixed) for a, fixed, b in zip(part.wall, nothing.wall, everything.wall, strict=True)
    )


def _ready(given: _Given) -> _Given:
    """Import what builds, so that what is timed is building."""
    from transform import candidate  # noqa: F401

    return given


def _build_part(given: tuple[Settings, str]) -> Any:
    from transform import candidate

    settings, organisation = given
    built = candidate.build(settings, [organisation])
    assert built.organisations == [organisation], built
    return built.models
