"""The locks: what they hold agrees with each other, is hashed, and names no place to fetch it from."""

import re
from pathlib import Path

import pytest

from quarterdeck.settings import PROJECT_ROOT

REQUIREMENTS = PROJECT_ROOT / "requirements"
LOCKS = [f"{name}.txt" for name in ("bootstrap", "runtime", "dev", "server", "superset", "datacontract", "cosmos")]
PIN = re.compile(r"^(?P<package>[A-Za-z0-9][\w.-]*)==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+?))? \\$")


def blocks(lock: Path) -> list[str]:
    """One text a requirement: its pin, its hashes, and why it is there."""
    return re.split(r"\n(?=[^\s#])", lock.read_text().strip())


def pins(lock: Path) -> set[tuple[str, str, str]]:
    found = [PIN.match(block.splitlines()[0]) for block in blocks(lock)]
    assert all(found), f"{lock.name} has a line that pins no version"
    return {(pin["package"].lower(), pin["version"], pin["marker"] or "") for pin in found if pin}


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_hashed(name: str) -> None:
    assert [block.splitlines()[0] for block in blocks(REQUIREMENTS / name) if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_host(name: str) -> None:
    lock = (REQUIREMENTS / name).read_text()
    assert re.findall(r"^-.*|\S+://\S+|\b\S+\.(?:org|com|io|net)\b", lock, re.MULTILINE) == []


def test_development_runs_what_users_run() -> None:
    assert pins(REQUIREMENTS / "runtime.txt") <= pins(REQUIREMENTS / "dev.txt")


def test_a_server_runs_what_one_machine_runs() -> None:
    known = {(package, version) for package, version, _ in pins(REQUIREMENTS / "runtime.txt")}
    names = {package for package, _ in known}
    server = {(package, version) for package, version, _ in pins(REQUIREMENTS / "server.txt") if package in names}
    assert server and server <= known


def test_what_only_tests_need_is_not_installed_for_users() -> None:
    installed = {package for package, _, _ in pins(REQUIREMENTS / "runtime.txt")}
    assert installed.isdisjoint({"pytest", "hypothesis", "ruff", "mypy", "sqlfluff", "pre-commit"})


def test_the_project_can_be_built_from_the_locks_alone() -> None:
    assert "setuptools" in {package for package, _, _ in pins(REQUIREMENTS / "runtime.txt")}
