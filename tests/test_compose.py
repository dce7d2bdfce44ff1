"""The server's compose files: nothing has a default password, nothing listens to the world, everything is watched."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import FILE, required, resolved
from quarterdeck.notifiers import EMAIL, WEBHOOK
from quarterdeck.orchestration import ANALYST, POOL, POOL_SLOTS
from quarterdeck.settings import PROJECT_ROOT, Settings

DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, Any] = DOCUMENT["services"]
LASTING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
DEPLOY = PROJECT_ROOT / "deploy"
PRIVATE, WORKER = DEPLOY / "compose.private.yml", DEPLOY / "compose.worker.yml"
SECRET = re.compile(r"PASSWORD|SECRET|FERNET_KEY|SQL_ALCHEMY_CONN|QUARTERDECK_POSTGRES|BROKER_URL|RESULT_BACKEND")


@pytest.mark.parametrize(("file", "service"), [(FILE, "redis"), (PRIVATE, "redis"), (WORKER, "worker")])
def test_it_is_a_compose_file(file: Path, service: str) -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="compose-spec knows the Compose specification")
    document = resolved(dict.fromkeys(required(file), "a") | {"QUARTERDECK_PRIVATE_ADDRESS": "10.0.0.5"}, file)
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(document))
    document["services"][service]["mem_limt"] = "1g"
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


@pytest.mark.parametrize("name", ["worker", "writer"])
def test_what_people_wait_for_goes_before_tasks(name: str) -> None:
    # An unset share is 1024.
    assert SERVICES[name]["cpu_shares"] < 1024


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


def test_only_a_worker_goes_out_besides_what_has_a_published_port() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert DOCUMENT["networks"] == {"inside": {"internal": True}, "page": {}, "outside": {}}
    assert {name for name, joined in networks.items() if "page" in joined} == {"api-server", "serving"}
    assert {name for name, joined in networks.items() if "outside" in joined} == {"worker"}
    assert all("inside" in joined for joined in networks.values())


def test_notices_go_where_the_file_of_variables_says() -> None:
    said = {WEBHOOK: "https://chat.example/hook", EMAIL: "ann@example.org", "QUARTERDECK_SMTP": "smtp://mail.example"}
    told = resolved(dict.fromkeys(required(), "a") | said)["services"]["worker"]["environment"]
    assert (told[WEBHOOK], told[EMAIL]) == (said[WEBHOOK], said[EMAIL])
    assert told["AIRFLOW_CONN_SMTP_DEFAULT"] == said["QUARTERDECK_SMTP"]
    # What nobody set is not there for who asks whether it is.
    unset = resolved(dict.fromkeys(required(), "a"))["services"]["worker"]["environment"]
    assert {unset[name] for name in (WEBHOOK, EMAIL, "AIRFLOW_CONN_SMTP_DEFAULT")} == {""}


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_every_setting_is_passed_on_and_is_as_without_containers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own_paths_of_the_image, servers = {"home", "dbt_project", "layouts", "policy"}, {"postgres", "lake_catalogue"}
    # The address stands in the file; who gives a command says who that is.
    servers, persons_own = servers | {"airflow_url"}, {"airflow_user", "airflow_password"}
    variables = {field: f"QUARTERDECK_{field.upper()}" for field in Settings.model_fields}
    for variable in variables.values():
        monkeypatch.delenv(variable, raising=False)
    plain = Settings(_env_file=None)
    environment = resolved(dict.fromkeys(required(), "a"))["services"][name]["environment"]
    not_passed_on = {field for field, variable in variables.items() if variable not in environment}
    assert not_passed_on == own_paths_of_the_image | persons_own
    for field in variables.keys() - not_passed_on - servers:
        assert SERVICES[name]["environment"][variables[field]].startswith(f"${{{variables[field]}:-")
        monkeypatch.setenv(variables[field], str(environment[variables[field]]))
    assert Settings(_env_file=None) == plain


def test_what_workers_elsewhere_need_listens_at_a_private_address_alone() -> None:
    services = resolved(dict.fromkeys(required(PRIVATE), "10.0.0.5"), PRIVATE)["services"]
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "postgres": ["10.0.0.5:5432:5432"],
        "redis": ["10.0.0.5:6379:6379"],
        "serving": ["10.0.0.5:5433:5432"],
        "api-server": ["10.0.0.5:8080:8080"],
    }
    # A published port needs a network that is not internal.
    assert all(
        "page" in (service.get("networks") or SERVICES[name]["networks"])
        for name, service in services.items()
        if "ports" in service
    )


def test_a_worker_elsewhere_finds_every_server_at_that_address() -> None:
    values = dict.fromkeys(required() | required(WORKER), "a") | {"QUARTERDECK_PRIVATE_ADDRESS": "10.0.0.5"}
    here, there = (resolved(values, file)["services"]["worker"] for file in (FILE, WORKER))
    told = here["environment"] | there["environment"]
    # AIRFLOW__METRICS__STATSD_HOST and the like are people's own.
    hosts = {
        (found[1], found[2])
        for value in told.values()
        for found in re.finditer(r"(?:@|http://)([\w.-]+)(:\d+)?", str(value))
    }
    listening = {"postgres": ":5432", "redis": ":6379", "api-server": ":8080", "10.0.0.5": ":5433"}
    assert {(host, port or ":5432") for host, port in hosts} == set(listening.items())
    assert set(there["extra_hosts"]) == {f"{host}:10.0.0.5" for host in ("postgres", "redis", "api-server")}


def test_data_and_task_logs_are_in_folders_that_all_machines_mount() -> None:
    folders = {"QUARTERDECK_DATA": "/srv/data", "QUARTERDECK_LOGS": "/srv/logs"}
    private, worker = (
        resolved(dict.fromkeys(required(file), "a") | folders, file)["services"] for file in (PRIVATE, WORKER)
    )
    mounted = {name: service["volumes"] for name, service in private.items() if "volumes" in service}
    assert set(mounted) == {name for name, service in SERVICES.items() if "build" in service}
    mounted["worker elsewhere"] = worker["worker"]["volumes"]
    assert all(volumes == ["/srv/data:/data", "/srv/logs:/opt/airflow/logs"] for volumes in mounted.values())


def test_people_may_come_through_a_proxy() -> None:
    address = {"QUARTERDECK_URL": "https://quarterdeck.example.org"}
    for told, url in (({}, "/"), (address, address["QUARTERDECK_URL"])):
        services = resolved(dict.fromkeys(required(), "a") | told)["services"]
        assert services["api-server"]["environment"]["AIRFLOW__API__BASE_URL"] == url
        # Tasks keep to the address inside.
        assert services["worker"]["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith(
            "http://api-server:"
        )
    assert "--proxy-headers" in SERVICES["api-server"]["command"]


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
