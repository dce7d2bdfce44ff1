"""What happens to work that is done in a process of its own."""

import os
import signal
import time

import pytest

from loaders import apart
from loaders.apart import AFTER_ITEMS, run_apart


def test_the_result_comes_back_from_another_process():
    result, process = run_apart(lambda set_aside, begin: ({"rows": [1]}, os.getpid()))
    assert result == {"rows": [1]}
    assert process != os.getpid()


def test_what_the_work_raises_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        run_apart(lambda set_aside, begin: 1 / 0)


def each_of(actions):
    """Work that does these things one after the other, and tells which were done and which were set aside."""

    def work(set_aside, begin):
        done = []
        for number, action in enumerate(actions):
            if number not in set_aside:
                begin(number)
                action()
                done.append(number)
        begin(AFTER_ITEMS)
        return done, dict(set_aside)

    return work


def nothing():
    pass


def test_an_item_that_takes_too_long_is_set_aside_and_the_others_are_done(monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 0.2)

    def endless():
        while True:
            pass

    started = time.perf_counter()
    done, set_aside = run_apart(each_of([nothing, endless, nothing, endless]))
    assert done == [0, 2]
    assert {number: "seconds" in why for number, why in set_aside.items()} == {1: True, 3: True}
    assert time.perf_counter() - started < 5


def test_an_item_that_takes_too_much_memory_is_set_aside():
    done, set_aside = run_apart(each_of([lambda: bytearray(1 << 30), nothing]))
    assert done == [1]
    assert "320 MB of memory" in set_aside[0]


def test_an_item_that_ends_its_process_is_set_aside():
    done, set_aside = run_apart(each_of([nothing, lambda: os.kill(os.getpid(), signal.SIGSEGV)]))
    assert (done, list(set_aside)) == ([0], [1])


def test_a_process_that_ends_outside_every_item_is_no_fault_of_any():
    with pytest.raises(RuntimeError, match="ended"):
        run_apart(lambda set_aside, begin: os._exit(1))
