"""Which marts a version holds, and how each one travels: read from dbt's own manifest of the last build."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from publication.store import PublicationError
from quarterdeck.settings import Settings

PARTITION, WHOLE = "partition", "whole"
PARTITION_KEY = ("organisation_code", "quarter")


@dataclass(frozen=True)
class Mart:
    """A mart of the candidate.

    `publish` is `partition` (rows of decided partitions come from the candidate, the rest from the last version),
    `whole` (always from the candidate), or empty where the model does not say. `key` are the columns that tell its
    rows apart; empty where the model does not say. `description` and `descriptions` (of columns) are dbt's words.
    """

    name: str
    publish: str
    key: tuple[str, ...]
    description: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)


def declared_marts(settings: Settings) -> list[Mart]:
    """Every mart of the last dbt build, by name: the models of schema `marts`, with `meta.publish` and `meta.key`.

    Raises PublicationError where dbt's manifest is missing, or a mart's meta is not understood.
    """
    manifest = settings.dbt_target / "manifest.json"
    if not manifest.is_file():
        raise PublicationError(
            f"{manifest} is missing, so nobody can say which marts to publish. Build the candidate first."
        )
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return sorted((_mart(node) for node in nodes if _is_mart(node)), key=lambda mart: mart.name)


def candidate_id(settings: Settings) -> str | None:
    """What tells the candidate from others, as the gate notes it: dbt's name of the run that finished it."""
    results = settings.dbt_target / "run_results.json"
    if not results.is_file():
        return None
    name: str | None = json.loads(results.read_text()).get("metadata", {}).get("invocation_id")
    return name


def _is_mart(node: dict[str, Any]) -> bool:
    """True for a model that stands in schema `marts` as a table or a view."""
    return (
        node["resource_type"] == "model"
        and node["schema"] == "marts"
        and node["config"]["materialized"] in ("table", "view", "incremental")
    )


def _mart(node: dict[str, Any]) -> Mart:
    meta = node["config"].get("meta") or node.get("meta") or {}
    name, publish, key = node["alias"], meta.get("publish", ""), meta.get("key", ())
    if publish not in (PARTITION, WHOLE, ""):
        raise PublicationError(f"Mart {name}: meta.publish is '{publish}'; it must be '{PARTITION}' or '{WHOLE}'.")
    if isinstance(key, str):
        raise PublicationError(f"Mart {name}: meta.key is '{key}'; it must be a list of columns.")
    descriptions = {
        column: _one_line(about.get("description", "")) for column, about in node.get("columns", {}).items()
    }
    return Mart(name, publish, tuple(key), _one_line(node.get("description", "")), descriptions)


def _one_line(text: str) -> str:
    return " ".join(text.split())
