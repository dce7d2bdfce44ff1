"""Two workers on two hosts build forty organisations at once, into DuckLake: the marts are those of one file.

The hosts are network namespaces of this machine, each with a name of its own, joined by a bridge; the folder of data is
shared, and everything else goes over the network.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from benchmarks.generate import raw_rows
from benchmarks.generate.installation import install
from benchmarks.generate.world import World
from deploy.native_stack import NativeStack, missing
from quarterdeck.local_airflow.client import now
from quarterdeck.local_airflow.follow import Followed
from quarterdeck.orchestration import LAKE_DAG, NO_CALENDAR
from quarterdeck.settings import Settings
from tests.transform.test_lake import marts_in_file, marts_in_lake
from transform.candidate import build

pytestmark = [pytest.mark.e2e, pytest.mark.long]

WORLD = World(organisations=40, months=3)
BRIDGE, ADDRESS = "qdbridge", "10.213.0.1"
HOSTS = {"worker-1": "10.213.0.11", "worker-2": "10.213.0.12"}
PARTS = 4


@contextmanager
def hosts() -> Iterator[dict[str, list[str]]]:
    """Two network namespaces, joined by a bridge to this one; the command line that runs something in each."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("this needs root, and iproute2")

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{ADDRESS}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, (name, address) in enumerate(HOSTS.items()):
            outside, inside = f"qdveth{number}", "eth0"
            ip("netns", "add", name)
            ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
            ip("link", "set", outside, "master", BRIDGE, "up")
            for words in (("address", "add", f"{address}/24", "dev", inside), ("link", "set", inside, "up")):
                ip("-netns", name, *words)
            ip("-netns", name, "link", "set", "lo", "up")
        named = 'hostname "$0" && exec "$@"'
        yield {name: ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", named, name] for name in HOSTS}
    finally:
        for name in HOSTS:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Forty councils' candidate, built by one process in one file."""
    if lacking := missing():
        pytest.skip(f"this machine lacks {', '.join(lacking)}")
    folder = tmp_path_factory.mktemp("hosts")
    (folder / "data").mkdir()
    settings = install(folder / "data", WORLD)
    raw_rows.insert(settings, WORLD)
    build(settings)
    return settings


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[NativeStack]:
    """The services, with a worker on each host; the lake's catalogue is beside Airflow's metadata."""
    with hosts() as commands:
        places = {"QUARTERDECK_DBT_PROJECT": str(settings.dbt_project), "QUARTERDECK_LAYOUTS": str(settings.layouts)}
        stack = NativeStack(settings.home.parent, places | {NO_CALENDAR: "1"}, commands, ADDRESS)
        password = stack.secrets["POSTGRES_PASSWORD"]
        catalogue = f"postgresql://airflow:{password}@{ADDRESS}:{stack.ports['postgres']}/airflow"
        stack.told["QUARTERDECK_LAKE_CATALOGUE"] = catalogue
        settings.lake_catalogue = SecretStr(catalogue)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


@pytest.fixture(scope="module")
def built(stack: NativeStack) -> tuple[Followed, dict[str, str]]:
    """The run of the DAG, and on which host each part was built."""
    client, since = stack.administrator(), now()
    client.trigger(LAKE_DAG, None, {"parts": PARTS})
    followed = stack.followed(client, since)
    rows = [row for row in client.task_instances(since) if row["task_id"] == "build_part"]
    return followed, {row["map_index"]: row["hostname"] for row in rows}


def test_both_hosts_build(built: tuple[Followed, dict[str, str]]) -> None:
    followed, where = built
    assert {run["state"] for run in followed.runs} == {"success"}, followed.failed
    assert len(where) == PARTS
    assert set(where.values()) == set(HOSTS)


def test_the_marts_are_those_of_one_process_cell_by_cell(
    built: tuple[Followed, dict[str, str]], settings: Settings
) -> None:
    ours, theirs = marts_in_lake(settings), marts_in_file(settings)
    assert ours.keys() == theirs.keys()
    assert [mart for mart in theirs if ours[mart] != theirs[mart]] == []
    codes = {row[theirs["project_status"][0].index("organisation_code")] for row in theirs["project_status"][1:]}
    assert len(codes) == WORLD.organisations
