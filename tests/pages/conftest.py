"""A version with pages of every kind: the samples published, one return restated, another one held."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from pages.build import add_site
from pages.published import Published
from quarterdeck.settings import Settings
from tests import pipeline

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REPORT = Path("nottinghamshire/highlight_report/2018-09/Project Status Report September 2018.xlsx")
LATER = Path("nottinghamshire/highlight_report/2018-12/Project Status Report December 2018.xlsx")


@pytest.fixture(scope="session")
def settings_with_pages(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data root with two versions; the second tells of a project whose status was restated, and of a held quarter."""
    settings = Settings(home=tmp_path_factory.mktemp("pages"))
    pipeline.land(settings, samples)
    pipeline.run(settings, partial(add_site, settings))
    book = openpyxl.load_workbook(samples / REPORT)
    assert book["Appendix B"]["D6"].value == "On Target"
    book["Appendix B"]["D6"] = "At Risk"
    book.save(settings.landing / REPORT.with_stem("Restated"))
    (settings.landing / LATER).parent.mkdir(parents=True)
    shutil.copyfile(samples / "broken" / "unknown_status.xlsx", settings.landing / LATER)
    published = pipeline.run(settings, partial(add_site, settings))
    assert published
    assert published.changed
    return settings


@pytest.fixture(scope="session")
def version(settings_with_pages: Settings) -> Path:
    """The folder of the newer version."""
    return (settings_with_pages.published / "current").resolve()


@pytest.fixture(scope="session")
def site(version: Path) -> Path:
    """Its site."""
    return version / "site"


@pytest.fixture(scope="session")
def published(version: Path) -> Iterator[Published]:
    """Its content."""
    with Published(version) as opened:
        yield opened


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Path]:
    """One page of every kind, by what it is."""
    quarter, project = site / "nottinghamshire" / "2018-19-q2", "targeted-reviews-c07.html"
    found = {path.stem: path for path in sorted(site.glob("*/*/*.html")) if path.parent.name != "projects"}
    found |= {path.stem: path for path in quarter.glob("*.html")}
    return found | {
        "home": site / "index.html",
        "about": site / "about.html",
        "compare": site / "compare.html",
        "changed": site / "changes.html",
        "operations": site / "operations.html",
        "organisation": site / "nottinghamshire" / "index.html",
        "project": site / "nottinghamshire" / "projects" / project,
        "dashboard": site / "oxfordshire" / "2019-20-q1" / "update.html",
    }


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A real Chromium, without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()
