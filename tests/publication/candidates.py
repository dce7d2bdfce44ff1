"""A candidate small enough to read: two councils, three marts, the gate's decisions, and dbt's word on the marts."""

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from publication import store
from quarterdeck import warehouse
from quarterdeck.settings import Settings

HAMPTON, OXBRIDGE = "E06000001", "E10000002"
QUARTER = "2018-19 Q2"


@cache
def empty_build_file() -> bytes:
    """A build file with its schemas and nothing in them, made once."""
    with TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        warehouse.prepare(settings)
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute(
                """
                create schema marts;
                create table marts.project_status (
                    organisation_code text, organisation text, quarter text, quarter_start date, data_status text,
                    project text, status text, target_gbp decimal(18, 2), commentary text
                );
                create view marts.submissions as
                select submission_id, organisation_code from "build"."raw"."submissions";
                """
            )
        return settings.warehouse.read_bytes()


@dataclass(frozen=True)
class Project:
    """One row of mart `project_status`."""

    organisation_code: str
    project: str
    target_gbp: Decimal | None
    status: str = "On Target"
    commentary: str | None = None
    quarter: str = QUARTER
    data_status: str = "final"


@dataclass
class Candidate:
    """The build file of a test: change what it holds, call `build`, and publish."""

    settings: Settings
    projects: list[Project]
    decisions: dict[tuple[str, str], tuple[str, str]]
    submissions: dict[str, str]
    meta: dict[str, dict[str, Any]] = field(default_factory=dict)
    views: list[str] = field(default_factory=lambda: ["submissions"])
    extra_sql: list[str] = field(default_factory=list)
    descriptions: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def change(self, project: str, **values: Any) -> None:
        """Give a project other values."""
        self.projects = [replace(row, **values) if row.project == project else row for row in self.projects]

    def decide(self, organisation_code: str, decision: str, fingerprint: str, quarter: str = QUARTER) -> None:
        """Let the gate decide on a partition."""
        self.decisions[organisation_code, quarter] = (decision, fingerprint)

    def resubmit(self, organisation_code: str, submission_id: str) -> None:
        """Add an accepted submission."""
        self.submissions[submission_id] = organisation_code

    def build(self) -> None:
        """Write the build file and dbt's manifest anew."""
        self.settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        self.settings.warehouse.write_bytes(empty_build_file())
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            connection.begin()
            self._fill(connection)
            connection.commit()
            for statement in self.extra_sql:
                connection.execute(statement)
        self._write_manifest()

    def _fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        for row in self.projects:
            connection.execute(
                "insert into marts.project_status values (?, ?, ?, date '2018-07-01', ?, ?, ?, ?, ?)",
                [
                    row.organisation_code,
                    f"Council {row.organisation_code}",
                    row.quarter,
                    row.data_status,
                    row.project,
                    row.status,
                    row.target_gbp,
                    row.commentary,
                ],
            )
        for submission_id, organisation_code in self.submissions.items():
            connection.execute(
                "insert into raw.submissions by name "
                "select ? as submission_id, ? as organisation_code, 'highlight_report' as feed, "
                "'project_status_report' as return_id, '2018-09' as reporting_period, 'report.xlsx' as file_name, "
                "repeat('a', 64) as sha256, '2018-10-05T09:00:00+00:00' as received_at, 'a_layout' as layout, "
                "repeat('b', 64) as layout_sha256, 'accepted' as status",
                [submission_id, organisation_code],
            )
        for key, (decision, fingerprint) in self.decisions.items():
            connection.execute(
                "insert into gate.decisions by name select ? as organisation_code, ? as quarter, ? as decision, "
                "? as reason, ? as fingerprint, 7 as evaluated, ? as submissions",
                [*key, decision, "1 error" if decision == "held" else "no errors", fingerprint, self._sent(key)],
            )
        connection.execute("insert into raw.findings (severity) values ('warning'), ('warning'), ('info')")
        connection.execute(
            "create table marts.organisations as "
            "select distinct organisation_code, organisation from marts.project_status"
        )

    def _sent(self, key: tuple[str, str]) -> str:
        """The accepted submissions of a partition, as the gate notes them."""
        mine = (name for name, code in self.submissions.items() if (code, QUARTER) == key)
        return ", ".join(sorted(mine))

    def _write_manifest(self) -> None:
        nodes = {f"model.{name}": self._node(name, meta) for name, meta in self.meta.items()}
        nodes["model.stg_projects"] = self._node("stg_projects", {}) | {"schema": "staging"}
        nodes["test.unique"] = self._node("unique", {}) | {"resource_type": "test"}
        self.settings.dbt_target.mkdir(parents=True, exist_ok=True)
        (self.settings.dbt_target / "manifest.json").write_text(json.dumps({"nodes": nodes}))

    def _node(self, name: str, meta: dict[str, Any]) -> dict[str, Any]:
        materialized = "view" if name in self.views else "table"
        config = {"materialized": materialized, "meta": meta}
        description, of_columns = self.descriptions.get(name, ("", {}))
        return {
            "resource_type": "model",
            "schema": "marts",
            "name": name,
            "alias": name,
            "config": config,
            "description": description,
            "columns": {column: {"description": words} for column, words in of_columns.items()},
            "meta": meta,
        }


def read(settings: Settings, query: str, version: str = store.CURRENT) -> list[tuple[Any, ...]]:
    """What a reader gets who opens a version and asks."""
    path: Path = (settings.published / version / store.MARTS_FILE).resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()
