"""Processes killed at random points of build, gate and publication: readers have a whole version, the next run mends.

`QUARTERDECK_TEST_KILLS` says how often, `QUARTERDECK_TEST_SEED` where.
"""

import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from expectations import pending
from publication import history, store
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from tests import pipeline
from tests.publication.rebuild import STAGES, WARM, rebuild

KILLS = int(os.environ.get("QUARTERDECK_TEST_KILLS", "50"))
_chance = random.Random(int(os.environ.get("QUARTERDECK_TEST_SEED", "2018")))
MOMENTS = [(_chance.choice(STAGES), round(_chance.random(), 3)) for _ in range(KILLS)]

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
    """What is published first and what is pending then, kept in a folder; what a run that nobody kills makes of it."""

    settings: Settings
    kept: Path
    seconds: dict[str, float]
    content: str
    decisions: list[tuple[Any, ...]]
    quarantine: list[str]
    hit: Counter[str] = field(default_factory=Counter)

    def again(self) -> Settings:
        """The data root as it was before the run."""
        _restore(self.kept, self.settings)
        return self.settings


def start(settings: Settings) -> tuple[BaseProcess, Connection]:
    """A process that rebuilds and publishes, and what it tells."""
    telling, told = context.Pipe(duplex=False)
    process = context.Process(target=rebuild, args=(settings, told))
    process.start()
    told.close()
    return process, telling


def finish(settings: Settings) -> tuple[dict[str, float], str]:
    """Run to the end; the seconds of each stage, and the content hash of what was published."""
    process, telling = start(settings)
    said: list[Any] = []
    while True:
        try:
            said.append(telling.recv())
        except EOFError:
            break
    process.join()
    assert process.exitcode == 0, f"it ended after {said}"
    return dict(zip(said[:-1:2], said[1:-1:2], strict=True)), said[-1]["content"]


def kill_in(settings: Settings, stage: str, after: float) -> str | None:
    """Kill a run so many seconds after a stage began; the stage it was in by then, or None where it was done."""
    process, telling = start(settings)
    while telling.recv() != stage:
        pass
    if not telling.poll(0):
        time.sleep(after)
    process.kill()
    process.join()
    while True:
        try:
            said = telling.recv()
        except EOFError:
            return stage
        if isinstance(said, dict):
            return None
        stage = said if isinstance(said, str) else stage


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Undisturbed]:
    """Two councils published; then one corrects a status, and sends for the next quarter what the gate holds."""
    folder = tmp_path_factory.mktemp("killed")
    settings = Settings(home=folder / "home", workbook=False)
    for organisation in ("nottinghamshire", "oxfordshire"):
        shutil.copytree(samples / organisation, settings.landing / organisation)
    pipeline.ingest(settings)
    finish(settings)
    _send(settings, samples / REPORT, CORRECTED, "Appendix B", {"D6": "At Risk"})
    _send(settings, samples / FIGURES, IMPLAUSIBLE, "Report figures", {"E10": 36_000})
    pipeline.ingest(settings)
    assert pending.pending_partitions(settings)
    kept = folder / "kept"
    shutil.copytree(settings.home, kept, symlinks=True)
    # Once to write what dbt keeps of its parsing, once to measure.
    finish(settings)
    _restore(kept, settings)
    seconds, content = finish(settings)
    assert store.current(settings) == "v00002"
    assert _quarantined(settings)
    found = Undisturbed(settings, kept, seconds, content, _decisions(settings), _quarantined(settings))
    yield found
    print(f"\nkilled in {dict(found.hit)}; undisturbed stages take {seconds} seconds")


@pytest.mark.parametrize(("stage", "share"), MOMENTS, ids=[f"{stage}-{share}" for stage, share in MOMENTS])
def test_after_a_kill_readers_have_a_whole_version_and_the_next_run_completes(
    undisturbed: Undisturbed, stage: str, share: float
) -> None:
    settings = undisturbed.again()
    after = share * undisturbed.seconds[stage]
    hit = kill_in(settings, stage, after)
    while hit is None:
        # This one was quicker than the one that was measured.
        after *= 0.8
        hit = kill_in(undisturbed.again(), stage, after)
    undisturbed.hit[hit] += 1
    current_is_whole(settings)

    _, content = finish(settings)
    assert content == undisturbed.content
    assert _decisions(settings) == undisturbed.decisions
    assert _quarantined(settings) == undisturbed.quarantine
    assert store.versions(settings) == ["v00001", "v00002"]
    assert store.current(settings) == "v00002"
    assert sorted(path.name for path in settings.published.glob(".*")) == [".lock"]
    assert pending.pending_partitions(settings) == []
    current_is_whole(settings)


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


def _restore(kept: Path, settings: Settings) -> None:
    shutil.rmtree(settings.home)
    shutil.copytree(kept, settings.home, symlinks=True)


def _decisions(settings: Settings) -> list[tuple[Any, ...]]:
    with connect(settings, read_only=True) as connection:
        return connection.execute(
            "select * exclude (candidate) from gate.decisions order by organisation_code, quarter"
        ).fetchall()


def _quarantined(settings: Settings) -> list[str]:
    return sorted(path.relative_to(settings.quarantine).as_posix() for path in settings.quarantine.rglob("*"))
