"""Pages are part of a publication: without them there is none."""

import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from pages.blocks import contents
from pages.build import add_site
from publication.publish import publish
from quarterdeck.settings import Settings


@pytest.fixture
def pending(settings_with_pages: Settings, tmp_path: Path) -> Settings:
    """A data root as it was before its newest version was published."""
    settings = Settings(home=tmp_path / "home", workbook=False)
    shutil.copytree(settings_with_pages.home, settings.home, symlinks=True)
    (settings.published / "current").unlink()
    (settings.published / "current").symlink_to("v00001")
    shutil.rmtree(settings.published / "v00002")
    # Nothing to take over.
    shutil.rmtree(settings.published / "v00001" / "site")
    return settings


def test_a_page_that_cannot_be_built_holds_the_publication(pending: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    register = contents()["quarter"]["risks"]["blocks"][1]
    monkeypatch.setitem(register, "heading", "no_such_column")
    with pytest.raises(KeyError, match="no_such_column"):
        publish(pending, partial(add_site, pending))
    assert os.readlink(pending.published / "current") == "v00001"
    assert [path.name for path in sorted(pending.published.iterdir()) if path.is_dir()] == ["current", "v00001"]
    monkeypatch.undo()
    assert publish(pending, partial(add_site, pending)).version == "v00002"
    assert (pending.published / "current" / "site" / "oxfordshire" / "2019-20-q1" / "risks.html").is_file()


def test_an_operator_sees_how_far_it_is(pending: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="pages.build")
    publish(pending, partial(add_site, pending))
    told = [record.getMessage() for record in caplog.records if record.name == "pages.build"]
    assert told[0].startswith("pages: 1 of ")
    assert "100%" in told[-1]
