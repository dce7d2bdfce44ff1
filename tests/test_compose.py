"""The server's compose file: nothing has a default password, nothing listens to the world, everything is watched."""

import re
from typing import Any

import pytest
import yaml

from quarterdeck.orchestration import POOL, POOL_SLOTS
from quarterdeck.settings import PROJECT_ROOT

FILE = PROJECT_ROOT / "docker-compose.yml"
SERVICES: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
LASTING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
SECRET = re.compile(r"PASSWORD|SECRET|FERNET_KEY|SQL_ALCHEMY_CONN")


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_outside_and_have_no_default(name: str) -> None:
    secrets = {key: value for key, value in SERVICES[name]["environment"].items() if SECRET.search(key)}
    secrets.pop("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", None)
    assert secrets
    for key, value in secrets.items():
        assert re.search(r"\$\{\w+:\?[^}]+\}", value), key


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_is_watched(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_only_the_page_is_reached_from_outside_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"api-server": ["127.0.0.1:${QUARTERDECK_PORT:-8080}:8080"]}


def test_every_component_of_airflow_is_there() -> None:
    commands = {service["command"][1] for service in SERVICES.values() if service.get("command", [""])[0] == "airflow"}
    assert commands == {"scheduler", "dag-processor", "triggerer", "api-server"}


def test_the_writers_slot_is_the_one_the_dags_ask_for() -> None:
    script = SERVICES["init"]["command"][-1]
    assert f"airflow pools set {POOL} {POOL_SLOTS} " in script


def test_variables_in_the_file_are_those_the_documentation_makes() -> None:
    made = set(re.findall(r'print\("(\w+)=', (PROJECT_ROOT / "docs" / "operations.md").read_text()))
    assert made == set(re.findall(r"\$\{(\w+):\?", FILE.read_text()))
