"""Every benchmark by its name."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, cosmos, growth, increments, ingest, orchestration, publication, readers, transform
from benchmarks.report import Report

SUITE: dict[str, Callable[[Path, int, bool], Report]] = {
    "ingest": ingest.report,
    "transform": transform.report,
    "increments": increments.report,
    "growth": growth.report,
    "cosmos": cosmos.report,
    "publication": publication.report,
    "readers": readers.report,
    "commands": commands.report,
    "orchestration": orchestration.report,
}
