"""The dbt project's own rules, read from its files: what every model must say about itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from quarterdeck.settings import Settings
from quarterdeck.warehouse import records

PROJECT = Settings().dbt_project
MODELS = sorted(path.relative_to(PROJECT / "models").with_suffix("") for path in PROJECT.glob("models/*/*.sql"))
MARTS = [model for model in MODELS if model.parent.name == "marts"]


def declared(model: Path) -> dict[str, Any]:
    """What a model's own yml says about it."""
    (declaration,) = yaml.safe_load((PROJECT / "models" / model).with_suffix(".yml").read_text())["models"]
    return declaration


def test_every_record_is_staged():
    sources = yaml.safe_load((PROJECT / "models" / "staging" / "sources.yml").read_text())["sources"]
    tables = {table["name"] for source in sources if source["name"] == "raw" for table in source["tables"]}
    assert set(records()) == tables - {"submissions", "findings", "arithmetic_checks"}
    assert {f"stg_{record}" for record in records()} <= {model.name for model in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_description_states_the_grain(model: Path):
    assert declared(model)["name"] == model.name
    assert declared(model)["description"].startswith("One row per ")


@pytest.mark.parametrize("mart", MARTS, ids=str)
def test_mart_says_how_it_travels_and_what_its_columns_mean(mart: Path):
    declaration = declared(mart)
    columns = {column["name"]: column for column in declaration["columns"]}
    meta = declaration["config"]["meta"]
    assert set(meta["key"]) <= set(columns)
    assert meta["publish"] == "whole" or {"organisation_code", "quarter", "data_status"} <= set(columns)
    assert meta["publish"] in ("partition", "whole")
    assert all(column["description"] and column["data_type"] for column in columns.values())


@pytest.mark.parametrize("mart", MARTS, ids=str)
def test_key_of_a_mart_is_tested(mart: Path):
    declaration = declared(mart)
    keys = [test["unique_key"]["arguments"]["columns"] for test in declaration["data_tests"] if "unique_key" in test]
    assert keys == [declaration["config"]["meta"]["key"]]


def test_every_mart_has_a_consumer():
    consumers = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text())["exposures"]
    named = {ref for consumer in consumers for ref in consumer["depends_on"]}
    assert {f"ref('{path.stem}')" for path in (PROJECT / "models" / "marts").glob("*.sql")} == named
