"""The dbt project three times: built by one task, by a task a model, and by a task that the others watch."""

import os
from pathlib import Path

from airflow.sdk import dag, task
from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig  # type: ignore[import-not-found]
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode  # type: ignore[import-not-found]

POOL = "warehouse"
PROJECT = Path(os.environ["QUARTERDECK_DBT_PROJECT"])


@dag(dag_id="quarterdeck", schedule=None, is_paused_upon_creation=False)
def quarterdeck() -> None:
    """The project, as the publication DAG builds it."""

    @task(pool=POOL)
    def build() -> int:
        from quarterdeck.settings import Settings
        from transform.candidate import build

        return build(Settings()).models

    build()


def by_cosmos(name: str, mode: ExecutionMode, pool: str) -> DbtDag:
    """The project by Cosmos, in one of its modes, told as much beforehand as it can be."""
    return DbtDag(
        dag_id=name,
        schedule=None,
        is_paused_upon_creation=False,
        default_args={"pool": pool},
        project_config=ProjectConfig(
            dbt_project_path=PROJECT,
            manifest_path=os.environ["COSMOS_MANIFEST"],
            install_dbt_deps=False,
        ),
        profile_config=ProfileConfig(
            profile_name="quarterdeck", target_name="build", profiles_yml_filepath=PROJECT / "profiles.yml"
        ),
        execution_config=ExecutionConfig(execution_mode=mode, invocation_mode=InvocationMode.DBT_RUNNER),
        render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, emit_datasets=False),
    )


quarterdeck()
local = by_cosmos("local", ExecutionMode.LOCAL, POOL)
# Here the one task that runs dbt opens the file; those that watch it may be as many as there are slots.
watcher = by_cosmos("watcher", ExecutionMode.WATCHER, "default_pool")
