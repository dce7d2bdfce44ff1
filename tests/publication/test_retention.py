import json
import os
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from publication import history, retention, store
from publication.manifest import Manifest, read_manifest
from publication.publish import publish
from publication.retention import Retention, collect, reasons_to_keep
from publication.store import PublicationError
from quarterdeck.settings import Settings
from tests.publication.candidates import HAMPTON, OXBRIDGE, QUARTER, Candidate, read
from tests.publication.test_commands import COMMANDS

NOTHING_MORE = "newest: 1\ndays: 0\n"


def date(settings: Settings, version: str, moment: str) -> None:
    """Let a version have been published at another time."""
    path = settings.published / version / store.MANIFEST_FILE
    document = json.loads(path.read_text()) | {"created_at": moment}
    path.chmod(0o644)
    path.write_text(json.dumps(document))


@pytest.fixture
def four(candidate: Candidate) -> Settings:
    """Two versions of 2018-19 Q2, one of Q3, and today's; one council is held since the first."""
    for number in range(4):
        candidate.change("Fleet", target_gbp=Decimal(number))
        candidate.decide(HAMPTON, "published", f"h{number}")
        if number:
            candidate.decide(OXBRIDGE, "held", "o2")
        candidate.build()
        publish(candidate.settings)
    for version, moment in (
        ("v00001", "2018-07-03T12:00:00Z"),
        ("v00002", "2018-08-03T12:00:00Z"),
        ("v00003", "2018-10-03T12:00:00Z"),
    ):
        date(candidate.settings, version, moment)
    return candidate.settings


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy that keeps nothing but what always stays."""
    path = tmp_path / "retention.yml"
    path.write_text(NOTHING_MORE)
    return path


def release_oxbridge(settings: Settings) -> None:
    """Let no row of current stem from the first version."""
    current = store.current(settings)
    assert current
    path = settings.published / current / store.MANIFEST_FILE
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"published_in": "v00001"', f'"published_in": "{current}"'))


def test_nothing_goes_by_itself(four: Settings, policy: Path) -> None:
    release_oxbridge(four)
    found = collect(four, policy_file=policy)

    assert [verdict.version for verdict in found.may_go] == ["v00001"]
    assert (found.removed, len(store.versions(four))) == (False, 4)
    assert not (four.published / "removed").exists()


def test_the_projects_own_policy_keeps_what_is_young(four: Settings) -> None:
    assert collect(four).may_go == []


def test_what_the_policy_does_not_keep_goes_and_its_record_stays(four: Settings, policy: Path) -> None:
    release_oxbridge(four)
    manifest = read_manifest(four, "v00001")
    found = collect(four, remove=True, policy_file=policy)

    assert store.versions(four) == ["v00002", "v00003", "v00004"]
    assert Manifest.model_validate_json((four.published / "removed" / "v00001.json").read_bytes()) == manifest
    (line,) = (four.published / retention.LOG).read_text().splitlines()
    assert json.loads(line)["version"] == "v00001"
    assert json.loads(line)["policy_sha256"] == found.policy_sha256
    assert not list(four.published.glob(".removing-*"))
    assert all(history.verify(four, version) == [] for version in ("v00002", "v00003"))
    assert collect(four, remove=True, policy_file=policy).may_go == []


def test_the_last_version_of_a_quarter_current_and_what_its_rows_stem_from_stay(four: Settings, policy: Path) -> None:
    kept = {verdict.version: verdict.keep for verdict in collect(four, remove=True, policy_file=policy).verdicts}

    assert kept == {
        "v00001": f"current has the rows of {OXBRIDGE} {QUARTER} from it",
        "v00002": "the last of 2018-19 Q2",
        "v00003": "the last of 2018-19 Q3",
        "v00004": "current",
    }


def test_what_a_rollback_went_back_to_stays(four: Settings, policy: Path) -> None:
    release_oxbridge(four)
    history.rollback(four, "1", "wrong column")

    assert dict((each.version, each.keep) for each in collect(four, policy_file=policy).verdicts)["v00001"] == (
        "current repeats it"
    )


def test_young_new_and_named_versions_stay(four: Settings) -> None:
    manifests = [read_manifest(four, version) for version in store.versions(four)]
    today = datetime(2018, 10, 10, tzinfo=UTC)

    def kept(**policy: object) -> dict[str, str]:
        rules = Retention.model_validate({"newest": 0, "days": 0} | policy)
        old = [manifest.model_copy(update={"partitions": []}) for manifest in manifests]
        return reasons_to_keep(old, "v00004", rules, today)

    assert "v00001" not in kept()
    assert kept(days=365)["v00001"] == "younger than 365 days"
    assert kept(newest=4)["v00001"] == "one of the newest 4"
    assert kept(named={"v00001": "quoted"})["v00001"] == "named: quoted"
    assert timedelta(days=100) > today - manifests[0].created_at


def test_readers_of_a_shared_file_keep_it(four: Settings, policy: Path) -> None:
    """The organisations never changed: one file, four versions."""
    shared = four.published / "v00004" / "csv" / "organisations.csv"
    assert os.stat(shared).st_nlink == 4
    release_oxbridge(four)
    collect(four, remove=True, policy_file=policy)

    assert os.stat(shared).st_nlink == 3
    assert shared.read_text().startswith("organisation_code")


def test_numbers_are_not_used_again_and_a_removed_version_is_said_so(four: Settings, policy: Path) -> None:
    release_oxbridge(four)
    collect(four, remove=True, policy_file=policy)

    assert store.next_version(four) == "v00005"
    with pytest.raises(PublicationError, match=r"v00001 was removed by the retention policy; .*removed/v00001\.json"):
        store.resolve(four, "1")


def test_current_cannot_be_withdrawn(four: Settings) -> None:
    with pytest.raises(PublicationError, match="v00004 is current and stays"):
        store.withdraw(four, "v00004")


def test_an_interrupted_removal_is_finished_by_the_next_writer(four: Settings) -> None:
    store.withdraw(four, "v00001")
    with store.exclusive(four):
        pass

    assert not list(four.published.glob(".removing-*"))


@pytest.mark.parametrize("text", ["newest: many\ndays: 0\n", "newest: 1\n", "forever: true\n", "[1, 2"])
def test_a_policy_that_is_not_understood_removes_nothing(four: Settings, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(text)

    with pytest.raises(PublicationError, match="nothing is removed"):
        collect(four, remove=True, policy_file=path)
    assert len(store.versions(four)) == 4


def test_command_says_what_would_go_and_removes_only_when_told(
    four: Settings, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_oxbridge(four)
    monkeypatch.setenv("QUARTERDECK_HOME", str(four.home))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(retention.collect, "__defaults__", (False, policy))

    dry = CliRunner().invoke(COMMANDS, ["gc"])
    assert re.search(r"May go: 1 of 4 versions, \d+\.\d MB\. Nothing was removed", dry.stdout)
    assert len(store.versions(four)) == 4
    done = CliRunner().invoke(COMMANDS, ["gc", "--remove", "--json"])
    assert [each["version"] for each in json.loads(done.stdout)["verdicts"] if not each["keep"]] == ["v00001"]
    assert len(store.versions(four)) == 3


@pytest.mark.parametrize(
    ("day", "version"), [("2018-07-03", "v00001"), ("2018-09-30", "v00002"), ("2019-01-01", "v00003")]
)
def test_marts_can_be_asked_as_they_stood_on_a_day(four: Settings, day: str, version: str) -> None:
    found = store.resolve(four, day)

    assert found == version
    fleet = "select target_gbp from marts.project_status where project = 'Fleet'"
    assert read(four, fleet, found) == [(int(version[-1]) - 1,)]


def test_a_day_before_the_first_version_or_of_a_removed_one_or_none_is_said_so(four: Settings, policy: Path) -> None:
    with pytest.raises(PublicationError, match=r"no version on 2018-07-02\. The first version is of 2018-07-03"):
        store.resolve(four, "2018-07-02")
    with pytest.raises(PublicationError, match="is no day"):
        store.resolve(four, "2018-13-01")
    release_oxbridge(four)
    collect(four, remove=True, policy_file=policy)
    with pytest.raises(PublicationError, match="v00001 was removed"):
        store.resolve(four, "2018-07-04")


@pytest.mark.parametrize("name", ["v2", "v00009"])
def test_a_policy_that_names_a_version_nobody_knows_removes_nothing(four: Settings, policy: Path, name: str) -> None:
    """It was meant to stay, and a removed version does not come back."""
    policy.write_text(f"{NOTHING_MORE}named: {{{name}: quoted}}\n")

    with pytest.raises(PublicationError, match=rf"names '{name}', and there is no such version, so nothing is removed"):
        collect(four, remove=True, policy_file=policy)
    assert len(store.versions(four)) == 4


def test_a_policy_may_go_on_naming_a_version_that_was_removed(four: Settings, policy: Path) -> None:
    release_oxbridge(four)
    collect(four, remove=True, policy_file=policy)
    (gone, *_) = sorted(path.stem for path in (four.published / "removed").glob("v*.json"))
    policy.write_text(f"{NOTHING_MORE}named: {{{gone}: quoted once}}\n")

    assert collect(four, policy_file=policy).may_go == []
