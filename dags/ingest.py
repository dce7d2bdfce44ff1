"""One DAG a feed: a month's files from the landing folder into the warehouse."""

from collections.abc import Iterable
from typing import Any

from airflow.sdk import DAG, Asset, CronPartitionTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from quarterdeck.feeds import FEEDS, Feed
from quarterdeck.orchestration import ASSET, MONTH_KEY, POOL, TASK_DEFAULTS, ingest_dag
from quarterdeck.retries import IfItMayPass

DOC = """
### {feed.title}: one month's files into the warehouse

{feed.about}

A run is one month (the partition key, `2018-09`), for every organisation. It starts at 06:00 on the first of the next
month. What comes later is taken by `late_files`; start a run by hand, with a partition key, to have it at once.

* **receive** archives what lies in `landing/*/{feed.name}/<month>/` and says which submissions are unread;
* **read** parses a batch of them with the organisations' layouts, several batches at once;
* **load** writes all batches into the raw schema in one transaction;
* **check** recomputes their printed totals, and touches the asset `submissions` for the month.

Where nothing is new, everything after **receive** is skipped and no publication follows.
Safe to run again: the same bytes change nothing.
"""


def _month() -> str:
    """The month of the run under way: its partition key."""
    from quarterdeck.periods import Month

    key = get_current_context()["dag_run"].partition_key
    if key is None:
        raise AirflowFailException("This run names no month. Trigger it with a partition key such as 2018-09.")
    try:
        return str(Month.parse(key))
    except ValueError as error:
        raise AirflowFailException(f"The partition key {error}. Trigger another run.") from error


def ingest(feed: Feed) -> DAG:
    """The DAG that ingests one feed."""

    @dag(
        dag_id=ingest_dag(feed.name),
        description=f"{feed.title}: one month's files into the warehouse",
        schedule=CronPartitionTimetable("0 6 1 * *", timezone="UTC", run_offset=-1, key_format=MONTH_KEY),
        catchup=False,
        is_paused_upon_creation=False,
        default_args=TASK_DEFAULTS | {"retry_policy": IfItMayPass()},
        tags=["quarterdeck", "ingest", feed.name],
        doc_md=DOC.format(feed=feed),
    )
    def build() -> None:
        @task
        def receive() -> list[list[str]]:
            from loaders.receive import receive
            from quarterdeck.settings import Settings

            return receive(Settings(), feed.name, _month())

        @task(map_index_template="{{ batch }}")
        def read(receipt_ids: list[str]) -> str:
            from loaders.read import read_batch
            from quarterdeck.settings import Settings

            context: Any = get_current_context()
            context["batch"] = f"batch {context['ti'].map_index + 1}, files: {len(receipt_ids)}"
            return read_batch(Settings(), feed.name, _month(), receipt_ids)

        @task(pool=POOL)
        def load(folders: Iterable[str]) -> list[str]:
            from loaders.load import load_batches
            from quarterdeck.settings import Settings

            loaded = load_batches(Settings(), list(folders))
            if not loaded.changed:
                raise AirflowSkipException(f"Nothing new: {loaded.unchanged} files were loaded before.")
            return loaded.accepted + loaded.held

        @task(pool=POOL, outlets=[Asset(ASSET)])
        def check(submission_ids: list[str]) -> dict[str, Any]:
            from dataclasses import asdict

            from expectations.arithmetic import check
            from quarterdeck.settings import Settings

            return asdict(check(Settings(), submission_ids))

        # A task's argument is another task's result to come.
        check(load(read.expand(receipt_ids=receive())))  # type: ignore[arg-type]

    return build()


for feed in FEEDS:
    ingest(feed)
