"""Contenders take turns, each in a process of its own."""

import os
import time

import pytest

from benchmarks.measure import Contender, Timed, compare, ratio
from benchmarks.report import Bar, Report


def test_contenders_run_apart_and_what_they_say_is_kept() -> None:
    found = compare([Contender("one", lambda given: (given, os.getpid()), lambda: "prepared")], 2)["one"]
    prepared, process = found.said
    assert prepared == "prepared"
    assert process != os.getpid()
    assert len(found.wall) == len(found.cpu) == len(found.peak) == 2
    assert found.megabytes > 1


def test_preparing_is_not_timed() -> None:
    found = compare([Contender("one", lambda _: None, lambda: time.sleep(0.2))], 1)["one"]
    assert found.seconds < 0.2


def test_a_failure_is_told_with_its_contender() -> None:
    with pytest.raises(RuntimeError, match="(?s)'one' failed.*ZeroDivisionError"):
        compare([Contender("one", lambda _: 1 / 0)], 1)


def test_the_ratio_is_that_of_most_rounds() -> None:
    ours, theirs = Timed("ours", wall=[2.0, 20.0, 3.0]), Timed("theirs", wall=[1.0, 10.0, 1.0])
    assert ratio(ours, theirs) == 2.0


def test_a_bar_says_whether_it_is_met() -> None:
    assert "**not met**" in Bar("Ours", 5.1, 5).as_text()
    assert ": met" in Bar("Ours", 5.1, 5, at_least=True).as_text()
    timed = Timed("ours", [1.0], [1.0], [1 << 20])
    text = Report("Title", {"ours": timed}, bars=[Bar("Ours", 1, 2)]).as_text("Measured here.", 1)
    assert "| ours | 1.00 | 1.00 | 1.00 | 1 | 1.00 |" in text
