"""The data contract, judged by the standard's own command line: that it is one, and that the data keep it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publication.packages import CONTRACT
from publication.publish import publish
from publication.store import MARTS_FILE
from tests.environments import environment
from tests.publication.candidates import Candidate
from tests.publication.test_disclosure import META, agency


@pytest.fixture(scope="session")
def datacontract() -> Path:
    """The command."""
    return environment("datacontract") / "datacontract"


@pytest.fixture
def version(candidate: Candidate) -> Path:
    """A version with a suppressed figure."""
    candidate.meta |= META
    candidate.extra_sql = agency((3, 40, 67))
    candidate.build()
    publish(candidate.settings)
    return candidate.settings.published / "v00001"


def run(command: Path, version: Path, tmp_path: Path, *arguments: str) -> dict[str, Any]:
    """What the command makes of the contract: its document of results."""
    results = tmp_path / "results.json"
    told = ["--output-format", "json", "--output", str(results), CONTRACT]
    environment = os.environ | {"DO_NOT_TRACK": "1", "HOME": str(tmp_path)}
    done = subprocess.run(
        [str(command), *arguments, *told], cwd=version, env=environment, capture_output=True, text=True, timeout=300
    )
    assert results.is_file(), done.stdout + done.stderr
    document: dict[str, Any] = json.loads(results.read_text())
    assert (document["result"] in ("passed", "warning")) == (done.returncode == 0)
    return document


def test_it_is_a_contract(datacontract: Path, version: Path, tmp_path: Path) -> None:
    assert run(datacontract, version, tmp_path, "lint")["result"] == "passed"


@pytest.mark.parametrize("server", ["duckdb", pytest.param("parquet", marks=pytest.mark.long)])
def test_the_data_keep_the_contract(datacontract: Path, version: Path, tmp_path: Path, server: str) -> None:
    found = run(datacontract, version, tmp_path, "test", "--server", server)

    told = [check for check in found["checks"] if check["result"] != "passed"]
    # Of Parquet the command does not look at the types.
    assert {check["reason"] for check in told} <= {"Checking types in parquet files is not supported yet."}
    assert bool(told) == (server == "parquet")
    assert {check["model"] for check in found["checks"]} == {path.stem for path in (version / "csv").glob("*.csv")}


def test_a_broken_promise_is_noticed(datacontract: Path, version: Path, tmp_path: Path) -> None:
    marts = version / MARTS_FILE
    marts.chmod(0o644)
    with duckdb.connect(str(marts)) as connection:
        connection.execute("alter table project_status rename target_gbp to target_eur")
        connection.execute("alter table project_status alter quarter_start type timestamp")

    found = run(datacontract, version, tmp_path, "test", "--server", "duckdb")
    failed = {check["field"] for check in found["checks"] if check["result"] == "failed"}
    assert failed == {"target_gbp", "quarter_start"}
