"""The world as the files that councils send: workbooks and csv in the project's own layouts, with harmless drift."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

from benchmarks.generate.world import World

Grid = list[list[Any]]
Book = dict[str, Grid]

# Fixed, so that writing twice gives the same bytes.
_WRITTEN_AT = datetime(2018, 1, 2, 9)
_ZIPPED_AT = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")

# The cell to the left is merged over this one.
_ON = "<"
_HEADING = PatternFill("solid", fgColor="DCE6F1")
_STATUS_KEY = {
    "On Target": "Expected to deliver on time, to cost and to standard.",
    "Experiencing Obstacles": "Likely to deliver; small problems are being dealt with.",
    "At Risk": "Could still deliver, but serious problems need action.",
    "Compromised": "Unlikely to deliver as planned; a decision is needed.",
    "Closed or Completed": "Benefits achieved, or formally ended.",
    "No Status": "Not rated yet.",
}
_LEAVING = (
    "Voluntary Redundancy",
    "Compulsory Redundancy",
    "Resignation",
    "Dismissal",
    "Mutual Agreement",
    "Vacancies",
)
_INDICATORS = {
    "Average Availability of Business Critical Services (B001)": 0.0001,
    "Percentage of Mobile Devices Within the Estate (B062)": 0.0001,
    "Percentage Incidents Resolved Within Agreed Service Levels (B009)": 0.0001,
    "Compliance to Project Delivery Index (B052)": 0.001,
    "Percentage of Project Milestones Delivered (B053)": 0.0001,
}
_THEMES = {
    "New Service Delivery Model": "Someone else provides part of the service.",
    "Services Stopped or Reduced": "The service does less, or ends.",
    "Restructure": "The same service costs less to run.",
    "Cross-Cutting": "Better processes everywhere.",
}
_DRIFT_ONE_IN = 10


def write(folder: Path, world: World, *, organisations: range | None = None, csv_one_in: int = 0) -> list[Path]:
    """Write what these councils (all, unless given) submit below `folder`, and return the paths in order.

    The paths are `<organisation>/<feed>/<YYYY-MM>/<file>`.

    A month of a council is four files: a project status report, an HR update, a medium-term forecast (or, for every
    third council, savings by theme beside it) and a report on performance. One in `csv_one_in` forecasts is csv.
    Restatements have a second file, which sorts behind the first.
    """
    written = []
    for path, content in _files(world, organisations, csv_one_in):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        written.append(target)
    return written


def _files(world: World, organisations: range | None, csv_one_in: int) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect() as connection:
        for _ in world.tell(connection, organisations=organisations):
            for o, m, slug, period, return_id, submission_id, sequence in connection.execute(
                "select o, m, slug, period, return_id, submission_id, sequence from submissions"
                " inner join organisations using (o) inner join months using (m) order by o, m, return_id, sequence"
            ).fetchall():
                draw = _Draw(connection, submission_id)
                month = date.fromisoformat(f"{period}-01")
                feed = "highlight_report" if return_id == "project_status_report" else "budget_monitoring"
                name = f"{slug}/{feed}/{period}/{return_id.replace('_', ' ')} {sequence}"
                if return_id == "project_status_report":
                    yield f"{name}.xlsx", _workbook(_drifted(_project_status(connection, submission_id, month), draw))
                    # Of these there is one a month, whatever is restated.
                    if sequence == 1:
                        yield f"{slug}/hr_metrics/{period}/HR update.xlsx", _workbook(_hr_update(month, draw))
                        yield f"{slug}/performance_indicators/{period}/ICT.xlsx", _workbook(_performance(month, draw))
                        if o % 3 == 2:
                            yield f"{slug}/budget_monitoring/{period}/Themes.xlsx", _workbook(_themes(month, draw))
                elif csv_one_in and (o + m) % csv_one_in == 0:
                    yield f"{name}.csv", _csv(next(iter(_forecast(connection, submission_id, month).values())))
                else:
                    yield f"{name}.xlsx", _workbook(_forecast(connection, submission_id, month))


class _Draw:
    """Numbers about one submission, the same each time; each call is about something else."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, submission_id: str) -> None:
        (numbers,) = connection.execute(
            "select list_transform(range(80), i -> draw(? || ' ' || i, 10000))", [submission_id]
        ).fetchone() or ([],)
        self._numbers = iter(numbers)

    def __call__(self, n: int) -> int:
        return int(next(self._numbers)) % n


