"""The DAG that builds the marts on several machines at once, into DuckLake."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

from quarterdeck.orchestration import LAKE_DAG, POOL, TASK_DEFAULTS
from quarterdeck.retries import IfItMayPass

DOC = """
### Build the marts on several machines at once

For an installation whose workers are on more than one machine, and which has a catalogue
(`QUARTERDECK_LAKE_CATALOGUE`). **parts** says into how many groups the organisations are dealt.

* **share** copies the raw schema into the lake, in one transaction;
* **build_part** builds one group in a lake of its own, on whatever worker takes it;
* **gather** brings the marts of all groups into the shared lake, in one transaction.

The marts are those that one machine builds in one file, cell by cell. Safe to run again.
"""


@dag(
    dag_id=LAKE_DAG,
    description="Build the marts on several machines at once, into DuckLake",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=TASK_DEFAULTS | {"retry_policy": IfItMayPass()},
    tags=["quarterdeck", "lake"],
    doc_md=DOC,
    params={"parts": Param(2, type="integer", minimum=1, maximum=64, title="Parts")},
)
def lake() -> None:
    """Wire share → build_part → gather."""

    @task(pool=POOL)
    def share() -> list[dict[str, Any]]:
        from dataclasses import asdict

        from quarterdeck.settings import Settings
        from transform.lake import parts, share

        share(Settings())
        return [asdict(part) for part in parts(Settings(), get_current_context()["params"]["parts"])]

    @task(map_index_template="{{ part }}", execution_timeout=timedelta(hours=2))
    def build_part(part: dict[str, Any]) -> dict[str, Any]:
        from quarterdeck.settings import Settings
        from transform.lake import Part, build_part

        context: Any = get_current_context()
        context["part"] = f"{part['name']}, organisations: {len(part['organisations'])}"
        build_part(Settings(), Part(**part))
        return part

    @task(execution_timeout=timedelta(hours=1))
    def gather(built: list[dict[str, Any]]) -> dict[str, int]:
        from quarterdeck.settings import Settings
        from transform.lake import Part, gather

        return gather(Settings(), [Part(**part) for part in built])

    # A task's argument is another task's result to come.
    gather(build_part.expand(part=share()))  # type: ignore[arg-type]


lake()
