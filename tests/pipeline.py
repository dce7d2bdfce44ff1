"""The rooms called one after the other, as the DAGs call them: a run without a scheduler."""

import shutil
from pathlib import Path
from typing import Any

from expectations import arithmetic, audit, pending
from loaders import load, read, receive
from publication import publish
from publication.release import BeforeRelease
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect
from transform import candidate


def land(settings: Settings, folder: Path, name: str = "*.*") -> None:
    """Copy a folder of `<organisation>/<feed>/<YYYY-MM>/<file>` into landing, or those files whose name fits."""
    for file in folder.glob(f"*/*/*/{name}"):
        target = settings.landing / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def ingest(settings: Settings) -> None:
    """Take what is due to the raw schema, and check its arithmetic."""
    receive.sweep(settings)
    for feed, period in receive.due(settings):
        batches = receive.receive(settings, feed, period)
        loaded = load.load_batches(settings, [read.read_batch(settings, feed, period, batch) for batch in batches])
        arithmetic.check(settings, loaded.accepted)


def run(settings: Settings, before_release: BeforeRelease | None = None) -> publish.PublishResult | None:
    """Take what is due to a published version; None where nothing was pending."""
    ingest(settings)
    arithmetic.check_pending(settings)
    partitions = pending.pending_partitions(settings)
    if not partitions:
        return None
    candidate.build(settings)
    audit.audit(settings, partitions)
    return publish.publish(settings, before_release)


def query(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the build file."""
    with connect(settings, read_only=True) as connection:
        return connection.execute(statement).fetchall()
