"""From what is pending to a published version, told step by step: run in processes that are killed on the way."""

import time
from functools import partial
from multiprocessing.connection import Connection

from quarterdeck.settings import Settings

BUILD, GATE, PUBLICATION = "build", "gate", "publication"
STAGES = (BUILD, GATE, PUBLICATION)
# What a worker has imported by the time that it runs.
WARM = [
    "dbt.adapters.duckdb",
    "dbt.adapters.duckdb.impl",
    "dbt.cli.main",
    "expectations.audit",
    "expectations.pending",
    "gptables",
    "great_expectations",
    "great_expectations.expectations",
    "pages.build",
    "publication.publish",
    "scipy.optimize",
    "transform.candidate",
]


def rebuild(settings: Settings, told: Connection) -> None:
    """Build, judge and publish as the DAG does, its pages included.

    Each stage is told by its name as it begins and ends with its seconds; at last the version's content hash is told.
    """
    from expectations import audit, pending
    from pages.build import add_site
    from publication import publish
    from transform import candidate

    partitions = pending.pending_partitions(settings)

    def build() -> None:
        candidate.build(settings)

    def judge() -> None:
        audit.audit(settings, partitions)

    def release() -> str:
        return publish.publish(settings, partial(add_site, settings)).content_sha256

    content = None
    for stage, run in zip(STAGES, (build, judge, release), strict=True):
        told.send(stage)
        started = time.monotonic()
        content = run()
        told.send(time.monotonic() - started)
    told.send({"content": content})
