"""What tasks tell of what they read and wrote; whole events are held in tests/e2e/test_production_stack.py."""

from types import SimpleNamespace

import pytest

from quarterdeck.orchestration import BACKFILL_DAG, LATE_DAG

pytest.importorskip("airflow.providers.openlineage", reason="requirements/server.txt has it")

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("dag_id", "dry", "tells"), [(LATE_DAG, False, True), (BACKFILL_DAG, False, True), (BACKFILL_DAG, True, False)]
)
def test_a_dry_run_writes_nothing_that_people_read(dag_id: str, dry: bool, tells: bool) -> None:
    from quarterdeck.lineage import Tasks

    told = Tasks(SimpleNamespace(dag_id=dag_id, task_id="load"))
    ended = SimpleNamespace(get_template_context=lambda: {"params": {"dry_run": dry}})
    assert bool(told.extract_on_complete(ended).outputs) is tells


def test_a_backfill_that_begins_tells_of_no_table_yet() -> None:
    from quarterdeck.lineage import Tasks

    assert Tasks(SimpleNamespace(dag_id=BACKFILL_DAG, task_id="load")).extract().outputs == []
