"""The backfill DAG: its tasks one after the other, on real samples, with a layout that was mended."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from loaders.layout import load_layouts
from quarterdeck.backfills import Record, read_record, write_record
from quarterdeck.orchestration import BACKFILL_DAG
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests import pipeline

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

SOUTHAMPTON, NOTTINGHAMSHIRE = "E06000045", "E10000024"
SENT = ("southampton/hr_metrics", "nottinghamshire/performance_indicators")
WORDS = {"from": "2017-18 Q2", "to": "2018-19 Q2", "organisation": "southampton", "feed": "all", "layout_version": None}


@pytest.fixture(scope="module")
def dag(dagbag: "DagBag") -> "DAG":
    """The DAG."""
    return dagbag.dags[BACKFILL_DAG]


def test_tasks_follow_one_another(dag: "DAG") -> None:
    order = [task.task_id for task in dag.topological_sort()]
    assert order == ["begin", "read", "load", "check", "publish", "finish", "serve"]


def test_the_form_begins_with_a_dry_run(dag: "DAG") -> None:
    assert dag.params["dry_run"] is True
    assert set(dag.params) == {*WORDS, "dry_run"}
    assert dag.max_active_runs == 1


def test_a_dry_run_that_is_finished_twice_keeps_what_it_came_to(
    dag: "DAG", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {"submissions": {"a": {"file_name": "a.xlsx"}}, "partitions": {}}
    record = Record("run-1", True, "ann", {}, "2018-10-01", ["a"], before, "2018-10-02", [], [], [], 0, [])
    write_record(settings, record)
    monkeypatch.setenv("QUARTERDECK_HOME", str(settings.home))
    finish: Callable[..., Any] = dag.get_task("finish").python_callable
    context = {"dag_run": SimpleNamespace(run_id="run 1", conf={}), "params": WORDS | {"dry_run": True}}
    monkeypatch.setitem(finish.__globals__, "get_current_context", lambda: context)
    assert finish({"changed": False}) == record.summary
    assert read_record(settings, "run-1") == record


class Backfills:
    """The DAG's tasks called in their order, on a data root of its own whose layouts can be changed."""

    def __init__(self, dag: "DAG", folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.dag, self.patch, self.count = dag, patch, 0
        self.layouts = folder / "layouts"
        shutil.copytree(PROJECT_ROOT / "loaders" / "layouts", self.layouts)
        patch.setenv("QUARTERDECK_HOME", str(folder / "home"))
        patch.setenv("QUARTERDECK_LAYOUTS", str(self.layouts))
        self.settings = Settings()
        for place in SENT:
            shutil.copytree(PROJECT_ROOT / "samples" / place, self.settings.landing / place)
        pipeline.run(self.settings)

    def run(self, **words: Any) -> dict[str, Any]:
        """A run of the DAG; returns what `finish` returns."""
        self.count += 1
        run = SimpleNamespace(run_id=f"run {self.count}", conf={"by": "ann"}, triggering_user_name="admin")
        context = {"dag_run": run, "params": WORDS | words, "ti": SimpleNamespace(map_index=0)}
        self.patch.setitem(self._body("begin").__globals__, "get_current_context", lambda: context)
        folders = [self._body("read")(batch) for batch in self._body("begin")()]
        result: dict[str, Any] = self._body("finish")(
            self._body("publish")(self._body("check")(self._body("load")(folders)))
        )
        return result

    def mend_layouts(self) -> None:
        """Let one organisation's FTE be read with another sign, and change the other's layout in its notes alone."""
        for name, old, new in (
            ("southampton_hr_update", "unit: fte, decimals: 2", "unit: fte, decimals: 2, negate: true"),
            ("nottinghamshire_ict_performance", "layout:", "# Looked at again.\nlayout:"),
        ):
            path = self.layouts / f"{name}.yml"
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        # A task has a process of its own, which has read none of them before.
        load_layouts.cache_clear()

    def published(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the current version."""
        with duckdb.connect(str(self.settings.published / "current" / "marts.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def files(self) -> dict[str, bytes]:
        """Everything that a dry run must not touch."""
        kept = (
            self.settings.archive,
            self.settings.warehouse.parent,
            self.settings.published,
            self.settings.quarantine,
        )
        return {str(path): path.read_bytes() for folder in kept for path in folder.rglob("*") if path.is_file()}

    def _body(self, task_id: str) -> Callable[..., Any]:
        function: Callable[..., Any] = self.dag.get_task(task_id).python_callable
        return function


@pytest.fixture(scope="module")
def backfills(dag: "DAG", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfills]:
    """Two organisations, published; then both their layouts are changed."""
    with pytest.MonkeyPatch.context() as patch:
        made = Backfills(dag, tmp_path_factory.mktemp("backfills"), patch)
        made.mend_layouts()
        yield made


OTHERS = f"select * from marts.performance_indicators where organisation_code = '{NOTTINGHAMSHIRE}' order by all"
OTHER_SUBMISSIONS = f"select * from marts.submissions where organisation_code <> '{SOUTHAMPTON}' order by all"


@pytest.mark.long
def test_a_dry_run_then_the_run_then_nothing(backfills: Backfills) -> None:
    before, others = backfills.files(), (backfills.published(OTHERS), backfills.published(OTHER_SUBMISSIONS))
    assert all(others)

    dry = backfills.run(dry_run=True)
    assert backfills.files() == before, "a dry run changes nothing"
    assert not (backfills.settings.work / "backfills" / dry["backfill_id"]).exists(), "and leaves nothing"
    assert [each["submission_id"] for each in dry["submissions"] if each["changed"]] == [
        f"{SOUTHAMPTON}.hr_update.2017-12.1"
    ]
    assert {each["partition"] for each in dry["partitions"]} == {f"{SOUTHAMPTON} 2017-18 Q3"}
    assert dry["by"] == "ann (as admin)" and dry["version"] is None

    run = backfills.run(dry_run=False)
    told = ("partitions", "marts", "figures_changed")
    assert {name: run[name] for name in told} == {name: dry[name] for name in told}, "it said what the run did"
    assert (backfills.published(OTHERS), backfills.published(OTHER_SUBMISSIONS)) == others

    again = backfills.run(dry_run=False)
    assert [each for each in again["submissions"] if each["changed"]] == []
    assert (again["partitions"], again["figures"], again["version"]) == ([], [], None)


def test_nothing_that_fits_is_said_in_words(backfills: Backfills) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="Nothing was received that fits: from 2030-31 Q1"):
        backfills.run(**{"from": "2030-31 Q1", "to": "2030-31 Q2"})
    with pytest.raises(AirflowFailException, match="not an organisation"):
        backfills.run(organisation="atlantis")
