"""The DAG that turns what has been ingested into a published version, a quarter at a time."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, PartitionedAssetTimetable, StartOfQuarterMapper, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from quarterdeck.orchestration import APPROVAL_DAG, ASSET, INGEST_DAGS, MONTH_KEY, POOL, PUBLICATION_DAG, TASK_DEFAULTS
from quarterdeck.retries import IfItMayPass

DOC = """
### Build the marts, judge them, publish what passes

A run belongs to one calendar quarter (the partition key, `2018-Q3`; the data name the fiscal quarter). It starts
whenever a month of that quarter was ingested, a resubmission included. Runs follow one another.

* **pending** asks whether any partition (organisation × quarter), of any quarter, changed since it was last decided;
  where none has, an earlier run has done the work, and the rest is skipped;
* **settle** waits until no ingest run is under way, so that files that arrive together are published together;
* **build** checks the arithmetic of what is pending, notes it, and runs the dbt project for their
  organisations: the candidate;
* **audit** judges every pending partition: one with an error is held and keeps its last published rows;
* **publish** writes a new immutable version with its static site, and switches `published/current` to it, unless
  nothing differs. A page that cannot be built holds the publication. It is skipped where nothing was ever decided on;
* **serve** brings the current version to the Postgres server of `QUARTERDECK_POSTGRES`; skipped where none is named;
* **waiting** and **ask** start a run of `approvals` for each partition that awaits a person's approval, once.
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
    default_args=TASK_DEFAULTS | {"retry_policy": IfItMayPass()},
    tags=["quarterdeck", "publication"],
    doc_md=DOC,
)
def quarterly_publication() -> None:
    """Wire pending → settle → build → audit → publish → serve."""

    @task.short_circuit(pool=POOL)
    def pending() -> bool:
        from expectations.pending import pending_partitions
        from quarterdeck.settings import Settings

        return bool(pending_partitions(Settings()))

    @task.sensor(poke_interval=1, timeout=timedelta(hours=2).total_seconds(), execution_timeout=timedelta(hours=2))
    def settle() -> bool:
        count = get_current_context()["ti"].get_dr_count
        return not any(count(dag_id=dag_id, states=["queued", "running"]) for dag_id in INGEST_DAGS)

    @task(pool=POOL, execution_timeout=timedelta(hours=1))
    def build() -> dict[str, Any]:
        from dataclasses import asdict

        from expectations.arithmetic import check_pending
        from expectations.pending import pending_partitions
        from quarterdeck.settings import Settings
        from transform.candidate import build

        # All while nobody else can write: nothing is built that was not checked, and what is judged is what was built.
        check_pending(Settings())
        partitions = pending_partitions(Settings())
        built = build(Settings(), [partition.organisation_code for partition in partitions])
        return asdict(built) | {"partitions": [asdict(partition) for partition in partitions]}

    @task(pool=POOL, execution_timeout=timedelta(hours=1))
    def audit(built: dict[str, Any]) -> dict[str, Any]:
        from dataclasses import asdict

        from expectations.audit import audit
        from expectations.pending import Partition
        from quarterdeck.settings import Settings

        return asdict(audit(Settings(), [Partition(**partition) for partition in built["partitions"]]))

    @task(pool=POOL)
    def publish() -> dict[str, Any]:
        from dataclasses import asdict
        from functools import partial

        from pages.build import add_site
        from publication.publish import publish
        from quarterdeck.settings import Settings

        published = publish(Settings(), before_release=partial(add_site, Settings()))
        if published.version is None:
            raise AirflowSkipException("The gate has decided on nothing yet, so there is nothing to publish.")
        return asdict(published)

    @task
    def serve() -> dict[str, Any]:
        from dataclasses import asdict

        from publication.postgres import serve
        from quarterdeck.settings import Settings

        if Settings().postgres is None:
            raise AirflowSkipException("No server is named: set QUARTERDECK_POSTGRES to bring versions to one.")
        return asdict(serve(Settings()))

    @task
    def waiting(audited: dict[str, Any]) -> list[dict[str, Any]]:
        questions = []
        for decision in audited["decisions"]:
            if decision["decision"] == "awaiting approval":
                organisation, quarter = decision["organisation_code"], decision["quarter"].replace(" ", "-")
                # What was judged names the question, so that it is put once.
                name = f"{organisation}_{quarter}_{decision['fingerprint'][:16]}"
                asked = {key: decision[key] for key in ("organisation_code", "quarter", "reason")}
                questions.append({"trigger_run_id": name, "conf": asked})
        return questions

    candidate = build()
    # A task's argument is another task's result to come.
    judged = audit(candidate)  # type: ignore[arg-type]
    published = publish()
    published >> serve()
    questions = waiting(judged)  # type: ignore[arg-type]
    pending() >> settle() >> candidate >> judged >> published >> questions
    TriggerDagRunOperator.partial(
        task_id="ask", trigger_dag_id=APPROVAL_DAG, skip_when_already_exists=True
    ).expand_kwargs(questions)


quarterly_publication()
