"""What a local Airflow is told: this machine only, and secrets that nobody else can read."""

import sqlite3
import stat
from pathlib import Path

import pytest

from quarterdeck.local_airflow.environment import (
    bury_jobs,
    environment,
    mark_metadata_ready,
    metadata_is_ready,
    password,
    prepare_home,
)
from quarterdeck.orchestration import NO_CALENDAR
from quarterdeck.settings import Settings


@pytest.fixture
def prepared(settings: Settings) -> Settings:
    """Settings whose Airflow home has its secrets."""
    prepare_home(settings)
    return settings


def variables(settings: Settings) -> dict[str, str]:
    return environment(settings, port=18080, task_api_port=18081, idle_seconds=0.1)


def test_secrets_are_for_their_owner_alone(prepared: Settings) -> None:
    files = [path for path in prepared.airflow_home.iterdir() if path.is_file()]
    assert {path.name for path in files} == {"passwords.json", "secrets.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(prepared.airflow_home.stat().st_mode) == 0o700


def test_secrets_are_made_once(prepared: Settings) -> None:
    before = variables(prepared), password(prepared)
    prepare_home(prepared)
    assert (variables(prepared), password(prepared)) == before


def test_no_two_installations_share_a_secret(prepared: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    prepare_home(other)
    names = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")
    for name in names:
        assert len(variables(prepared)[name]) > 30
        assert variables(prepared)[name] != variables(other)[name]
    assert password(prepared) != password(other)


def test_every_address_is_of_this_machine(prepared: Settings) -> None:
    told = variables(prepared)
    assert told["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:18081/execution/"


def test_another_airflow_of_the_shell_is_not_this_one(prepared: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    monkeypatch.setenv("QUARTERDECK_DBT_THREADS", "3")
    told = variables(prepared)
    assert told["AIRFLOW_HOME"] == str(prepared.airflow_home)
    assert told["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW__METRICS__STATSD_ON" not in told
    assert told["QUARTERDECK_DBT_THREADS"] == "3"


def test_tasks_work_on_the_same_data(prepared: Settings) -> None:
    assert variables(prepared)["QUARTERDECK_HOME"] == str(prepared.home)


def test_the_metadata_are_migrated_once_an_airflow(prepared: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    home = prepared.airflow_home
    assert not metadata_is_ready(home)
    mark_metadata_ready(home)
    assert not metadata_is_ready(home), "the mark says nothing without the database"
    (home / "airflow.db").touch()
    assert metadata_is_ready(home)
    monkeypatch.setattr("quarterdeck.local_airflow.environment.version", lambda package: "99.0")
    assert not metadata_is_ready(home), "another Airflow was installed"


def test_a_scheduler_that_was_killed_is_known_to_be_dead(prepared: Settings) -> None:
    with sqlite3.connect(prepared.airflow_home / "airflow.db") as metadata:
        metadata.execute("create table job (state text)")
        metadata.execute("insert into job values ('running'), ('success')")
    bury_jobs(prepared.airflow_home)
    assert metadata.execute("select state from job").fetchall() == [("failed",), ("success",)]
    metadata.close()


def test_only_an_airflow_that_stays_keeps_the_calendar(prepared: Settings) -> None:
    assert not variables(prepared)[NO_CALENDAR]
    assert environment(prepared, port=1, task_api_port=2, idle_seconds=0.1, calendar=False)[NO_CALENDAR]
