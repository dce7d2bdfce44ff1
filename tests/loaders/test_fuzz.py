"""Files nobody thought of: whatever is in them, there is a verdict, and no figure but the one that was meant.

A thousand examples as part of the tests, the same every time; `make fuzz` runs more than 10,000 that are new.
"""

import io
import os
import re
import tempfile
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.apart import AFTER_ITEMS, run_apart
from loaders.cells import Sheet
from loaders.extract import Extraction, extract
from loaders.layout import Layout, LoadedLayout, load_layouts
from loaders.read import read_file
from loaders.text import CellValue, plain
from quarterdeck.organisations import Place
from quarterdeck.periods import Month
from quarterdeck.settings import Settings
from tests.loaders.test_library import BASES, LAYOUTS
from tests.loaders.workbooks import build

EXAMPLES = int(os.environ.get("QUARTERDECK_FUZZ_EXAMPLES", 110))
fuzz = settings(
    max_examples=EXAMPLES,
    derandomize="QUARTERDECK_FUZZ_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
PERIOD = Month.parse("2018-09")
SETTINGS = Settings()
PLACE = "^([A-Z]+[0-9]+|[0-9]+:[0-9]+|[A-Z]+:[A-Z]+)$"


def layout_of(name: str) -> Layout:
    return Layout(layout=name, **LAYOUTS[name])


def without_totals(name: str) -> Layout:
    """The layout for sheets that need not have its totals rows."""
    layout = layout_of(name)
    for table in layout.tables:
        for total in table.totals:
            total.optional = True
    return layout


def has_a_verdict(result: Extraction) -> None:
    """Every finding stands somewhere, and none is the reader's own failure."""
    for found in result.findings:
        assert found.rule != "reader-failed", found.message
        assert found.cell is None or re.match(PLACE, found.cell)


# Values

TEXTS = st.text(max_size=20) | st.text("0123456789.,£%()-–−+ kmKM\u00a0/", max_size=12)
VALUES: st.SearchStrategy[CellValue] = st.one_of(
    TEXTS,
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.times(),
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.sampled_from(
        ["NA", "n/a", "-", "tbc", "c", "[x]", "1e5", "0x10", "١٢٣", "½", "1 000", "1.234.567", "12%", "£1.2m"]
    ),
)
AMOUNTS = st.decimals(-(10**9), 10**9, places=3, allow_nan=False, allow_infinity=False)


def as_people_write(amount: Decimal, how: int) -> CellValue:
    """One of the ways in which a figure stands in a cell."""
    text = f"{amount:f}"
    ways: list[CellValue] = [
        float(amount),
        text,
        f" {amount:,f}\u00a0",
        f"£{amount:,f}" if amount >= 0 else f"-£{-amount:,f}",
        f"({-amount:,f})" if amount < 0 else f"+{text}",
        text.replace("-", "−"),
    ]
    return ways[how % len(ways)]


def project_sheet(rows: list[list[CellValue]]) -> Sheet:
    heading: list[CellValue] = ["Portfolio", "Project", "Status", "Target £000", "At risk £000", "Net at risk £000"]
    return Sheet("Report", [["Project report as at September 2018"], [], heading, *rows])


@fuzz
@given(st.lists(st.tuples(AMOUNTS, st.integers(0, 5)), min_size=3, max_size=3))
def test_a_figure_is_read_as_it_was_meant_however_it_is_written(figures):
    row = ["Place", "Lighting", "On Target", *(as_people_write(*figure) for figure in figures)]
    result = extract(without_totals("projects"), [project_sheet([row])], PERIOD, SETTINGS)
    assert not result.has_error, result.findings
    (read,) = result.rows["project_status"]
    assert [read["target"], read["at_risk"], read["net_at_risk"]] == [amount for amount, _ in figures]


@fuzz
@given(st.lists(VALUES, min_size=6, max_size=6), st.booleans())
def test_what_is_not_a_figure_is_never_read_as_one(values, typed):
    sheet = project_sheet([["Place", "Lighting", *values]])
    sheet.typed = typed
    result = extract(without_totals("projects"), [sheet], PERIOD, SETTINGS)
    has_a_verdict(result)
    if result.has_error:
        return
    for read in result.rows["project_status"]:
        for value, figure in zip(values[1:4], ("target", "at_risk", "net_at_risk"), strict=True):
            is_the_same(value, read[figure])


def is_the_same(value: CellValue, read: Decimal | None) -> None:
    """The figure has the digits, the sign and the point of the cell, as nobody would read it differently."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Six decimals are kept.
        assert read is not None and abs(float(read) - value) <= max(abs(value) * 1e-14, 0.5e-6)
        return
    assert isinstance(value, str)
    if not plain(value) or plain(value).lstrip("£ ") in set("-–—−‐‑"):
        assert read is None
        return
    assert read is not None
    digits = re.sub(r"[^0-9.]", "", value)
    assert abs(Decimal(digits) - abs(read)) <= Decimal("0.0000005")
    assert set(re.sub(r"[0-9.\s\u00a0\u2007\u202f\ufeff]", "", plain(value))) <= set("£,()+-–—−‐‑")
    negative = any(sign in value for sign in "(-–—−‐‑")
    assert negative == (read < 0) or read == 0


# Layouts

NAMES = ["Street lighting", "Road repairs", "Day centres", "Reablement", "Libraries", "Bus lanes"]


@st.composite
def drifted(draw: st.DrawFn) -> tuple[Sheet, dict[tuple[str, str], Decimal]]:
    """A sheet of projects with columns in any order and other ones between, in disarray; and what it says."""
    columns = {
        "portfolio": "Portfolio",
        "project": "Project",
        "status": "Status",
        "target": "Target £000",
        "at_risk": "At risk £000",
        "net_at_risk": "Net at risk £000",
    }
    order: list[str] = draw(
        st.permutations([*columns, *draw(st.lists(st.sampled_from(["x1", "x2", "x3"]), unique=True))])
    )
    said: dict[tuple[str, str], Decimal] = {}
    rows: list[list[CellValue]] = [
        [draw(disarrayed(columns[name])) if name in columns else draw(TEXTS) for name in order]
    ]
    for project in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)):
        figures = {name: draw(AMOUNTS) for name in ("target", "at_risk", "net_at_risk")}
        said |= {(project, name): amount for name, amount in figures.items()}
        cells: dict[str, CellValue] = {"portfolio": "Place", "project": draw(disarrayed(project)), "status": "At Risk"}
        cells |= {name: as_people_write(amount, draw(st.integers(0, 5))) for name, amount in figures.items()}
        rows.append([cells[name] if name in cells else draw(VALUES) for name in order])
        if draw(st.integers(0, 5)) == 0:
            rows.append([])
    above: list[list[CellValue]] = [[]] * draw(st.integers(0, 3))
    left: list[CellValue] = [""] * draw(st.integers(0, 2))
    return Sheet("Report", [*above, *([*left, *row] for row in rows)]), said


def disarrayed(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(
        [text, text.upper(), f" {text} ", text.replace(" ", "\u00a0"), text.replace(" ", "  "), f"{text}\n"]
    )


@fuzz
@given(drifted())
def test_a_sheet_that_drifted_is_read_as_it_was_meant_or_refused(case):
    sheet, said = case
    result = extract(without_totals("projects"), [sheet], PERIOD, SETTINGS)
    has_a_verdict(result)
    if result.has_error:
        return
    rows = result.rows["project_status"]
    names = {name.casefold(): name for name in NAMES}
    read = {
        (names[plain(row["project"]).casefold()], figure): row[figure]
        for row in rows
        for figure in ("target", "at_risk", "net_at_risk")
    }
    assert read == said
    assert len(rows) * 3 == len(said)


def base_sheet(name: str) -> Sheet:
    """The first sheet of a base, its blanks as a reader gives them."""
    ((sheet, rows),) = BASES[name]["sheets"].items()
    return Sheet(sheet, [["" if value is None else value for value in row] for row in rows])


@fuzz
@given(st.sampled_from(["projects", "side_by_side", "savings"]), st.integers(1, 8), AMOUNTS)
def test_a_table_that_was_cut_off_is_never_taken_for_a_whole_one(name, kept, amount):
    sheet = base_sheet(name)
    table = layout_of(name if name != "side_by_side" else "projects_side_by_side").tables[0]
    if table.transposed:
        sheet.rows = [row[: kept + 1] for row in sheet.rows]
        whole = kept + 1 >= 4
    else:
        first = next(number for number, row in enumerate(sheet.rows) if row and row[0] in table.heading.contains[:1])
        lines = sheet.rows[first + 1 :]
        sheet.rows = sheet.rows[: first + 1] + lines[:kept]
        # A group that is gone with its total leaves no trace.
        whole = kept >= len(lines) or "Totals" in str(lines[kept - 1][0])
    sheet.rows.append([])
    sheet.rows.append([float(amount)])
    layout = layout_of("projects_side_by_side" if table.transposed else name)
    result = extract(layout, [sheet], PERIOD, SETTINGS)
    has_a_verdict(result)
    assert result.has_error != whole


@fuzz
@given(st.sampled_from(["projects", "agency", "savings", "indicators"]), st.integers(0, 6))
def test_a_heading_that_was_deleted_never_takes_its_figures_with_it(name, column):
    sheet, layout = base_sheet(name), layout_of(name)
    first = layout.tables[0].heading.contains[0]
    heading = next(row for row in sheet.rows if first in row)
    if column >= len(heading):
        return
    before = extract(layout, [base_sheet(name)], PERIOD, SETTINGS)
    heading[column] = ""
    result = extract(layout, [sheet], PERIOD, SETTINGS)
    has_a_verdict(result)
    assert result.has_error or figures(result) == figures(before)


def figures(result: Extraction) -> list[tuple[str, Any]]:
    """Every figure of every record, by its name."""
    return [
        (name.removesuffix("_unit"), row[name.removesuffix("_unit")])
        for rows in result.rows.values()
        for row in rows
        for name in row
        if name.endswith("_unit")
    ]


@fuzz
@given(st.floats(-1_000, 1_000).map(lambda value: round(value, 4)), VALUES)
def test_a_percentage_and_a_time_are_read_as_meant_or_refused(fraction, waited):
    sheet = base_sheet("indicators")
    sheet.rows[1][1], sheet.rows[1][4] = fraction, waited
    result = extract(layout_of("indicators"), [sheet], PERIOD, SETTINGS)
    has_a_verdict(result)
    assert result.has_error or abs(fraction) <= 1.5
    if result.has_error:
        return
    read = {(row["indicator"], row["measure"]): row["value"] for row in result.rows["indicator"]}
    assert read["Calls", "met"] == Decimal(str(fraction))
    if ("Calls", "answered") in read:
        assert isinstance(waited, str | time | timedelta)


ALL_LAYOUTS = [*(layout_of(name) for name in LAYOUTS), *(found.layout for found in load_layouts(SETTINGS.layouts))]


@st.composite
def scrambled(draw: st.DrawFn) -> tuple[Layout, list[Sheet]]:
    """Sheets of any layout's names, headings and labels thrown together, with values of all kinds between."""
    layout = draw(st.sampled_from(ALL_LAYOUTS))
    words = sorted(
        {
            part.replace("{savings_year}", "2018/19").replace("{fiscal_year}", "2018/19").replace("{month}", "July")
            for table in layout.tables
            for column in table.columns.values()
            for part in (*column.path, *column.words)
        }
        | {label for table in layout.tables for label in table.heading.contains}
    )
    cells = st.sampled_from([*words, "", "", "Total", "Place Totals"]) | VALUES
    sheets = [
        Sheet(
            draw(st.sampled_from([table.sheet.replace("*", " 1") for table in layout.tables])),
            draw(st.lists(st.lists(cells, max_size=8), max_size=12)),
            draw(st.dictionaries(st.tuples(st.integers(0, 11), st.integers(0, 7)), st.just((0, 0)), max_size=4)),
            typed=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return layout, sheets


@fuzz
@given(scrambled())
def test_any_layout_has_a_verdict_on_any_sheets(case):
    layout, sheets = case
    result = extract(layout, sheets, PERIOD, SETTINGS)
    has_a_verdict(result)
    assert result.rows or result.findings or not any(any(map(plain, row)) for sheet in sheets for row in sheet.rows)


# Archives


@cache
def originals() -> dict[str, bytes]:
    """The file of a base in every format."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for kind in ("xlsx", "xlsm", "ods", "xls"):
            path = build(Path(folder) / "original", BASES["projects"], {"format": kind})
            files[kind] = path.read_bytes()
        files["csv"] = build(Path(folder) / "original", BASES["savings"], {}).read_bytes()
    return files


def mutated(content: bytes, mutations: list[tuple[str, float, bytes]]) -> bytes:
    """Bytes overwritten, put in, taken out, repeated or cut off, at places from 0 to 1."""
    for kind, where, piece in mutations:
        at = int(where * len(content))
        if kind == "overwrite":
            content = content[:at] + piece + content[at + len(piece) :]
        elif kind == "insert":
            content = content[:at] + piece + content[at:]
        elif kind == "remove":
            content = content[:at] + content[at + len(piece) :]
        elif kind == "repeat":
            content = content[:at] + content[at : at + 64 * len(piece)] + content[at:]
        else:
            content = content[:at]
    return content


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "overwrite", "insert", "remove", "repeat", "cut"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def read_bytes(content: bytes, kind: str) -> Extraction:
    """Read in a process of its own, as a batch is."""
    name = "savings" if kind == "csv" else "projects"
    layout = LoadedLayout(layout=layout_of(name), sha256="")
    place = Place(layout.layout.organisation, layout.layout.feed, str(PERIOD))

    def work(path: Path, set_aside: Any, begin: Any) -> Extraction:
        if set_aside:
            return Extraction()
        begin(0)
        _, result = read_file(SETTINGS, path, f"file.{kind}", place, layout)
        begin(AFTER_ITEMS)
        return Extraction(dict(result.rows), result.findings)

    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return run_apart(partial(work, Path(file.name)))


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls", "csv"])
def test_an_original_is_read(kind):
    result = read_bytes(originals()[kind], kind)
    assert not result.has_error
    assert sum(map(len, result.rows.values())) > 5


@fuzz
@given(st.sampled_from(["xlsx", "xlsx", "xlsm", "ods", "xls", "csv"]), MUTATIONS)
def test_a_mutated_file_is_refused_or_read_as_the_original(kind, mutations):
    original = originals()[kind]
    content = mutated(original, mutations)
    result = read_bytes(content, kind)
    has_a_verdict(result)
    # Only packages carry checksums: of what else was changed nobody can know whether it was meant.
    if not result.has_error and kind in ("xlsx", "xlsm", "ods"):
        assert dict(result.rows) == dict(read_bytes(original, kind).rows)


@fuzz
@given(
    st.sampled_from([("xlsx", "xl/worksheets/sheet1.xml"), ("xlsx", "xl/workbook.xml"), ("ods", "content.xml")]),
    MUTATIONS,
)
def test_a_well_packed_file_with_mutated_parts_has_a_verdict(target, mutations):
    kind, part = target
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(originals()[kind])) as original, zipfile.ZipFile(packed, "w") as changed:
        for name in original.namelist():
            body = original.read(name)
            changed.writestr(name, mutated(body, mutations) if name == part else body)
    has_a_verdict(read_bytes(packed.getvalue(), kind))


@fuzz
@given(st.text(max_size=400), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
def test_any_text_has_a_verdict_as_csv(text, encoding):
    heading = "Theme,2018/19 £000\n"
    has_a_verdict(read_bytes((heading + text).encode(encoding, "replace"), "csv"))


def test_the_layouts_that_are_fuzzed_are_all_there_are():
    assert len(ALL_LAYOUTS) == len(LAYOUTS) + len(list(SETTINGS.layouts.glob("*.yml")))
    assert yaml.safe_load((SETTINGS.layouts / "report_figures.yml").read_text())["layout"] in {
        layout.layout for layout in ALL_LAYOUTS
    }
