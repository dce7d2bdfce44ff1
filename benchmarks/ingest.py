"""A month's workbooks archived, read, checked and loaded, beside what it takes merely to read them."""

import os
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.generate.installation import fingerprint, install
from benchmarks.generate.world import World
from benchmarks.measure import Contender
from quarterdeck.settings import Settings

WORKBOOKS_PER_COUNCIL = 4.35
_AT_ONCE = 2


def world_of(workbooks: int) -> World:
    """A month of about so many small workbooks."""
    return World(organisations=max(3, round(workbooks / WORKBOOKS_PER_COUNCIL)), months=1)


def submissions(work: Path, world: World) -> list[Path]:
    """The files of a world, written once below `work`; returns them in order."""
    folder = work / f"files-{fingerprint(world)}"
    if not (folder / "whole").exists():
        from benchmarks.generate.files import write

        shutil.rmtree(folder, ignore_errors=True)
        write(folder / "landing", world)
        (folder / "whole").touch()
    return sorted(path for path in (folder / "landing").rglob("*") if path.is_file())


def contenders(work: Path, world: World) -> list[Contender]:
    """Ours, and three ways of merely reading the same files."""
    files = submissions(work, world)
    return [
        Contender("quarterdeck: archived, read, checked, loaded", ingest, lambda: landed(work / "ingest", world, files)),
        Contender("calamine alone, reading", _calamine, lambda: files),
        Contender("calamine alone, reading in two processes", _calamine_at_once, lambda: files),
        Contender("pandas with openpyxl, reading", _pandas, lambda: _with_pandas(files)),
    ]


def landed(home: Path, world: World, files: list[Path]) -> Settings:
    """An empty data root with the files in landing."""
    from expectations import arithmetic  # noqa: F401
    from loaders import load, read, receive  # noqa: F401

    settings = install(home, world)
    for path in files:
        target = settings.landing.joinpath(*path.parts[-4:])
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)
    return settings


def ingest(settings: Settings) -> dict[str, int]:
    """Take what has landed to the raw schema as the DAGs do, batches two at a time; returns how many were accepted."""
    from expectations import arithmetic
    from loaders import load, read, receive
    from quarterdeck.feeds import FEEDS

    accepted = held = 0
    months = sorted({path.name for path in settings.landing.glob("*/*/*")})
    for feed in FEEDS:
        for period in months:
            batches = receive.receive(settings, feed.name, period)
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                reads = [threads.submit(read.read_batch, settings, feed.name, period, batch) for batch in batches]
            loaded = load.load_batches(settings, [each.result() for each in reads])
            arithmetic.check(settings, loaded.accepted)
            accepted += len(loaded.accepted)
            held += len(loaded.held)
    return {"accepted": accepted, "held": held}


def _calamine(files: list[Path]) -> int:
    from python_calamine import CalamineWorkbook

    rows = 0
    for path in files:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            rows += len(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
    return rows


def _calamine_at_once(files: list[Path]) -> int:
    with ProcessPoolExecutor(_AT_ONCE) as processes:
        return sum(processes.map(_calamine, [files[start::_AT_ONCE] for start in range(_AT_ONCE)]))


def _with_pandas(files: list[Path]) -> list[Path]:
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401

    return files


def _pandas(files: list[Path]) -> int:
    import pandas

    sheets: list[dict[Any, Any]] = [pandas.read_excel(path, sheet_name=None, engine="openpyxl") for path in files]
    return sum(len(frame) for workbook in sheets for frame in workbook.values())