def _project_status(connection: duckdb.DuckDBPyConnection, submission_id: str, month: date) -> Book:
    rows = connection.execute(
        "select portfolio, project, status_previous, status, targets, target, risks, risk, alternative, net"
        " from project_rows where submission_id = ? order by source_row",
        [submission_id],
    ).fetchall()
    years = [f"{_fiscal_year(month, later)} (£000)s" for later in range(3)]
    title = f"Project Status Report as at {month:%B %Y}"
    wide = ["Portfolio", "Project Name", "Project Status (Last Month)", "Project Status (This Month)"]
    benefits = ["Cashable benefits", _ON, _ON, _ON]
    at_risk = ["Projected At Risk / Slippage & Over Achievement", _ON, _ON, _ON]
    exceptions: Grid = []
    for portfolio in dict.fromkeys(row[0] for row in rows if row[1]):
        told = [row for row in rows if row[0] == portfolio and row[3] in ("At Risk", "Compromised")]
        if told:
            exceptions += [[portfolio], ["Portfolio & Status", "Project Name", "Exceptions Details by Project"]]
            exceptions += [[row[3], row[1], f"Is {row[3].lower()}; £{row[5]}k is planned."] for row in told]
            exceptions += [[]]
    if not exceptions:
        exceptions = [
            [rows[0][0]],
            ["Portfolio & Status", "Project Name", "Exceptions Details by Project"],
            [rows[0][3], rows[0][1], "Nothing is to be told."],
        ]
    return {
        "Appendix B": [
            [title],
            ["Prepared by PMO"],
            [],
            [*wide, *benefits, *at_risk, "Savings delivered in an alternative way", "Net at risk amount"],
            [None, None, None, None, *years, "Total (£000)s", *years, "Total (£000)s"],
            *[
                [portfolio, project, previous, status, *targets, target, *risks, risk, alternative, net]
                for portfolio, project, previous, status, targets, target, risks, risk, alternative, net in rows
            ],
            [],
            ["Note: sent again." if submission_id.endswith(".2") else "Note: figures are forecasts."],
        ],
        "Exceptions": [[title], ["Exceptions Details by Project"], ["Prepared by PMO"], [], *exceptions],
        "Status Key": [[title], ["Status Key"], ["Prepared by PMO"], [], *map(list, _STATUS_KEY.items())],
    }


def _forecast(connection: duckdb.DuckDBPyConnection, submission_id: str, month: date) -> Book:
    rows = connection.execute(
        "select section, row_type, line, list_transform(tenths, t -> t / 10) from budget_rows where submission_id = ?"
        " order by source_row",
        [submission_id],
    ).fetchall()
    grid: Grid = [
        ["Figure A-2 Summary of the budget position"],
        [f"Prepared by PMO – {month:%B %Y}"],
        ["MEDIUM TERM FINANCIAL FORECAST"],
        [rows[0][0], *(f"{_fiscal_year(month, later)} Forecast £M" for later in range(3))],
    ]
    before = rows[0][0]
    for section, row_type, line, amounts in rows:
        if section != before and row_type == "detail":
            grid.append([section])
        before = section
        grid.append([line, *amounts])
    return {"Figure A-2": grid}


def _hr_update(month: date, draw: _Draw) -> Book:
    first = month.year * 12 + month.month - 6
    months = [f"{date(number // 12, number % 12 + 1, 1):%b}" for number in range(first, first + 6)]
    services: list[list[int]] = []
    for _ in range(3):
        left = [draw(900) for _ in _LEAVING]
        services.append([5000 + sum(left), 5000, sum(left), *left])
    labels = ("Previous establishment (S188)", "New establishment (s188)", "Reduction in posts (FTE)", *_LEAVING)
    return {
        "Hays": [
            ["HR Update"],
            ["Prepared by PMO"],
            ["Use of agency staff:"],
            [],
            [None, *months],
            ["Shifts Filled", *(600 + draw(300) for _ in months)],
            ["Shifts Unfilled", *(draw(40) for _ in months)],
            ["No of Shift Workers used", *(200 + draw(100) for _ in months)],
            ["No of temp staff assignments filled", *(40 + draw(60) for _ in months)],
            [],
            ["Note: agency workers only."],
        ],
        "Establishment": [
            ["Restructuring the Council - Operating Model"],
            ["Prepared by PMO"],
            [],
            [None, "Social Care", "Early Years", "Estates"],
            *[[label, *(service[number] / 100 for service in services)] for number, label in enumerate(labels)],
        ],
        "Other figures": [
            ["Other figures"],
            ["Prepared by PMO"],
            [],
            ["Measure", "Figure", "Period", "Comment"],
            ["HR Update"],
            ["In house recruitment posts advertised", 200 + draw(50), f"{month:%Y-%m}", "Since the last update"],
            ["In house recruitment posts filled", 90 + draw(50), f"{month:%Y-%m}", "Filled so far"],
            ["Children and Families"],
            ["Children in need", 1000 + draw(90), f"{month:%Y-%m}", "At the end of the month"],
            ["Looked after children", 500 + draw(40), f"{month:%Y-%m}", "At the end of the month"],
        ],
    }


