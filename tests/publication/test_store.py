import fcntl
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from publication import history, store
from publication.manifest import read_manifest
from publication.publish import publish
from publication.store import PublicationError
from quarterdeck.settings import PROJECT_ROOT, Settings
from tests.publication.candidates import HAMPTON, Candidate, read

FLEET = "select target_gbp from marts.project_status where project = 'Fleet'"

# Publishes, and is gone without a word when the named step begins.
DIES = """
import os, sys
from pathlib import Path
from unittest.mock import patch
from publication.publish import publish
from quarterdeck.settings import Settings

with patch(sys.argv[2], side_effect=lambda *anything: os._exit(9)):
    publish(Settings(home=Path(sys.argv[1])))
"""

# Asks again and again, until the file `stop` appears, whether what it reads belongs together.
READS = """
import json, sys, time
from pathlib import Path
import duckdb

published, stop = Path(sys.argv[1]), Path(sys.argv[2])
reads = errors = mixed = 0
seen = set()
while not stop.exists():
    try:
        with duckdb.connect(str(published / "current" / "marts.duckdb"), read_only=True) as connection:
            values = connection.execute("select distinct target_gbp from marts.project_status").fetchall()
            latest = connection.execute("select max(new_value::decimal(18, 2)) from marts.figure_changes").fetchall()
        folder = (published / "current").resolve()
        manifest = json.loads((folder / "manifest.json").read_text())
        mixed += len(values) != 1 or latest[0][0] not in (None, values[0][0]) or manifest["version"] != folder.name
        seen.add(str(values[0][0]))
    except Exception as error:
        print(error, file=sys.stderr)
        errors += 1
    reads += 1
    time.sleep(0.005)
print(json.dumps({"reads": reads, "errors": errors, "mixed": mixed, "seen": len(seen)}))
"""


def run_python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    "step",
    [
        "publication.publish.compose",
        "publication.exports.write",
        "publication.release.write_manifest",
        "publication.store.seal",
        "publication.store.place",
        "publication.store.switch",
        "os.replace",
    ],
)
def test_killed_publication_leaves_a_whole_version_and_the_next_one_completes(candidate: Candidate, step: str) -> None:
    settings = candidate.settings
    publish(settings)
    candidate.change("Fleet", target_gbp=Decimal(7))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()

    killed = run_python(DIES, settings.home, step)
    killed.communicate()
    assert killed.returncode == 9
    assert store.current(settings) == "v00001"
    assert read(settings, FLEET) == [(Decimal("250.50"),)]
    assert all(history.verify(settings, version) == [] for version in store.versions(settings))

    publish(settings)
    assert store.current(settings) == "v00002"
    assert read(settings, FLEET) == [(Decimal("7.00"),)]
    assert sorted(path.name for path in settings.published.iterdir()) == [
        ".lock",
        "current",
        "settled.json",
        "v00001",
        "v00002",
    ]
    assert all(history.verify(settings, version) == [] for version in store.versions(settings))


def test_readers_never_see_an_error_or_a_mixture(candidate: Candidate, tmp_path: Path) -> None:
    publish_under_readers(candidate, tmp_path / "stop", publications=20, processes=2)


@pytest.mark.long
def test_many_readers_never_see_an_error_or_a_mixture_of_many_publications(
    candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment may say how many publications and reading processes; how long a switch takes is printed."""
    publications = int(os.environ.get("QUARTERDECK_TEST_PUBLICATIONS", "200"))
    processes = int(os.environ.get("QUARTERDECK_TEST_READERS", "8"))
    taken: list[float] = []

    def switch(settings: Settings, version: str, really: Callable[[Settings, str], None] = store.switch) -> None:
        started = time.perf_counter()
        really(settings, version)
        taken.append(1000 * (time.perf_counter() - started))

    monkeypatch.setattr(store, "switch", switch)
    print(publish_under_readers(candidate, tmp_path / "stop", publications, processes))
    print(f"{len(taken)} switches, in ms: median {statistics.median(taken):.2f}, longest {max(taken):.2f}")


def publish_under_readers(candidate: Candidate, stop: Path, publications: int, processes: int) -> list[dict[str, int]]:
    """Publish one version after the other while other processes read; what each of them counted."""
    settings = candidate.settings

    def publish_everywhere(target: int) -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("update marts.project_status set target_gbp = ?", [target])
            connection.execute("update gate.decisions set fingerprint = ?", [str(target)])
        assert publish(settings).changed

    publish_everywhere(0)
    readers = [run_python(READS, settings.published, stop) for _ in range(processes)]
    try:
        for target in range(1, publications + 1):
            publish_everywhere(target)
    finally:
        stop.touch()
        answers = [reader.communicate(timeout=60) for reader in readers]

    counts: list[dict[str, int]] = [json.loads(out) for out, _ in answers]
    for counted, (_, err) in zip(counts, answers, strict=True):
        assert (counted["errors"], counted["mixed"]) == (0, 0), err
        assert counted["seen"] > 1
        assert counted["reads"] >= 20
    assert len(store.versions(settings)) == publications + 1
    return counts


def test_nobody_else_publishes_meanwhile(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[str] = []

    def place(settings: Settings, staging: Path, version: str) -> None:
        with (settings.published / ".lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        placed.append(version)
        os.rename(staging, settings.published / version)

    monkeypatch.setattr(store, "place", place)
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.build()
    publish(candidate.settings)
    history.rollback(candidate.settings, "1", "wrong column")

    assert placed == ["v00001", "v00002", "v00003"]


def test_version_is_found_by_its_name_number_or_current(candidate: Candidate) -> None:
    publish(candidate.settings)

    assert {store.resolve(candidate.settings, name) for name in ("v00001", "1", "current")} == {"v00001"}
    for wrong in ("v00009", "2", "latest", "../v00001"):
        with pytest.raises(PublicationError, match=r"There is v00001 only\."):
            store.resolve(candidate.settings, wrong)


def test_nothing_published_is_said_so(settings: Settings) -> None:
    assert (store.versions(settings), store.current(settings)) == ([], None)
    with pytest.raises(PublicationError, match="Nothing has been published yet"):
        store.resolve(settings, "current")


def test_build_file_in_use_is_said_so(candidate: Candidate) -> None:
    hold = "import duckdb, sys; writer = duckdb.connect(sys.argv[1]); print('holding', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(candidate.settings.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout and writer.stdout.readline() == "holding\n"
        with pytest.raises(PublicationError, match="Somebody is writing to it"):
            publish(candidate.settings)
        assert writer.stdin
        writer.stdin.close()
    assert publish(candidate.settings).changed


def test_unreadable_manifest_is_said_so(candidate: Candidate) -> None:
    publish(candidate.settings)
    manifest = candidate.settings.published / "v00001" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")

    with pytest.raises(PublicationError, match="cannot be read"):
        read_manifest(candidate.settings, "v00001")
