"""What every DAG must have, whatever it does."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from quarterdeck.orchestration import DAGS as EXPECTED
from quarterdeck.orchestration import POOL, before_task
from tests.dags.conftest import DAGS

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

FILES = sorted(DAGS.glob("*.py"))

# Whoever opens the build file holds the writer's slot; whoever does not, must not be made to wait for it.
POOLS = {
    "receive": "default_pool",
    "read": "default_pool",
    "load": POOL,
    "check": POOL,
    "pending": POOL,
    "settle": "default_pool",
    "build": POOL,
    "audit": POOL,
    "publish": POOL,
    "serve": "default_pool",
    "begin": POOL,
    "finish": POOL,
    "collect": "default_pool",
    "send": "default_pool",
    "waiting": "default_pool",
    "ask": "default_pool",
    "record": POOL,
    "share": POOL,
    "build_part": "default_pool",
    "gather": "default_pool",
}

# Runs a DAG file in a process where Airflow is there already, as it is in the DAG processor, and says what it did.
IMPORT = """
import json, runpy, sys, time
import airflow.sdk, croniter
import airflow.providers.standard.operators.hitl, airflow.providers.standard.operators.trigger_dagrun
from airflow.sdk import DAG, dag, task
task.sensor, task.short_circuit
file, loaded, touched = sys.argv[1], set(sys.modules), []

def watch(event, arguments):
    if event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
        touched.append(f"open {arguments[0]}")
    elif event.split(".")[0] in ("socket", "subprocess", "sqlite3", "urllib", "http") or event == "os.system":
        touched.append(event)

sys.addaudithook(watch)
started = time.process_time()
runpy.run_path(file)
seconds = time.process_time() - started
imported = sorted({name.split(".")[0] for name in set(sys.modules) - loaded})
print(json.dumps({"seconds": seconds, "touched": list(touched), "imported": imported}))
"""


def imported(file: str, home: str) -> dict[str, Any]:
    """Import a DAG file in a process of its own: CPU seconds, what it touched, what it imported."""
    environment = {"AIRFLOW_HOME": home, "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "-c", IMPORT, file], env=environment, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_every_file_is_imported_without_an_error(dagbag: "DagBag") -> None:
    assert dagbag.import_errors == {}
    assert sorted(dagbag.dags) == sorted(EXPECTED)


def test_every_dag_says_what_it_is(dagbag: "DagBag") -> None:
    for dag in dagbag.dags.values():
        assert dag.description, dag.dag_id
        assert len(dag.doc_md or "") > 200, dag.dag_id
        assert "quarterdeck" in dag.tags and len(dag.tags) > 1, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        assert dag.is_paused_upon_creation is False, dag.dag_id


def test_every_task_has_owner_retries_and_a_time_limit(dagbag: "DagBag") -> None:
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    tasks = [task for dag in dagbag.dags.values() for task in dag.tasks]
    assert len(tasks) == 4 * 4 + 4 + 8 + 2 + 7 + 2 + 3
    for task in tasks:
        assert task.owner == "quarterdeck", task
        assert task.retries and task.retries >= 1, task
        assert timedelta(seconds=1) <= task.retry_delay <= timedelta(minutes=5), task
        # A person may take longer to answer; nothing waits for that.
        limit = task.response_timeout if isinstance(task, ApprovalOperator) else task.execution_timeout
        assert limit and limit <= timedelta(days=92 if isinstance(task, ApprovalOperator) else 1 / 12), task


def test_every_task_gives_way_to_readers(dagbag: "DagBag") -> None:
    for task in (task for dag in dagbag.dags.values() for task in dag.tasks):
        hook = task.partial_kwargs.get("pre_execute") if task.is_mapped else task._pre_execute_hook
        assert hook is before_task, task


def test_whoever_opens_the_build_file_holds_the_slot(dagbag: "DagBag") -> None:
    pools = {(task.task_id, task.pool, task.pool_slots) for dag in dagbag.dags.values() for task in dag.tasks}
    assert pools == {(task_id, pool, 1) for task_id, pool in POOLS.items()}


def test_dag_names_are_those_the_command_line_knows(dagbag: "DagBag") -> None:
    assert {dag.dag_id for dag in dagbag.dags.values()} == set(EXPECTED)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_importing_a_dag_file_is_quick_and_touches_nothing(file: Any, tmp_path: Any) -> None:
    runs = [imported(str(file), str(tmp_path)) for _ in range(2)]
    assert min(run["seconds"] for run in runs) < 1.0
    assert runs[0]["touched"] == []
    # Rooms and engines wait until a task runs.
    heavy = {"loaders", "transform", "expectations", "publication", "duckdb", "dbt", "great_expectations", "pandas"}
    assert not heavy & set(runs[0]["imported"])
