"""Build, gate and publication, each begun and told as the DAG does: run in processes that are killed on the way."""

import time
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection

from expectations.pending import Partition
from quarterdeck.settings import Settings

BUILD, GATE, PUBLICATION = "build", "gate", "publication"
STAGES = (BUILD, GATE, PUBLICATION)
# What a process has imported by the time that it begins.
WARM = [
    "dbt.adapters.duckdb",
    "dbt.adapters.duckdb.impl",
    "dbt.cli.main",
    "expectations.audit",
    "expectations.pending",
    "great_expectations",
    "great_expectations.expectations",
    "pages.build",
    "publication.publish",
    "scipy.optimize",
    "transform.candidate",
]


def run(settings: Settings, stages: Sequence[str], partitions: Sequence[Partition], told: Connection) -> None:
    """Run these stages, pages included; a build finds out itself what is pending.

    Tells the name of each stage as it begins, and its seconds when it ends; at last the partitions that were judged and
    the content hash of what was published.
    """
    from expectations import audit, pending
    from pages.build import add_site
    from publication import publish
    from transform import candidate

    content = None
    for stage in stages:
        told.send(stage)
        started = time.monotonic()
        if stage == BUILD:
            partitions = pending.pending_partitions(settings)
            candidate.build(settings)
        elif stage == GATE:
            audit.audit(settings, partitions)
        else:
            content = publish.publish(settings, partial(add_site, settings)).content_sha256
        told.send(time.monotonic() - started)
    told.send((list(partitions), content))
