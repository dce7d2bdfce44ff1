"""What dbt's tests found in the candidate: the rows they kept, and the partitions those hold."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.store import rows
from quarterdeck.settings import Settings

if TYPE_CHECKING:
    import duckdb

PASSED = {"pass", "success", "no-op"}


class NotBuiltError(RuntimeError):
    """There is no candidate to judge."""


@dataclass(frozen=True)
class TestFailure:
    """One test that did not pass. `partitions` are those its failing rows name; empty where it concerns them all."""

    name: str
    warning: bool
    failing: str
    partitions: frozenset[tuple[str, str]]


def test_failures(settings: Settings, connection: "duckdb.DuckDBPyConnection") -> list[TestFailure]:
    """Every node of the last dbt build that did not succeed.

    A test keeps its failing rows in a table; rows with `organisation_code` and `quarter` concern that partition, and a
    test with any other row, or that could not run, concerns them all.

    Raises NotBuiltError where dbt left no results.
    """
    results = _results(settings)["results"]
    return [_failure(connection, result) for result in results if result["status"] not in PASSED]


def candidate_id(settings: Settings) -> str | None:
    """What tells the candidate from others: dbt's name of the run that finished it.

    Raises NotBuiltError where dbt left no results.
    """
    name: str | None = _results(settings).get("metadata", {}).get("invocation_id")
    return name


def _results(settings: Settings) -> dict[str, Any]:
    """What dbt wrote about its last run."""
    results = settings.dbt_target / "run_results.json"
    if not results.is_file():
        raise NotBuiltError(f"{results} is missing: build the candidate before it is judged.")
    document: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    return document


def _failure(connection: "duckdb.DuckDBPyConnection", result: dict[str, Any]) -> TestFailure:
    name = result["unique_id"].split(".")[2]
    ran = result["status"] in ("fail", "warn")
    partitions: frozenset[tuple[str, str]] = frozenset()
    if ran and result.get("relation_name"):
        found = rows(connection, f"from {result['relation_name']}")
        placed = [(row.get("organisation_code"), row.get("quarter")) for row in found]
        if all(organisation and quarter for organisation, quarter in placed):
            partitions = frozenset(placed)  # type: ignore[arg-type]
    failing = f"{result['failures']} rows fail" if ran else str(result.get("message") or result["status"])
    return TestFailure(name, result["status"] == "warn", failing, partitions)