def _performance(month: date, draw: _Draw) -> Book:
    tallies = [10 + draw(20), draw(3), draw(20), draw(8)]
    states = ("Completed", "Awaiting Sign Off", "Incomplete", "On Hold")
    year = _fiscal_year(month, 0, "-")
    quarter = (month.month - 4) % 12 // 3 + 1
    return {
        "Performance": [
            [f"ICT Services Overall Performance: Quarter {quarter} {year}"],
            ["Prepared by PMO"],
            [],
            ["Business Activity Indicator", f"Performance {year}", _ON, "Comments"],
            [None, f"Q{quarter} Actual", f"Q{quarter} Target", None],
            *[
                [label, round((9000 + draw(1000)) * step, 4), round(9500 * step, 4), "As last quarter."]
                for label, step in _INDICATORS.items()
            ],
        ],
        "Milestones": [
            ["Progress on milestones"],
            ["Prepared by PMO"],
            [],
            ["Milestone status", "Number"],
            *map(list, zip(states, tallies, strict=True)),
            ["Total reported on", sum(tallies)],
        ],
        "Projects closed": [
            ["Projects closed in the quarter"],
            [],
            ["Project", "Score"],
            *[[f"Closed project {number}", f"{5 + draw(5)}/9"] for number in range(1, 4)],
        ],
    }


def _themes(month: date, draw: _Draw) -> Book:
    rows = [(theme, draw(90), draw(90)) for theme in _THEMES]
    years = [_fiscal_year(month, later) for later in (1, 2)]
    return {
        "Figure A-4": [
            ["Figure A-4 High level savings identified to date"],
            ["Prepared by PMO"],
            [],
            [None, *years],
            [None, "£M", "£M"],
            *[[theme, one / 10, other / 10] for theme, one, other in rows],
            ["Total", sum(row[1] for row in rows) / 10, sum(row[2] for row in rows) / 10],
        ],
        "Themes": [["Savings themes"], [], ["Theme", "Definition"], *map(list, _THEMES.items())],
    }


def _fiscal_year(month: date, later: int, stroke: str = "/") -> str:
    first = month.year - (month.month < 4) + later
    return f"{first}{stroke}{(first + 1) % 100:02d}"


def _drifted(book: Book, draw: _Draw) -> Book:
    """Now and then a workbook as people change it who mean no harm: moved down, respelled, a number typed as text."""
    grid = book["Appendix B"]
    kind = draw(4 * _DRIFT_ONE_IN)
    if kind == 0:
        grid.insert(2, [])
    elif kind == 1:
        grid[3][1] = "PROJECT  name"
    elif kind == 2:
        grid[5][3] = f"{grid[5][3]}\u00a0"
    elif kind == 3:
        grid[5][7] = f"{grid[5][7]:,}"
    return book


def _workbook(book: Book) -> bytes:
    """A workbook with a sheet a grid, as a spreadsheet program writes it: the same bytes every time."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.creator = "PMO"
    workbook.properties.created = _WRITTEN_AT
    for name, grid in book.items():
        sheet = workbook.create_sheet(name)
        for row, values in enumerate(grid, 1):
            merged: list[list[int]] = []
            for column, value in enumerate(values, 1):
                if value == _ON:
                    merged[-1][1] = column
                elif value is not None:
                    sheet.cell(row, column, value)
                    merged.append([column, column])
            for first, last in merged:
                if first < last:
                    sheet.merge_cells(start_row=row, start_column=first, end_row=row, end_column=last)
        sheet["A1"].font = Font(bold=True, size=14)
        sheet.column_dimensions["A"].width = 40
        for cell in sheet[4]:
            cell.fill = _HEADING
    unpacked, packed = io.BytesIO(), io.BytesIO()
    workbook.save(unpacked)
    with zipfile.ZipFile(unpacked) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "docProps/core.xml":
                body = _MODIFIED.sub(rb"\g<1>" + f"{_WRITTEN_AT:%Y-%m-%dT%H:%M:%SZ}".encode(), body)
            target.writestr(zipfile.ZipInfo(name, _ZIPPED_AT), body, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _csv(grid: Iterable[list[Any]]) -> bytes:
    """A csv as older software writes it."""
    stream = io.StringIO(newline="")
    rows = list(grid)
    width = max(map(len, rows))
    csv.writer(stream, lineterminator="\r\n").writerows([*row, *[None] * (width - len(row))] for row in rows)
    return stream.getvalue().encode("cp1252")
