"""Quarantine: the file as it came, its findings beside it, whole or not at all."""

import hashlib
import json

import pytest

from quarterdeck.findings import Finding, Severity
from quarterdeck.quarantine import hold_again, in_quarantine, quarantine, release
from quarterdeck.settings import Settings

CONTENT = b"as it came"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WRONG = Finding("sheet-missing", Severity.ERROR, "sender", "There is no sheet 'Hays'.", "Add it.", "Hays", None)


@pytest.fixture
def archived(settings: Settings) -> Settings:
    """An archive that has the bytes."""
    settings.archived(SHA256).parent.mkdir(parents=True)
    settings.archived(SHA256).write_bytes(CONTENT)
    return settings


def test_the_file_and_its_findings_lie_together(archived: Settings) -> None:
    folder = quarantine(archived, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    assert folder == archived.quarantine / "a.b.2018-09.1"
    assert (folder / "HR update.xlsx").read_bytes() == CONTENT
    [found] = json.loads((folder / "findings.json").read_text())
    assert (found["severity"], found["sheet"], found["message"]) == ("error", "Hays", "There is no sheet 'Hays'.")


@pytest.mark.parametrize("name", ["findings.json", "released.json"])
def test_a_file_that_is_called_as_a_note_is_none(archived: Settings, name: str) -> None:
    folder = quarantine(archived, "a.b.2018-09.1", name, SHA256, [WRONG])
    assert (folder / f"received {name}").read_bytes() == CONTENT
    assert len(json.loads((folder / "findings.json").read_text())) == 1
    assert in_quarantine(archived) == {"a.b.2018-09.1"}


def test_the_archived_bytes_stay(archived: Settings) -> None:
    quarantine(archived, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    assert archived.archived(SHA256).read_bytes() == CONTENT


def test_again_replaces_what_was_there(archived: Settings) -> None:
    quarantine(archived, "a.b.2018-09.1", "old name.xlsx", SHA256, [WRONG, WRONG])
    folder = quarantine(archived, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    assert sorted(path.name for path in folder.iterdir()) == ["HR update.xlsx", "findings.json"]
    assert len(json.loads((folder / "findings.json").read_text())) == 1


def test_nothing_half_made_is_left_where_the_bytes_are_missing(settings: Settings) -> None:
    with pytest.raises(FileNotFoundError):
        quarantine(settings, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    assert not (settings.quarantine / "a.b.2018-09.1").exists()


RELEASE = {"by": "a.b.2018-09.2", "at": "2018-10-01T09:00:00+00:00", "reason": "A later file replaces it."}


def test_a_released_submission_stays_and_says_what_released_it(archived: Settings) -> None:
    folder = quarantine(archived, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    assert in_quarantine(archived) == {"a.b.2018-09.1"}
    release(archived, "a.b.2018-09.1", **RELEASE)
    assert json.loads((folder / "released.json").read_text()) == RELEASE
    assert (folder / "HR update.xlsx").read_bytes() == CONTENT
    assert in_quarantine(archived) == set()


def test_a_release_is_dated_once(archived: Settings) -> None:
    folder = quarantine(archived, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    release(archived, "a.b.2018-09.1", **RELEASE)
    release(archived, "a.b.2018-09.1", **RELEASE | {"at": "2018-11-01T09:00:00+00:00"})
    assert json.loads((folder / "released.json").read_text()) == RELEASE


def test_a_file_that_is_held_again_is_in_quarantine_again(archived: Settings) -> None:
    quarantine(archived, "a.b.2018-09.1", "HR update.xlsx", SHA256, [WRONG])
    release(archived, "a.b.2018-09.1", **RELEASE)
    hold_again(archived, "a.b.2018-09.1")
    assert in_quarantine(archived) == {"a.b.2018-09.1"}


def test_nothing_is_released_that_was_never_held(settings: Settings) -> None:
    release(settings, "a.b.2018-09.1", **RELEASE)
    assert in_quarantine(settings) == set()
