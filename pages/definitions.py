"""What the marts and their columns mean: the descriptions that dbt's manifest of the last build holds."""

import json
from dataclasses import dataclass

from quarterdeck.settings import Settings


@dataclass(frozen=True)
class Definition:
    """A mart in words: what a row is, and what each described column means."""

    about: str
    columns: dict[str, str]


Definitions = dict[str, Definition]
"""By mart."""


def read_definitions(settings: Settings) -> Definitions:
    """The definitions of every mart; none where nothing has been built here."""
    manifest = settings.dbt_target / "manifest.json"
    if not manifest.is_file():
        return {}
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return {
        node["alias"]: Definition(
            node["description"],
            {name: column["description"] for name, column in node["columns"].items() if column["description"]},
        )
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
