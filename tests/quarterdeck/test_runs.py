"""The run history: what each stage did, how it ended, and what a killed process leaves of a line."""

from dataclasses import dataclass, field

import pytest

from quarterdeck.runs import FILE, last, noted
from quarterdeck.settings import Settings


@dataclass
class Result:
    accepted: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    rows: int = 0
    changed: bool = True
    version: str | None = None


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "var")


@noted("load")
def load(settings: Settings, accepted: int) -> Result:
    """Load."""
    return Result(accepted=["a"] * accepted, rows=7)


@noted("publish")
def broken(settings: Settings) -> Result:
    raise ValueError("the disk is full\nand more")


def test_a_stage_is_noted_with_what_it_came_to(settings):
    assert load(settings, accepted=2) == Result(accepted=["a", "a"], rows=7)
    assert load.__doc__ == "Load."

    (run,) = last(settings, 10)
    assert run.stage == "load"
    assert run.counts == {"accepted": 2, "rows": 7}
    assert run.failed is None
    assert run.seconds >= 0


def test_a_stage_that_fails_is_noted_and_fails(settings):
    with pytest.raises(ValueError, match="the disk is full"):
        broken(settings)
    (run,) = last(settings, 10)
    assert (run.stage, run.counts, run.failed) == ("publish", {}, "the disk is full")


def test_the_last_runs_are_told_oldest_first(settings):
    for accepted in range(1, 6):
        load(settings, accepted=accepted)
    assert [run.counts["accepted"] for run in last(settings, 3)] == [3, 4, 5]


def test_half_a_line_of_a_killed_process_costs_no_other(settings):
    load(settings, accepted=1)
    with (settings.home / FILE).open("a") as file:
        file.write('\n{"stage": "load", "started')
    load(settings, accepted=2)
    assert [run.counts["accepted"] for run in last(settings, 10)] == [1, 2]


def test_there_is_no_history_before_the_first_run(settings):
    assert last(settings, 10) == []
