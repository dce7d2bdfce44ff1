"""The pages in a real browser: alone on the machine, tables by keyboard, no violations of WCAG."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pages.reading import KINDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_loads_alone_and_is_accessible(page: "Page", pages: dict[str, Path], site: Path, kind: str) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[kind].as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith((f"{site.as_uri()}/", "data:,"))] == []
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", WCAG)
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]] == []
    assert found["passes"]


def test_a_table_sorts_by_keyboard_with_blanks_last(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["projects"].as_uri())
    heading = page.get_by_role("columnheader", name="At risk", exact=True).first
    button = heading.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    ascending = _figures(page)
    assert ascending == sorted(ascending)
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert _figures(page) == sorted(ascending, reverse=True)
    assert _column(page, "at_risk_gbp")[-1] == "not reported"


@pytest.mark.parametrize("kind", KINDS)
def test_every_heading_sorts_both_ways_and_keeps_every_row(page: "Page", pages: dict[str, Path], kind: str) -> None:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(pages[kind].as_uri())
    rows = page.locator("[data-table] tbody tr").count()
    # Clicked in the page: a page of many tables has hundreds of headings.
    unsorted = page.evaluate(
        """[...document.querySelectorAll(".app-sort")].flatMap((button) => ["ascending", "descending"].filter((way) => {
          button.click();
          return button.closest("th").getAttribute("aria-sort") !== way;
        }))"""
    )
    assert (said, unsorted) == ([], [])
    assert page.locator("[data-table] tbody tr").count() == rows


def test_the_values_of_a_project_sort_as_numbers_then_as_words(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["project"].as_uri())
    table = page.locator("section", has=page.locator("#figures"))
    table.get_by_role("button", name="Value").click()
    texts = [text.strip() for text in table.locator("tbody td:nth-child(3)").all_inner_texts()]
    figures = [text for text in texts if text.lstrip("\N{MINUS SIGN}£")[:1].isdigit()]
    assert texts[: len(figures)] == figures
    assert len(texts) > len(figures) > 3
    assert [_number(text) for text in figures] == sorted(_number(text) for text in figures)


def test_totals_stay_below_whichever_way_a_table_is_sorted(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["savings"].as_uri())
    table = page.locator("table", has=page.locator("tr.app-total")).first
    is_total = "rows => rows.map(row => row.classList.contains('app-total'))"
    for _ in ("ascending", "descending"):
        table.locator(".app-sort").last.click()
        totals = table.locator("tbody tr").evaluate_all(is_total)
        assert any(totals)
        assert totals == sorted(totals)


def test_a_table_filters_by_keyboard_and_says_how_much_is_left(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["projects"].as_uri())
    table = page.locator("table[data-mart=project_status]").first
    section = page.locator("section[data-table]").first
    every = table.locator("tbody tr").count()
    section.get_by_label("Rating").focus()
    page.keyboard.type("Red")
    left = table.locator("tbody tr:visible")
    assert 0 < left.count() < every
    assert set(_column(page, "rag")) == {"Red"}
    assert section.get_by_role("status").inner_text() == f"Showing {left.count()} of {every} rows"
    section.get_by_label("Search this table").focus()
    page.keyboard.type("no project of this name")
    assert section.get_by_role("status").inner_text() == f"Showing 0 of {every} rows"


def test_from_the_first_page_to_the_cell_of_a_figure_by_keyboard(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["home"].as_uri())
    for name in ("2018-19 Q2", "Projects", "Targeted Reviews (C07)"):
        page.get_by_role("link", name=name, exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_load_state()
    assert page.get_by_role("heading", level=1).inner_text() == "Targeted Reviews (C07)"
    row = page.locator("tr", has=page.locator("[data-column=target_gbp]")).last
    assert "Appendix B" in row.inner_text()
    assert "H6" in row.inner_text()


def test_the_cell_of_each_figure_is_shown_on_demand(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["projects"].as_uri())
    assert "H6" not in page.locator("tbody").first.inner_text()
    page.get_by_label("Show the cell that each figure comes from").focus()
    page.keyboard.press("Space")
    assert "H6" in page.locator("tbody tr").first.inner_text()
    page.keyboard.press("Space")
    assert "H6" not in page.locator("tbody tr").first.inner_text()


@pytest.mark.parametrize(("kind", "width", "is_wide"), [("projects", 360, True), ("home", 1440, False)])
def test_a_table_wider_than_the_window_says_so(
    page: "Page", pages: dict[str, Path], kind: str, width: int, is_wide: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(pages[kind].as_uri())
    page.wait_for_function("document.querySelectorAll('.app-wider').length > 0")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.locator(".app-scroll").evaluate_all(
        "all => all.map(each => [each.scrollWidth > each.clientWidth, !each.previousElementSibling.hidden])"
    )
    assert all(is_wider == is_told for is_wider, is_told in found)
    assert any(is_told for _, is_told in found) == is_wide


def test_on_paper_only_content_is_left(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["projects"].as_uri())
    page.emulate_media(media="print")
    assert (
        page.locator(".app-toolbar:visible, .app-wider:visible, .app-menu:visible, .govuk-breadcrumbs:visible").count()
        == 0
    )
    assert page.locator(".app-edition").is_visible()
    # Chromium repeats a head on every page only without buttons in it.
    assert page.locator(".app-sort").first.evaluate("button => getComputedStyle(button).display") == "contents"


def _column(page: "Page", name: str) -> list[str]:
    """The texts of a column of the first table of projects, of the rows that are shown."""
    table = page.locator("table[data-mart=project_status]").first
    place = table.locator("thead th").evaluate_all(
        "(all, name) => all.findIndex(th => th.dataset.column === name)", name
    )
    cells = table.locator(f"tbody tr:visible > :nth-child({place + 1})").all_inner_texts()
    return [text.strip() for text in cells]


def _figures(page: "Page") -> list[int]:
    texts = _column(page, "at_risk_gbp")
    figures = [text for text in texts if text != "not reported"]
    assert texts[: len(figures)] == figures
    return [_number(text) for text in figures]


def _number(text: str) -> int:
    return int(text.replace("£", "").replace(",", "").replace("\N{MINUS SIGN}", "-"))
