"""What a file says of itself, held against what it was sent for: its period, and whose it is."""

from collections.abc import Iterator, Mapping

from loaders.cells import Sheet, address
from loaders.layout import Layout
from loaders.patterns import find
from loaders.text import key
from quarterdeck.findings import Finding
from quarterdeck.organisations import Place, organisation_names
from quarterdeck.periods import Month, stated_months
from quarterdeck.rules import finding
from quarterdeck.settings import Settings


def stated_findings(layout: Layout, sheets: list[Sheet], place: Place, settings: Settings) -> Iterator[Finding]:
    """What is to be said of the cells that the layout names in `states`."""
    for pattern in layout.states:
        found = list(_cells(pattern, sheets))
        if not found:
            yield finding(
                "statement-missing",
                f"No cell says '{pattern}', as one of the template does.",
                remedy="Keep the titles of the template.",
            )
        for sheet, cell, parts in found:
            if "period" in parts:
                yield from _of_period(parts["period"], place, sheet, cell)
            if "organisation" in parts:
                yield from _of_organisation(parts["organisation"], place, settings, sheet, cell)


def _cells(pattern: str, sheets: list[Sheet]) -> Iterator[tuple[Sheet, str, Mapping[str, str]]]:
    for sheet in sheets:
        for (row, column), parts in find(pattern, sheet):
            if isinstance(sheet.rows[row][column], str):
                yield sheet, address(row, column), parts


def _of_period(text: str, place: Place, sheet: Sheet, cell: str) -> Iterator[Finding]:
    months = stated_months(text)
    if months is None:
        yield finding(
            "year-invalid",
            f"'{text}' names no month, quarter or year.",
            remedy="Write the period as in the template.",
            sheet=sheet.name,
            cell=cell,
        )
    elif not months[0] <= Month.parse(place.reporting_period) <= months[1]:
        yield finding(
            "period-mismatch",
            f"The file says that it is of {text}, and was sent for {place.reporting_period}.",
            remedy="Send it for the period that it is of, or correct its title.",
            sheet=sheet.name,
            cell=cell,
        )


def _of_organisation(text: str, place: Place, settings: Settings, sheet: Sheet, cell: str) -> Iterator[Finding]:
    names = {code: {key(name) for name in known} for code, known in organisation_names(settings.seeds).items()}
    if key(text) not in names.get(place.organisation_code, set()):
        yield finding(
            "organisation-mismatch",
            f"The file says that it is of '{text}', and was sent for {place.organisation_code}.",
            remedy="Send it for the organisation whose figures it holds, or correct its title.",
            sheet=sheet.name,
            cell=cell,
        )
