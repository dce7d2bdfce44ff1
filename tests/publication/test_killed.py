"""Processes killed at random points of build, gate and publication: readers have a whole version, the next run mends.

A stage is a task of the DAG and a process of its own. What is killed is tried again with what was handed to it, as the
scheduler does, or all of it begins anew, as when somebody starts another run. `QUARTERDECK_TEST_KILLS` says how often,
`QUARTERDECK_TEST_SEED` where.
"""

import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from expectations import pending
from expectations.pending import Partition
from publication import history, store
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests import pipeline
from tests.publication.killed_runs import BUILD, STAGES, WARM, run

KILLS = int(os.environ.get("QUARTERDECK_TEST_KILLS", "50"))
AGAIN, ANEW = "again", "anew"
_chance = random.Random(int(os.environ.get("QUARTERDECK_TEST_SEED", "2018")))
MOMENTS = [
    (_chance.choice(STAGES), round(_chance.random(), 3), _chance.choice((AGAIN, AGAIN, ANEW))) for _ in range(KILLS)
]

REPORT = "nottinghamshire/highlight_report/2018-09/Project Status Report September 2018.xlsx"
CORRECTED = REPORT.replace(".xlsx", " corrected.xlsx")
FIGURES = "nottinghamshire/highlight_report/2018-09/Report figures Progress Report.xlsx"
IMPLAUSIBLE = "nottinghamshire/highlight_report/2018-12/Report figures Progress Report.xlsx"

pytestmark = pytest.mark.long

# Forks of a process that has everything imported and has never run anything.
context: Any = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(WARM)


@dataclass
class Undisturbed:
    """The data root as it is when each stage begins, and what a run that nobody kills makes of it."""

    settings: Settings
    kept: dict[str, Path]
    seconds: dict[str, float]
    partitions: list[Partition]
    content: str
    decisions: list[tuple[Any, ...]]
    quarantine: list[str]
    hit: Counter[str] = field(default_factory=Counter)

    def before(self, stage: str) -> Settings:
        """The data root as it was when a stage began."""
        shutil.rmtree(self.settings.home)
        shutil.copytree(self.kept[stage], self.settings.home, symlinks=True)
        return self.settings


def start(settings: Settings, stages: Sequence[str], partitions: Sequence[Partition]) -> tuple[BaseProcess, Connection]:
    """A process that runs these stages, and what it tells."""
    telling, told = context.Pipe(duplex=False)
    process = context.Process(target=run, args=(settings, stages, partitions, told))
    process.start()
    told.close()
    return process, telling


def finish(settings: Settings, stages: Sequence[str], partitions: Sequence[Partition] = ()) -> list[Any]:
    """Run these stages to the end; what was told."""
    process, telling = start(settings, stages, partitions)
    said = rest_of(telling)
    process.join()
    assert process.exitcode == 0, f"it ended after {said}"
    return said


def kill_in(settings: Settings, stages: Sequence[str], after: float, partitions: Sequence[Partition]) -> str | None:
    """Kill a run so many seconds after it began; the stage it was in by then, or None where it was done."""
    process, telling = start(settings, stages, partitions)
    assert telling.recv() == stages[0]
    time.sleep(after)
    process.kill()
    process.join()
    said = rest_of(telling)
    if said and isinstance(said[-1], tuple):
        return None
    return next((word for word in reversed(said) if isinstance(word, str)), stages[0])


def rest_of(telling: Connection) -> list[Any]:
    """Everything that a process tells until it is no more."""
    said: list[Any] = []
    while True:
        try:
            said.append(telling.recv())
        except EOFError:
            return said


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Undisturbed]:
    """Two councils published; then one corrects a status, and sends for the next quarter what the gate holds."""
    folder = tmp_path_factory.mktemp("killed")
    settings = Settings(home=folder / "home", workbook=False)
    for organisation in ("nottinghamshire", "oxfordshire"):
        shutil.copytree(samples / organisation, settings.landing / organisation)
    pipeline.ingest(settings)
    finish(settings, STAGES)
    _send(settings, samples / REPORT, CORRECTED, "Appendix B", {"D6": "At Risk"})
    _send(settings, samples / FIGURES, IMPLAUSIBLE, "Report figures", {"E10": 36_000})
    pipeline.ingest(settings)
    kept, seconds, partitions = {stage: folder / stage for stage in STAGES}, {}, []
    for stage in STAGES:
        shutil.copytree(settings.home, kept[stage], symlinks=True)
        _, seconds[stage], (partitions, content) = finish(settings, [stage], partitions)
    assert store.current(settings) == "v00002"
    assert _quarantined(settings)
    yield (
        found := Undisturbed(settings, kept, seconds, partitions, content, _decisions(settings), _quarantined(settings))
    )
    print(f"\nkilled in {dict(found.hit)}; undisturbed stages take {seconds} seconds")


@pytest.mark.parametrize(("stage", "share", "then"), MOMENTS, ids=["-".join(map(str, moment)) for moment in MOMENTS])
def test_after_a_kill_readers_have_a_whole_version_and_what_follows_completes(
    undisturbed: Undisturbed, stage: str, share: float, then: str
) -> None:
    after, hit = share * undisturbed.seconds[stage], None
    while hit is None:
        settings = undisturbed.before(stage)
        hit = kill_in(settings, stages_from(stage), after, undisturbed.partitions)
        # One that was quicker than the one that was measured is no kill.
        after *= 0.8
    undisturbed.hit[f"{hit}, then {then}"] += 1
    current_is_whole(settings)

    *_, (_, content) = finish(settings, stages_from(hit if then == AGAIN else BUILD), undisturbed.partitions)
    assert content == undisturbed.content
    assert _decisions(settings) == undisturbed.decisions
    assert _quarantined(settings) == undisturbed.quarantine
    assert store.versions(settings) == ["v00001", "v00002"]
    assert store.current(settings) == "v00002"
    assert sorted(path.name for path in settings.published.glob(".*")) == [".lock"]
    assert pending.pending_partitions(settings) == []
    current_is_whole(settings)


def stages_from(stage: str) -> list[str]:
    """A stage and those after it."""
    return list(STAGES[STAGES.index(stage) :])


def current_is_whole(settings: Settings) -> None:
    """Readers can open `current`, every file is as its manifest says, and no other version is damaged."""
    current = settings.published / "current"
    manifest = json.loads((current / "manifest.json").read_text())
    with duckdb.connect(str((current / store.MARTS_FILE).resolve()), read_only=True) as connection:
        for mart, content in manifest["marts"].items():
            assert connection.execute(f"select count(*) from marts.{mart}").fetchone() == (content["rows"],)
    assert {name: history.verify(settings, name) for name in store.versions(settings)} == {
        name: [] for name in store.versions(settings)
    }


def _send(settings: Settings, sample: Path, to: str, sheet: str, cells: dict[str, Any]) -> None:
    """A copy of a sample in landing, with other values in these cells."""
    target = settings.landing / to
    target.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.load_workbook(sample)
    for cell, value in cells.items():
        book[sheet][cell] = value
    book.save(target)


def _decisions(settings: Settings) -> list[tuple[Any, ...]]:
    with connect(settings, read_only=True) as connection:
        return connection.execute(
            "select * exclude (candidate) from gate.decisions order by organisation_code, quarter"
        ).fetchall()


def _quarantined(settings: Settings) -> list[str]:
    return sorted(path.relative_to(settings.quarantine).as_posix() for path in settings.quarantine.rglob("*"))
