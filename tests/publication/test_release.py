"""The last step of a publication: what is added before readers see a version, and what happens where that fails."""

from pathlib import Path

import pytest

from publication import history, store
from publication.manifest import read_manifest
from publication.publish import publish
from tests.publication.candidates import Candidate


def add_page(folder: Path) -> None:
    assert (folder / "manifest.json").is_file()
    assert (folder / "marts.duckdb").is_file()
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("<!DOCTYPE html>")


def fail(folder: Path) -> None:
    raise ValueError(f"a page of {folder.name} cannot be built")


def test_what_is_added_is_part_of_the_version(candidate: Candidate) -> None:
    version = publish(candidate.settings, add_page).version
    assert "site/index.html" in {output.path for output in read_manifest(candidate.settings, version).outputs}
    assert history.verify(candidate.settings, version) == []


def test_what_cannot_be_added_holds_the_publication(candidate: Candidate) -> None:
    with pytest.raises(ValueError, match="cannot be built"):
        publish(candidate.settings, fail)
    assert store.versions(candidate.settings) == []
    assert store.current(candidate.settings) is None
    assert not list(candidate.settings.published.glob(".staging-*"))
    assert publish(candidate.settings, add_page).changed
