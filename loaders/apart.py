"""Reading files of strangers in a process of its own: what a file makes of its reader, the rest does not feel.

The process may take a limited amount of memory in all and of work for each item. An item that exceeds either, or that
ends the process in any other way, is set aside, and a new process takes up the rest.
"""

import faulthandler
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from loaders.limits import MEMORY, SECONDS

T = TypeVar("T")
Begin = Callable[[int], None]
Work = Callable[[Mapping[int, str], Begin], T]
"""What is done apart: called with the items set aside, each with what it did, and a function that says before each item
which one begins (`AFTER_ITEMS` when there is no more)."""

AFTER_ITEMS = -1
_OUT_OF_MEMORY = 70
# A process that another thread forks meanwhile would hold the pipe open, and its end would go unnoticed.
_STARTING = threading.Lock()


def run_apart(work: "Work[T]") -> T:
    """Call `work(set_aside, begin)` in a process of its own, again as long as an item ends the process.

    Where processes are not forked, `work` and its result must be picklable. Raises what `work` raises, and
    RuntimeError where the process ends outside every item.
    """
    set_aside: dict[int, str] = {}
    while True:
        outcome = _once(work, set_aside)
        if isinstance(outcome, _Finished):
            return outcome.result
        item, reason = outcome.item, outcome.reason
        if item == AFTER_ITEMS or item in set_aside:
            raise RuntimeError(f"the process that reads files ended: {reason}")
        set_aside[item] = reason


@dataclass(frozen=True)
class _Finished(Generic[T]):
    result: T


@dataclass(frozen=True)
class _Ended:
    item: int
    reason: str


def _once(work: "Work[T]", set_aside: Mapping[int, str]) -> _Finished[T] | _Ended:
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    # Shared memory, for it outlives the process that writes it.
    item = context.Value("i", AFTER_ITEMS, lock=False)
    with _STARTING:
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(work, set_aside, item, sending))
        process.start()
        sending.close()
    try:
        done, result = receiving.recv()
    except (EOFError, OSError):
        process.join()
        return _Ended(item.value, _reason(process.exitcode))
    finally:
        receiving.close()
    process.join()
    if done:
        return _Finished(result)
    raise result


def _reason(exit_code: int | None) -> str:
    if exit_code == -getattr(signal, "SIGPROF", 0):
        return f"reading it takes more than {SECONDS} seconds"
    return f"reading it takes more than {MEMORY >> 20} MB of memory, or ends its reader"


def _run(work: "Work[T]", set_aside: Mapping[int, str], item: Any, sending: Connection) -> None:
    _limit_memory()
    # What is printed when a library gives up is of no use to anybody; errors travel through the pipe.
    faulthandler.disable()
    # What is here already stays: looking through it for what may go would only copy it.
    gc.freeze()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    def begin(number: int) -> None:
        item.value = number
        _limit_work(0 if number == AFTER_ITEMS else SECONDS)

    try:
        result: tuple[bool, Any] = (True, work(set_aside, begin))
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except Exception as error:
        result = (False, error)
    _limit_work(0)
    sending.send(result)
    sending.close()


def _limit_memory() -> None:
    try:
        import resource

        with open("/proc/self/statm") as statm:
            taken = int(statm.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = taken + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _limit_work(seconds: float) -> None:
    """End the process after so many seconds of its own work; 0 lifts the limit."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
