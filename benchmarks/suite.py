"""Every benchmark by its name."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    commands,
    cosmos,
    frames,
    gate,
    growth,
    increments,
    ingest,
    orchestration,
    pages,
    publication,
    readers,
    transform,
)
from benchmarks.report import Report

SUITE: dict[str, Callable[[Path, int, bool], Report]] = {
    "ingest": ingest.report,
    "transform": transform.report,
    "frames": frames.report,
    "increments": increments.report,
    "growth": growth.report,
    "cosmos": cosmos.report,
    "gate": gate.report,
    "publication": publication.report,
    "pages": pages.report,
    "readers": readers.report,
    "commands": commands.report,
    "orchestration": orchestration.report,
}
