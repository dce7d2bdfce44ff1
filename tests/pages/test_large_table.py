"""A table of two thousand projects: light, a hundred rows at a time, and whole on paper and without the script."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import html

from benchmarks.pages import swell
from pages.build import build_site
from pages.published import Published
from tests.pages.reading import shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.long

PROJECTS = 2000


@pytest.fixture(scope="module")
def large(version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of projects of an organisation with so many."""
    folder = swell(version, tmp_path_factory.mktemp("large"), PROJECTS)
    build_site(folder, folder / "site")
    return folder / "site" / "nottinghamshire" / "2018-19-q2" / "projects.html"


@pytest.fixture
def opened(large: Path, browser: "Browser") -> Iterator["Page"]:
    page = browser.new_page()
    page.goto(large.as_uri())
    yield page
    page.close()


def test_the_page_is_light_and_has_every_figure(large: Path) -> None:
    assert large.stat().st_size < 1_500_000
    with Published(large.parents[3]) as published:
        keys = {name: mart.key for name, mart in published.marts.items()}
        known = {published.marts["project_status"].key_of(row) for row in published.rows("project_status")}
    tree = html.fromstring(large.read_text())
    targets = [each for each in shown(tree, keys) if (each.mart, each.column) == ("project_status", "target_gbp")]
    assert {each.key for each in targets} == known
    assert len(targets) == PROJECTS


def test_a_hundred_rows_at_a_time_by_keyboard(opened: "Page") -> None:
    table = opened.locator("table[data-mart=project_status]").first
    status = opened.get_by_role("status").first
    assert table.locator("tbody tr:visible").count() == 100
    assert status.inner_text() == "Showing rows 1 to 100 of 2,000 rows"
    opened.get_by_role("button", name="Next 100 rows").first.focus()
    opened.keyboard.press("Enter")
    assert status.inner_text().startswith("Showing rows 101 to 200")
    opened.get_by_label("Search this table").first.focus()
    opened.keyboard.type("(C")
    assert " that fit, of 2,000 rows" in status.inner_text()
    opened.keyboard.type("07) 12")
    assert status.inner_text() == "Showing 1 of 2,000 rows"
    assert opened.locator("nav.app-pager").first.is_hidden()


def test_sorting_orders_all_rows_and_begins_anew(opened: "Page") -> None:
    opened.get_by_role("button", name="Next 100 rows").first.click()
    opened.get_by_role("button", name="Target").first.click()
    texts = opened.locator("table[data-mart=project_status] tbody tr:visible td:nth-child(7)").all_inner_texts()
    figures = [int(text.replace("£", "").replace(",", "").replace("\N{MINUS SIGN}", "-")) for text in texts[:100]]
    assert figures == sorted(figures)
    assert opened.get_by_role("status").first.inner_text().startswith("Showing rows 1 to 100")


def test_all_rows_are_on_paper(opened: "Page") -> None:
    opened.emulate_media(media="print")
    assert opened.locator("table[data-mart=project_status]").first.locator("tbody tr:visible").count() == PROJECTS
