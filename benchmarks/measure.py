"""Taking turns: contenders run one after the other, each time in a process of their own; medians are compared."""

import gc
import multiprocessing
import os
import resource
import statistics
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Contender:
    """One way of doing a thing.

    `prepare` sets it up, which is not timed: what it returns is given to `run`.
    """

    name: str
    run: Callable[[Any], Any]
    prepare: Callable[[], Any] = lambda: None


@dataclass
class Timed:
    """A contender's runs, one a round.

    Wall and processor seconds, the largest process's peak of memory in bytes, and what `run` returned.
    """

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    @property
    def said(self) -> Any:
        """What the last run returned."""
        return self.answers[-1]

    @property
    def seconds(self) -> float:
        """The median of the wall clock."""
        return statistics.median(self.wall)

    @property
    def cpu_seconds(self) -> float:
        """The median of the processors' time."""
        return statistics.median(self.cpu)

    @property
    def megabytes(self) -> float:
        """The median of the peaks of memory."""
        return statistics.median(self.peak) / _MEGABYTE


def compare(contenders: Sequence[Contender], rounds: int) -> dict[str, Timed]:
    """Run every contender once a round, in turn, and return what was measured by name.

    Raises RuntimeError where a contender fails.
    """
    found = {contender.name: Timed(contender.name) for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            wall, cpu, peak, said = _apart(contender)
            timed = found[contender.name]
            timed.wall.append(wall)
            timed.cpu.append(cpu)
            timed.peak.append(peak)
            timed.answers.append(said)
    return found


def ratio(one: Timed, other: Timed) -> float:
    """How many times as long `one` takes as `other`: the median of the rounds' ratios.

    A slow spell of the machine, which both feel, does not count.
    """
    return statistics.median(a / b for a, b in zip(one.wall, other.wall, strict=True))


def _apart(contender: Contender) -> tuple[float, float, int, Any]:
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(contender, sending))
    process.start()
    sending.close()
    try:
        measured: tuple[float, float, int, Any] | str = receiving.recv()
    except EOFError:
        measured = "its process ended"
    process.join()
    if isinstance(measured, str):
        raise RuntimeError(f"'{contender.name}' failed: {measured}")
    return measured


def _run(contender: Contender, sending: Connection) -> None:
    try:
        sending.send(_measured(contender))
    except Exception:
        sending.send(traceback.format_exc())


def _measured(contender: Contender) -> tuple[float, float, int, Any]:
    prepared = contender.prepare()
    gc.collect()
    before, started = _cpu(), time.perf_counter()
    said = contender.run(prepared)
    wall, cpu = time.perf_counter() - started, _cpu() - before
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return wall, cpu, peak * 1024, said


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
