"""The JSON Schema of layouts, for editors and for whoever writes one: `loaders/layout.schema.json`."""

import json
from pathlib import Path

from loaders.layout import Layout

SCHEMA_FILE = Path(__file__).with_name("layout.schema.json")


def schema_text() -> str:
    """The schema as it is published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Layout.model_json_schema(),
        "title": "A layout: what an organisation's template of one return looks like",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
