"""The server's compose file: nothing has a default password, nothing listens to the world, everything is watched."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import FILE, required, resolved
from quarterdeck.orchestration import ANALYST, POOL, POOL_SLOTS
from quarterdeck.settings import PROJECT_ROOT

DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, Any] = DOCUMENT["services"]
LASTING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
DEPLOY = PROJECT_ROOT / "deploy"
SECRET = re.compile(r"PASSWORD|SECRET|FERNET_KEY|SQL_ALCHEMY_CONN|QUARTERDECK_POSTGRES|BROKER_URL|RESULT_BACKEND")


def test_it_is_a_compose_file() -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="compose-spec knows the Compose specification")
    document = resolved(dict.fromkeys(required(), "a"))
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(document))
    document["services"]["redis"]["mem_limt"] = "1g"
    with pytest.raises(ValueError, match="mem_limt"):
        compose_spec.PyCompose.from_yaml(yaml.safe_dump(document))


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_outside_and_have_no_default(name: str) -> None:
    secrets = {key: value for key, value in SERVICES[name]["environment"].items() if SECRET.search(key)}
    assert secrets
    for key, value in secrets.items():
        assert re.search(r"\$\{\w+:\?[^}]+\}", value), key


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_is_watched_and_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["mem_limit"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", LASTING)
def test_nothing_runs_as_root(name: str) -> None:
    if "build" in SERVICES[name]:
        assert re.search(r"^USER (?!root)", (PROJECT_ROOT / "Dockerfile").read_text(), re.MULTILINE)
    else:
        assert SERVICES[name]["user"] not in ("root", "0")


def test_the_image_gets_all_that_it_copies() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (PROJECT_ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sent = re.findall(r"^!(.+)$", (PROJECT_ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert {path for paths in copied for path in paths.split()} == set(sent)


def test_what_lasts_is_in_named_volumes() -> None:
    mounted = {
        volume.split(":/")[0].removeprefix("${QUARTERDECK_DATA:-").removesuffix("}")
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
    }
    assert mounted == set(DOCUMENT["volumes"])


def test_only_the_page_and_the_marts_are_reached_from_outside_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {
        "api-server": ["127.0.0.1:${QUARTERDECK_PORT:-8080}:8080"],
        "serving": ["127.0.0.1:${QUARTERDECK_SERVING_PORT:-5433}:5432"],
    }


def test_every_component_of_airflow_is_there() -> None:
    commands = {service["command"][1] for service in SERVICES.values() if service.get("command", [""])[0] == "airflow"}
    assert commands == {"scheduler", "dag-processor", "triggerer", "api-server", "celery"}


def test_one_worker_alone_opens_the_warehouse_one_task_at_a_time() -> None:
    workers = {
        name: dict(zip(command, command[1:], strict=False))
        for name, service in SERVICES.items()
        if "celery" in (command := service.get("command", ()))
    }
    queues = {name: (words["--queues"], words["--concurrency"]) for name, words in workers.items()}
    assert queues == {"worker": ("default", "${QUARTERDECK_READERS:-4}"), "writer": (POOL, str(POOL_SLOTS))}
    assert "deploy" not in SERVICES["writer"] and "scale" not in SERVICES["writer"]


def test_the_writers_slot_and_the_role_are_those_the_dags_name() -> None:
    script = (DEPLOY / "init.sh").read_text()
    assert f"airflow pools set {POOL} {POOL_SLOTS} " in script
    assert f"airflow roles create {ANALYST}\n" in script


def test_the_script_makes_every_key_once(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    script = tmp_path / "deploy" / "stack.sh"
    script.write_text((DEPLOY / "stack.sh").read_text())
    made = []
    for _ in range(2):
        subprocess.run(["sh", str(script), "--keys-only"], check=True)
        made.append((tmp_path / ".env").read_text())
    assert made[0] == made[1]
    keys = dict(line.split("=", 1) for line in made[0].splitlines())
    assert set(keys) == required()
    assert len(set(keys.values())) == len(keys) and min(map(len, keys.values())) >= 20
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
