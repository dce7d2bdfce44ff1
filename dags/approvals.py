"""The DAG that asks a person about a quarter's warnings, where its organisation wants that."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Asset, Param, PartitionedAtRuntime, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from quarterdeck.orchestration import APPROVAL_DAG, ASSET, POOL, TASK_DEFAULTS
from quarterdeck.retries import IfItMayPass

DOC = """
### May these warnings be published?

One run for each quarter of an organisation that awaits approval, started by `quarterly_publication`. A run that waits
for its answer takes no slot and holds up nobody; the quarter's last published rows stay.

* **ask** waits for a person, under *Required actions* in the page. Approving needs a reason; who is signed in is named
  in the manifest of the version. Rejecting leaves the quarter waiting for another submission;
* **record** keeps the approval beside the archive and touches the asset `submissions`, so that the quarter is judged
  again. Where the quarter has changed since it was asked about, or was approved by `quarterdeck approve`, it is
  skipped: a new run asks about what there is now.
"""


@dag(
    dag_id=APPROVAL_DAG,
    description="Ask a person whether a quarter's warnings may be published",
    schedule=PartitionedAtRuntime(),
    catchup=False,
    # A run is a question that is open; there may be one for every organisation.
    max_active_runs=1000,
    is_paused_upon_creation=False,
    default_args=TASK_DEFAULTS | {"retry_policy": IfItMayPass()},
    tags=["quarterdeck", "approval"],
    doc_md=DOC,
)
def approvals() -> None:
    """Wire ask → record."""
    ask = ApprovalOperator(
        task_id="ask",
        subject="May {{ dag_run.conf['organisation_code'] }} {{ dag_run.conf['quarter'] }} be published?",
        body="{{ dag_run.conf['reason'] }} They are listed in data_quality_findings, and kept with the quarter.",
        params={"reason": Param(type="string", minLength=1, title="Why may they be published?")},
        # The time until the question is put; a person has a quarter to answer it.
        execution_timeout=None,
        response_timeout=timedelta(days=92),
    )

    @task(pool=POOL, outlets=[Asset(ASSET)])
    def record(answer: dict[str, Any]) -> None:
        from expectations.approve import NotApprovableError, approve
        from quarterdeck.periods import Quarter
        from quarterdeck.settings import Settings

        context = get_current_context()
        asked = context["dag_run"].conf or {}
        organisation, quarter = asked["organisation_code"], asked["quarter"]
        person, reason = answer["responded_by_user"], answer["params_input"]["reason"]
        try:
            approve(Settings(), organisation, quarter, by=person["name"], reason=reason)
        except NotApprovableError as error:
            raise AirflowSkipException(str(error)) from error
        context["outlet_events"][Asset(ASSET)].add_partitions(str(Quarter.parse(quarter).first_month))

    # A task's argument is another task's result to come.
    record(ask.output)  # type: ignore[arg-type]


approvals()
