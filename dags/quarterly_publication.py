"""The DAG that turns what has been ingested into a published version, a quarter at a time."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, PartitionedAssetTimetable, StartOfQuarterMapper, dag, get_current_context, task

from quarterdeck.feeds import FEEDS
from quarterdeck.orchestration import ASSET, MONTH_KEY, POOL, PUBLICATION_DAG, TASK_DEFAULTS, ingest_dag

DOC = """
### Build the marts, judge them, publish what passes

A run belongs to one calendar quarter (the partition key, `2018-Q3`; the data name the fiscal quarter). It starts
whenever a month of that quarter was ingested, a resubmission included. Runs follow one another.

* **settle** waits until no ingest run is under way, so that files that arrive together are published together;
* **pending** lists the partitions (organisation × quarter) that changed since they were last decided, of every quarter;
  where there are none, an earlier run has done the work, and the rest is skipped;
* **build** runs the dbt project: the candidate;
* **audit** judges every pending partition: one with an error is held and keeps its last published rows;
* **publish** writes a new immutable version and switches `published/current` to it, unless nothing differs.
"""


@dag(
    dag_id=PUBLICATION_DAG,
    description="Build the quarterly marts, judge them, publish what passes",
    schedule=PartitionedAssetTimetable(
        assets=Asset(ASSET), default_partition_mapper=StartOfQuarterMapper(input_format=MONTH_KEY)
    ),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TASK_DEFAULTS,
    tags=["quarterdeck", "publication"],
    doc_md=DOC,
)
def quarterly_publication() -> None:
    """Wire settle → pending → build → audit → publish."""

    @task.sensor(poke_interval=1, timeout=timedelta(hours=2).total_seconds(), execution_timeout=timedelta(hours=2))
    def settle() -> bool:
        count = get_current_context()["ti"].get_dr_count
        return not any(count(dag_id=ingest_dag(feed.name), states=["queued", "running"]) for feed in FEEDS)

    @task.short_circuit(pool=POOL)
    def pending() -> list[dict[str, Any]]:
        from dataclasses import asdict

        from expectations.pending import pending_partitions
        from quarterdeck.settings import Settings

        return [asdict(partition) for partition in pending_partitions(Settings())]

    @task(pool=POOL, execution_timeout=timedelta(hours=1))
    def build() -> dict[str, Any]:
        from dataclasses import asdict

        from quarterdeck.settings import Settings
        from transform.candidate import build

        return asdict(build(Settings()))

    @task(pool=POOL, execution_timeout=timedelta(hours=1))
    def audit(partitions: list[dict[str, Any]]) -> dict[str, Any]:
        from dataclasses import asdict

        from expectations.audit import audit
        from expectations.pending import Partition
        from quarterdeck.settings import Settings

        return asdict(audit(Settings(), [Partition(**partition) for partition in partitions]))

    @task(pool=POOL)
    def publish() -> dict[str, Any]:
        from dataclasses import asdict

        from publication.publish import publish
        from quarterdeck.settings import Settings

        return asdict(publish(Settings()))

    partitions = pending()
    # A task's argument is another task's result to come.
    settle() >> partitions >> build() >> audit(partitions) >> publish()  # type: ignore[arg-type]


quarterly_publication()
