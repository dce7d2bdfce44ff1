"""What is no defect, of settings, disk or build file: said in one line, for whoever can mend it."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare


def quarterdeck(*arguments: str, most_bytes: int | None = None, **told: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, which may write files of at most so many bytes."""

    def limited() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, "-c", "from quarterdeck.cli import main; main()", *arguments],
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MEMORY_LIMIT", "banana"),
        ("BATCH_FILES", "x"),
        ("BATCH_FILES", "-5"),
        ("DBT_THREADS", "0"),
        ("SETTLE_SECONDS", "-1"),
        ("SETTLE_SECONDS", "nan"),
        ("WORKBOOK", "perhaps"),
        ("HOME", __file__),
        ("HOME", "/data/why?"),
        ("HOME", "/data/#1"),
        ("HOME", "/data/somebody's"),
        ("DBT_PROJECT", "/nowhere"),
        ("LAYOUTS", "/nowhere"),
        ("POLICY", "/nowhere"),
        ("AIRFLOW_URL", "quarterdeck.example.org"),
    ],
)
def test_a_setting_that_means_nothing_is_said_by_its_name(name: str, value: str) -> None:
    told = quarterdeck("publications", "current", **{f"QUARTERDECK_{name}": value})
    assert told.returncode == 2
    assert f"QUARTERDECK_{name} is '{value}'" in told.stderr
    assert "Traceback" not in told.stderr and len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["POSTGRES", "LAKE_CATALOGUE"])
def test_a_secret_that_means_nothing_is_not_shown(name: str) -> None:
    told = quarterdeck("publications", **{f"QUARTERDECK_{name}": "mysql://ann:hush@database"})
    assert told.returncode == 2 and f"QUARTERDECK_{name} " in told.stderr and "hush" not in told.stderr
    with pytest.raises(ValueError, match="a Postgres is needed") as wrong:
        Settings(**{name.lower(): "mysql://ann:hush@database"})
    assert "hush" not in str(wrong.value)


def test_a_setting_that_is_blank_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"QUARTERDECK_{name.upper()}", raising=False)
    plain = Settings(_env_file=None)
    for name in Settings.model_fields:
        monkeypatch.setenv(f"QUARTERDECK_{name.upper()}", "")
    assert Settings(_env_file=None) == plain


def test_a_folder_may_be_said_from_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ours").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    told = Settings(home=Path("~/data"), layouts=Path("~/ours"), dbt_project=Path("~/ours"))
    assert (told.home, told.layouts, told.dbt_project) == (tmp_path / "data", tmp_path / "ours", tmp_path / "ours")


def test_an_address_ends_without_a_slash() -> None:
    assert Settings(airflow_url="http://127.0.0.1:8080/").airflow_url == "http://127.0.0.1:8080"


def test_a_disk_that_is_full_is_said_in_one_line_and_nothing_half_is_left(samples: Path, tmp_path: Path) -> None:
    told = quarterdeck("submit", str(samples / "nottinghamshire"), most_bytes=1000, QUARTERDECK_HOME=str(tmp_path))
    assert told.returncode == 2
    assert "File too large" in told.stderr and "Make room" in told.stderr and len(told.stderr.splitlines()) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_data_root_that_cannot_be_made_is_said_in_one_line(samples: Path) -> None:
    told = quarterdeck("submit", str(samples / "nottinghamshire"), QUARTERDECK_HOME="/dev/null/data")
    assert told.returncode == 2
    assert "/dev/null/data" in told.stderr and "QUARTERDECK_HOME" in told.stderr and len(told.stderr.splitlines()) == 1


def test_a_build_file_that_cannot_be_opened_is_said_in_one_line(settings: Settings) -> None:
    prepare(settings)
    with connect(settings):
        told = quarterdeck("run", QUARTERDECK_HOME=str(settings.home))
    assert told.returncode == 2 and told.stderr == f"{settings.warehouse} is in use. Try again when nothing runs.\n"
    settings.warehouse.write_bytes(b"x" * 10_000)
    told = quarterdeck("run", QUARTERDECK_HOME=str(settings.home))
    assert told.returncode == 2 and f"{settings.warehouse} is damaged. Delete it" in told.stderr
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["site"], ["pack", "nottinghamshire", "2018-19Q2"]], ids=["site", "pack"])
def test_pages_go_into_a_folder(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "there").write_text("a file")
    told = quarterdeck(*command, "--out", str(tmp_path / "there"), QUARTERDECK_HOME=str(tmp_path))
    assert told.returncode == 2 and "is a file" in told.stderr


def test_a_data_root_on_a_disk_that_is_not_there_is_said_in_one_line(samples: Path, tmp_path: Path) -> None:
    home = tmp_path / "data"
    home.symlink_to(tmp_path / "disk" / "data")
    told = quarterdeck("submit", str(samples / "nottinghamshire"), QUARTERDECK_HOME=str(home))
    assert told.returncode == 2
    assert str(home) in told.stderr and "nothing else in its place" in told.stderr
    assert len(told.stderr.splitlines()) == 1
