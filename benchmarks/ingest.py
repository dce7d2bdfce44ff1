"""A month's workbooks archived, read, checked and loaded, beside what it takes merely to read them."""

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from benchmarks import direct
from benchmarks.generate.installation import fingerprint, install
from benchmarks.generate.world import World
from benchmarks.measure import Contender, compare, ratio
from benchmarks.report import Bar, Report
from benchmarks.transform import LARGE
from quarterdeck.settings import Settings

WORKBOOKS_PER_COUNCIL = 4.35
SMALL = World()
"""A council of 12 projects and 23 budget lines; the large ones of other subjects have 150 and 169."""


def world_of(workbooks: int, council: World = SMALL) -> World:
    """A month of about so many workbooks of councils like this one."""
    return replace(council, organisations=max(3, round(workbooks / WORKBOOKS_PER_COUNCIL)), months=1)


def submissions(work: Path, world: World) -> list[Path]:
    """The files of a world, written once below `work`; returns them in order."""
    folder = work / f"files-{fingerprint(world)}"
    if not (folder / "whole").exists():
        from benchmarks.generate.files import write

        shutil.rmtree(folder, ignore_errors=True)
        write(folder / "landing", world)
        (folder / "whole").touch()
    return sorted(path for path in (folder / "landing").rglob("*") if path.is_file())


def report(work: Path, rounds: int, large: bool) -> Report:
    """Ours beside three ways of merely reading the same files: 1,000 small ones, or 1,320 of large councils."""
    world = world_of(1_320, LARGE) if large else world_of(1_000)
    files = submissions(work, world)
    # A file system takes longer to make files where others were removed just before: every round has its own folder.
    with TemporaryDirectory(prefix="ingest-", dir=work) as folder:
        measured = compare(contenders(Path(folder), world, files), rounds)
    ours, calamine, at_once, pandas = measured.values()
    return Report(
        f"Ingest of {len(files):,} {'workbooks of large councils' if large else 'small workbooks'}",
        measured,
        notes=[f"Of the files, {ours.said['accepted']:,} were accepted and {ours.said['held']} held."],
        bars=[
            Bar("Beside calamine alone", ratio(ours, calamine), 5),
            Bar("Beside calamine alone in two processes", ratio(ours, at_once), 5),
            Bar("Beside pandas with openpyxl", ratio(ours, pandas), 0.2),
        ],
    )


def contenders(folder: Path, world: World, files: list[Path]) -> list[Contender]:
    """The four of them, on these files of a world; ours makes a data root below the folder each time."""
    return [
        Contender(
            "quarterdeck: archived, read, checked, loaded",
            direct.ingest,
            lambda: landed(Path(mkdtemp(dir=folder)) / "home", world, files),
        ),
        Contender("calamine alone, reading", _calamine, lambda: files),
        Contender("calamine alone, reading in two processes", _calamine_at_once, lambda: files),
        Contender("pandas with openpyxl, reading", _pandas, lambda: _with_pandas(files)),
    ]


def landed(home: Path, world: World, files: list[Path]) -> Settings:
    """An empty data root with the files in landing."""
    direct.warm()
    settings = install(home, world)
    for path in files:
        target = settings.landing.joinpath(*path.parts[-4:])
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)
    return settings


def _calamine(files: list[Path]) -> int:
    from python_calamine import CalamineWorkbook

    rows = 0
    for path in files:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            rows += len(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
    return rows


def _calamine_at_once(files: list[Path]) -> int:
    with ProcessPoolExecutor(direct.AT_ONCE) as processes:
        return sum(processes.map(_calamine, [files[start :: direct.AT_ONCE] for start in range(direct.AT_ONCE)]))


def _with_pandas(files: list[Path]) -> list[Path]:
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401

    return files


def _pandas(files: list[Path]) -> int:
    import pandas

    sheets: list[dict[Any, Any]] = [pandas.read_excel(path, sheet_name=None, engine="openpyxl") for path in files]
    return sum(len(frame) for workbook in sheets for frame in workbook.values())
