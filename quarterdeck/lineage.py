"""What each task reads and writes, for OpenLineage events; used where these are switched on.

Datasets are named as OpenLineage has it: a folder by its path in namespace `file`, a table by its database file.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow.providers.openlineage.extractors import BaseExtractor, OperatorLineage

from quarterdeck.orchestration import BACKFILL_DAG
from quarterdeck.settings import Settings
from quarterdeck.warehouse import raw_tables

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset

Datasets = Callable[[Settings], "list[Dataset]"]


def landing(settings: Settings) -> "list[Dataset]":
    """Files as they arrive."""
    return [_named("file", str(settings.landing))]


def archive(settings: Settings) -> "list[Dataset]":
    """Files as they are kept."""
    return [_named("file", str(settings.archive))]


def raw(settings: Settings) -> "list[Dataset]":
    """The raw tables, and what the gate decided."""
    return [_named(f"duckdb://{settings.warehouse}", name) for name in sorted(raw_tables())]


def candidate(settings: Settings) -> "list[Dataset]":
    """The marts as built."""
    return [_named(f"duckdb://{settings.warehouse}", name) for name in _marts(settings)]


def published(settings: Settings) -> "list[Dataset]":
    """The marts as people read them."""
    return [_named(f"duckdb://{settings.published / 'current' / 'marts.duckdb'}", name) for name in _marts(settings)]


TASKS: dict[str, tuple[list[Datasets], list[Datasets]]] = {
    "receive": ([landing], [archive]),
    "read": ([archive], []),
    "load": ([archive], [raw]),
    "check": ([raw], [raw]),
    "build": ([raw], [candidate]),
    "audit": ([raw, candidate], [raw]),
    "publish": ([candidate], [published]),
    "serve": ([published], []),
}
"""What tasks of these names read and write, whatever DAG they are of."""


class Tasks(BaseExtractor):  # type: ignore[misc]
    """Tells OpenLineage what a task of ours reads and writes."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """The operator that `@task` makes."""
        return ["_PythonDecoratedOperator"]

    def _execute_extraction(self) -> OperatorLineage:
        # Whether a backfill is a dry run, which touches none of this, is told when a task of it ends.
        return OperatorLineage() if self.operator.dag_id == BACKFILL_DAG else self._datasets()

    def extract_on_complete(self, task_instance: Any) -> OperatorLineage:
        """What the task has read and written."""
        is_backfill = self.operator.dag_id == BACKFILL_DAG
        if is_backfill and task_instance.get_template_context()["params"]["dry_run"]:
            return OperatorLineage()
        return self._datasets()

    def _datasets(self) -> OperatorLineage:
        settings = Settings()
        read, written = TASKS.get(self.operator.task_id, ([], []))
        return OperatorLineage(
            inputs=[dataset for datasets in read for dataset in datasets(settings)],
            outputs=[dataset for datasets in written for dataset in datasets(settings)],
        )


def _named(namespace: str, name: str) -> "Dataset":
    from openlineage.client.event_v2 import Dataset

    return Dataset(namespace=namespace, name=name)


def _marts(settings: Settings) -> list[str]:
    return sorted(f"marts.{model.stem}" for model in (settings.dbt_project / "models" / "marts").glob("*.sql"))
