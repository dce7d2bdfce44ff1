"""Names that the DAGs and everything that starts, watches or tests them have in common.

Nothing here imports Airflow, so the command line can use it too.
"""

import os
from datetime import timedelta
from typing import Any

from quarterdeck.feeds import FEEDS
from quarterdeck.priority import give_way

ASSET = "submissions"
"""The asset that an ingest run touches, under its month, when it changed what is in the warehouse."""

POOL = "warehouse"
"""The writer's slot: DuckDB takes one writing process, which locks readers out too."""

POOL_SLOTS = 1

PUBLICATION_DAG = "quarterly_publication"

LATE_DAG = "late_files"
"""The DAG that takes, of every feed and month, what came after the month's own run."""

BACKFILL_DAG = "backfill"

NOTICES_DAG = "notices"

LAKE_DAG = "lake"

ANALYST = "Analyst"
"""The role that may start a backfill, on a server whose auth manager has roles."""

NO_CALENDAR = "QUARTERDECK_NO_CALENDAR"
"""The variable that tells an Airflow started for one purpose to leave what goes by the clock to those that stay."""

APPROVAL_DAG = "approvals"
"""A run of it may wait for a person for months; nothing else waits for it."""

MONTH_KEY = "%Y-%m"
"""How a partition key writes a reporting period: `2018-09`."""


def before_task(_context: Any) -> None:
    """Airflow's hook before a task: give way to everyone else, unless this Airflow was started for this one purpose.

    Whoever starts an Airflow for one purpose waits for its tasks.
    """
    if not os.environ.get(NO_CALENDAR):
        give_way()


TASK_DEFAULTS: dict[str, Any] = {
    "owner": "quarterdeck",
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "execution_timeout": timedelta(minutes=30),
    "pre_execute": before_task,
}
"""What every task has unless it says otherwise; `quarterdeck.retries` says which failures are tried again."""


def ingest_dag(feed: str) -> str:
    """The name of the DAG that ingests a feed: `ingest_hr_metrics`."""
    return f"ingest_{feed}"


INGEST_DAGS = (*(ingest_dag(feed.name) for feed in FEEDS), LATE_DAG)
"""The DAGs that fill the warehouse."""

DAGS = (*INGEST_DAGS, PUBLICATION_DAG, BACKFILL_DAG, LAKE_DAG, NOTICES_DAG, APPROVAL_DAG)
"""Every DAG there is."""

IMPORTED_FOR_TASKS = (
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.decorators.sensor",
    "airflow.providers.standard.decorators.short_circuit",
    "pydantic_settings",
    "duckdb",
    "pandas",
)
"""What most tasks import (DuckDB asks for pandas when it is given parameters): whoever forks tasks imports it first."""
