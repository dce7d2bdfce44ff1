"""What is worth another try, and what is not."""

from typing import Any

import duckdb
import pytest

from publication.postgres import ServerError
from publication.store import PublicationError
from quarterdeck.settings import Settings
from quarterdeck.warehouse import BusyWarehouseError, DamagedWarehouseError


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The policy that every task has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        from quarterdeck.retries import IfItMayPass

        return IfItMayPass()


def decision(policy: Any, error: BaseException) -> str:
    return str(policy.evaluate(error, try_number=1, max_tries=2).action.value)


def test_a_file_that_somebody_holds_open_is_tried_again(policy: Any, settings: Settings) -> None:
    with pytest.raises(duckdb.IOException) as caught:
        duckdb.connect(str(settings.home / "nowhere" / "build.duckdb"))
    assert decision(policy, caught.value) == "retry"
    assert decision(policy, ConnectionRefusedError()) == "retry"
    assert decision(policy, BusyWarehouseError()) == "retry"
    assert decision(policy, DamagedWarehouseError()) == "fail"


def test_a_server_that_does_not_answer_is_tried_again(policy: Any) -> None:
    assert decision(policy, ServerError("no route to host")) == "retry"
    assert decision(policy, PublicationError("it holds other content")) == "fail"


def test_a_defect_fails_at_once(policy: Any) -> None:
    with pytest.raises(duckdb.BinderException) as caught:
        duckdb.sql("select nothing from (select 1 as something)")
    assert decision(policy, caught.value) == "fail"
    assert decision(policy, KeyError("month")) == "fail"


def test_every_name_is_of_a_kind_that_exists(policy: Any) -> None:
    from importlib import import_module

    from quarterdeck.retries import PASSING

    for name in PASSING:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(import_module(module), kind), Exception)
