"""Every benchmark by its name."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, gate, ingest, orchestration, publication, readers, transform
from benchmarks.report import Report

SUITE: dict[str, Callable[[Path, int, bool], Report]] = {
    "ingest": ingest.report,
    "transform": transform.report,
    "gate": gate.report,
    "publication": publication.report,
    "readers": readers.report,
    "commands": commands.report,
    "orchestration": orchestration.report,
}
