import json
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest
import typer
from typer.testing import CliRunner, Result

from publication.publish import publish
from quarterdeck.cli import publications, site, trace, up
from quarterdeck.cli.output import DONE, FOUND, UNUSABLE
from tests.publication.candidates import HAMPTON, OXBRIDGE, QUARTER, Candidate

COMMANDS = typer.Typer()
for module in (publications, site, trace, up):
    module.register(COMMANDS)


@pytest.fixture
def published(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> Candidate:
    """Two versions: `Fleet` is 250.50, then 1.00 while the other council is held."""
    monkeypatch.setenv("QUARTERDECK_HOME", str(candidate.settings.home))
    monkeypatch.setenv("COLUMNS", "200")
    publish(candidate.settings)
    candidate.change("Fleet", target_gbp=Decimal(1))
    candidate.decide(HAMPTON, "published", "h2")
    candidate.decide(OXBRIDGE, "held", "o2")
    candidate.build()
    publish(candidate.settings)
    return candidate


def run(*arguments: str) -> Result:
    return CliRunner().invoke(COMMANDS, arguments)


def test_list(published: Candidate) -> None:
    as_text, as_json = run("publications"), run("publications", "--json")

    assert (as_text.exit_code, as_json.exit_code) == (DONE, DONE)
    assert "v00002 (current)" in as_text.stdout and f"held: {OXBRIDGE} {QUARTER}" in as_text.stdout
    assert [version["version"] for version in json.loads(as_json.stdout)] == ["v00002", "v00001"]


def test_list_before_anything_was_published(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERDECK_HOME", str(candidate.settings.home))

    assert run("publications").stdout == "Nothing has been published yet.\n"
    assert json.loads(run("publications", "--json").stdout) == []
    assert run("publications", "current").exit_code == UNUSABLE


def test_one_version(published: Candidate) -> None:
    as_text, as_json = run("publications", "2"), run("publications", "2", "--json")

    held = next(line for line in as_text.stdout.splitlines() if line.strip().startswith(OXBRIDGE))
    since = f"{datetime.now(UTC):%Y-%m-%d}"
    words = [OXBRIDGE, *QUARTER.split(), "held", "final", "v00001,", since, "1", "error"]
    assert held.replace("│", " ").split() == words
    assert json.loads(as_json.stdout)["previous"] == "v00001"


def test_verify_finds_damage(published: Candidate) -> None:
    assert run("publications", "--verify").stdout == "v00001 is as it was published\nv00002 is as it was published\n"
    (published.settings.published / "v00001" / "marts.duckdb").unlink()

    found = run("publications", "--verify", "--json")

    assert found.exit_code == FOUND
    assert json.loads(found.stdout) == {"v00001": ["v00001/marts.duckdb is missing"], "v00002": []}
    assert run("publications", "2", "--verify").exit_code == DONE


def test_diff(published: Candidate) -> None:
    as_text, as_json = run("diff", "1", "2", "--limit", "20"), run("diff", "v00001", "current", "--json")

    assert (as_text.exit_code, as_json.exit_code) == (DONE, DONE)
    key = f"organisation_code {HAMPTON}, quarter {QUARTER}, project Fleet"
    assert f"project_status {key} target_gbp: 250.50 -> 1.00" in as_text.stdout.splitlines()
    change = f"{HAMPTON}, {QUARTER}, project_status, project Fleet: target_gbp 250.50 -> 1.00 (correction, v00002)"
    assert run("diff", "1", "2").stdout.splitlines()[0] == change
    assert json.loads(as_json.stdout)["marts"][1]["values_changed"] == 1
    assert json.loads(run("diff", "2", "1", "--json").stdout)["figures"] == []
    assert run("diff", "2", "2").stdout == "v00002 and v00002 have the same content.\n"


def test_diff_names_new_columns_and_marts(published: Candidate) -> None:
    published.meta["risks"] = published.meta.pop("organisations") | {"key": []}
    published.extra_sql = [
        "create table marts.risks as select 'flood' as risk",
        "create or replace table marts.project_status as select *, 'green' as rag from marts.project_status",
    ]
    published.build()
    publish(published.settings)

    lines = run("diff", "2", "3").stdout.splitlines()

    assert "Marts new in v00003: risks" in lines
    assert "Marts no longer there in v00003: organisations" in lines
    assert "project_status: columns new in v00003: rag" in lines


def test_rollback(published: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    # These made-up marts are not those that the pages know.
    monkeypatch.setattr("pages.build.add_site", lambda settings, folder: None)
    result = run("rollback", "1", "--reason", "wrong column")

    assert (result.exit_code, result.stdout) == (DONE, "Published v00003, which repeats 1.\n")
    again = run("rollback", "3", "--reason", "wrong column", "--json")
    assert json.loads(again.stdout)["changed"] is False


def test_unusable_input(published: Candidate) -> None:
    for arguments in (
        ("publications", "9"),
        ("diff", "1", "9"),
        ("rollback", "9", "--reason", "x"),
        ("rollback", "1", "--reason", ""),
        ("rollback", "1"),
    ):
        result = run(*arguments)
        assert result.exit_code == UNUSABLE, arguments
        assert result.stderr and not result.stdout


def test_a_damaged_manifest_is_one_finding_and_hides_no_other_version(published: Candidate) -> None:
    manifest = published.settings.published / "v00001" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")

    verified = run("publications", "--verify")
    assert verified.exit_code == FOUND
    assert "v00001/manifest.json is missing or cannot be read" in verified.stdout
    assert "v00002 is as it was published" in verified.stdout
    assert run("publications", "current").exit_code == DONE
    listed = run("publications", "--json")
    assert listed.exit_code == FOUND
    assert [version["version"] for version in json.loads(listed.stdout)] == ["v00002"]
    assert "the manifest cannot be read: v00001" in listed.stderr
    assert run("publications", "1").stderr == (
        f"{manifest} cannot be read (Invalid JSON: EOF while parsing an object at line 1 column 1). "
        "Restore the folder from a copy.\n"
    )


READING = (
    ("diff", "1", "2"),
    ("trace", "project_status", "Fleet"),
    ("rollback", "1", "--reason", "wrong column"),
    ("site", "--out", "pages"),
    ("pack", "hampton", QUARTER),
)


@pytest.mark.parametrize("arguments", READING, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("damaged", ["marts.duckdb", "manifest.json"])
def test_what_reads_a_damaged_version_says_that_it_is(
    published: Candidate, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], damaged: str
) -> None:
    monkeypatch.chdir(published.settings.home)
    file = published.settings.published / "v00002" / damaged
    file.unlink()
    if damaged == "marts.duckdb":
        duckdb.connect(str(file)).close()
    else:
        file.write_text("[]")

    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (UNUSABLE, "")
    assert f"v00002/{damaged}" in result.stderr and "Restore the folder from a copy." in result.stderr


def test_a_copy_in_place_of_the_link_is_told(published: Candidate) -> None:
    link = published.settings.published / "current"
    link.unlink()
    link.mkdir()

    for arguments in (("publications",), ("publications", "current"), ("site",), ("status",), ("gc",)):
        result = run(*arguments)
        assert result.exit_code == UNUSABLE, arguments
        assert "is no link to a version, but a copy" in result.stderr

    link.rmdir()
    assert run("gc").exit_code == DONE
    assert link.resolve().name == "v00002"


def test_a_difference_asked_for_backwards_says_so(published: Candidate) -> None:
    backwards, forwards = run("diff", "2", "1"), run("diff", "1", "2")

    assert "v00002 is the later one. Why figures changed is told from the earlier to the later." in backwards.stdout
    assert "later one" not in forwards.stdout and "target_gbp 250.50 -> 1.00 (correction, v00002)" in forwards.stdout
