"""The DAG that takes what came after its month's own run, whatever feed and month it is of."""

import os
from collections.abc import Iterable
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from quarterdeck.orchestration import ASSET, LATE_DAG, NO_CALENDAR, POOL, TASK_DEFAULTS
from quarterdeck.retries import IfItMayPass

DOC = """
### Files that come late, and files that are to be read again

Every hour this asks what is due: a file in `landing/` of whatever feed and month, or an archived one that was never
loaded or that somebody withdrew. Where nothing is, the run ends there. What was loaded is not read again because its
layout has changed: that is what `backfill` is for, which says first what would come of it.

The tasks are those of the `ingest_` DAGs, for all feeds and months together:

* **receive** archives what landed, and says which submissions are unread;
* **read** parses them in batches, several at once;
* **load** writes all batches into the raw schema in one transaction;
* **check** recomputes their printed totals, and touches the asset `submissions` for every month concerned, so that the
  publication of each quarter follows.

It does the work itself, because a task cannot start a run with a partition key. Safe to run again, and beside the
others: the same bytes change nothing.
"""


@dag(
    dag_id=LATE_DAG,
    description="Files of any feed and month that came after their month's own run, into the warehouse",
    schedule=None if os.environ.get(NO_CALENDAR) else CronTriggerTimetable("30 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TASK_DEFAULTS | {"retry_policy": IfItMayPass()},
    tags=["quarterdeck", "ingest"],
    doc_md=DOC,
)
def late_files() -> None:
    """Wire receive → read → load → check."""

    @task
    def receive() -> list[dict[str, Any]]:
        from loaders.receive import receive_due
        from quarterdeck.settings import Settings

        return receive_due(Settings())

    @task(map_index_template="{{ batch }}")
    def read(batch: dict[str, Any]) -> str:
        from loaders.read import read_batch
        from quarterdeck.settings import Settings

        context: Any = get_current_context()
        context["batch"] = f"{batch['feed']} {batch['period']}, files: {len(batch['receipt_ids'])}"
        return read_batch(Settings(), **batch)

    @task(pool=POOL)
    def load(folders: Iterable[str]) -> dict[str, list[str]]:
        from loaders.load import load_batches
        from quarterdeck.settings import Settings

        loaded = load_batches(Settings(), list(folders))
        if not loaded.changed:
            raise AirflowSkipException(f"Nothing new: {loaded.unchanged} files were loaded before.")
        return {"submissions": loaded.accepted + loaded.held, "months": loaded.months}

    @task(pool=POOL, outlets=[Asset(ASSET)])
    def check(loaded: dict[str, list[str]]) -> dict[str, Any]:
        from dataclasses import asdict

        from expectations.arithmetic import check
        from quarterdeck.settings import Settings

        checked = check(Settings(), loaded["submissions"])
        get_current_context()["outlet_events"][Asset(ASSET)].add_partitions(loaded["months"])
        return asdict(checked)

    # A task's argument is another task's result to come.
    check(load(read.expand(batch=receive())))  # type: ignore[arg-type]


late_files()
