from decimal import Decimal

import duckdb
import pytest

from publication import store
from publication.manifest import Source
from publication.store import PublicationError
from publication.trace import CellContent, Figure, UnreadableCellError, trace
from quarterdeck.settings import Settings
from tests.publication import small_version
from tests.publication.small_version import FILE, QUARTER, SHEET, SUBMISSION

CELLS = {
    "A2": CellContent("Street lighting"),
    "B2": CellContent("1000", (Decimal(1000),)),
    "C2": CellContent("(20.5)", (Decimal("-20.5"),)),
    "D2": CellContent("On  target"),
    "A3": CellContent("Fleet"),
    "B3": CellContent("250.5", (Decimal("250.5"),)),
    "D3": CellContent("OT"),
    "A4": CellContent("Parks, trees"),
    "B4": CellContent("40", (Decimal(40),)),
    "C4": CellContent("7/8", (Decimal(7), Decimal(8))),
    "D4": CellContent("On Target"),
}
LIGHTING, PARKS, PLACE = "street lighting", "Parks, trees", f"portfolio=Place, quarter={QUARTER}"


def read(source: Source, sheet: str, cell: str, unit: str | None) -> CellContent:
    """The archived file's cells, without the file."""
    assert (source.submission_id, sheet) == (SUBMISSION, SHEET)
    return CELLS[cell]


def read_nothing(source: Source, sheet: str, cell: str, unit: str | None) -> CellContent:
    raise UnreadableCellError("the file is lost")


def tamper(settings: Settings, statement: str) -> None:
    """Change a figure, or what is recorded of it, in the published marts."""
    with duckdb.connect(str(settings.published / "v00001" / store.MARTS_FILE)) as connection:
        connection.execute(statement)


@pytest.fixture
def version(settings: Settings) -> Settings:
    small_version.write(settings)
    return settings


def figure(settings: Settings, mart: str, key: str, column: str, reader=read) -> Figure:
    (found,) = trace(settings, reader, mart, key, column).figures
    return found


def test_a_figure_is_the_number_of_its_cell_times_the_multiplier(version: Settings) -> None:
    found = figure(version, "project_status", LIGHTING, "target_gbp")

    assert found.cell and found.sound and found.agrees
    assert (found.cell.submission_id, found.cell.sheet, found.cell.cell) == (SUBMISSION, SHEET, "B2")
    assert (found.cell.holds, found.cell.number, found.cell.multiplier, found.cell.value) == ("1000", 1000, 1000, 10**6)
    assert (found.cell.file_name, found.cell.sha256) == ("report.csv", small_version.source().sha256)
    assert found.cell.received_at == "2018-10-05T09:00:00+00:00"


def test_the_multiplier_is_that_of_the_column_and_carries_the_sign(version: Settings) -> None:
    found = figure(version, "project_status", LIGHTING, "at_risk_gbp")

    assert found.cell and (found.cell.number, found.cell.multiplier) == (Decimal("-20.5"), -1000)
    assert found.value == found.recomputed == 20500


def test_of_several_numbers_in_a_cell_the_recorded_one_counts(version: Settings) -> None:
    found = figure(version, "project_status", PARKS, "at_risk_gbp")

    assert found.cell and (found.cell.holds, found.cell.number, found.agrees) == ("7/8", 8, True)


def test_the_other_number_of_the_cell_is_not_taken(version: Settings) -> None:
    tamper(version, "update project_status set at_risk_gbp = -7000 where project = 'Parks, trees'")

    found = figure(version, "project_status", PARKS, "at_risk_gbp")

    assert (found.value, found.recomputed, found.agrees, found.sound) == (-7000, -8000, False, False)


def test_which_of_several_numbers_counts_is_never_guessed(version: Settings) -> None:
    tamper(version, "update project_status set cells = replace(cells, 'C4#2', 'C4')")

    found = figure(version, "project_status", PARKS, "at_risk_gbp")

    assert found.cell and found.cell.problem
    assert found.cell.problem.startswith("not proved: it holds several numbers")
    assert (found.recomputed, found.agrees, found.sound) == (None, None, False)


def test_a_number_that_the_cell_has_not(version: Settings) -> None:
    tamper(version, "update project_status set cells = replace(cells, 'C4#2', 'C4#3')")

    found = figure(version, "project_status", PARKS, "at_risk_gbp")

    assert found.cell and (found.cell.problem, found.sound) == ("it has no number 3", False)


def test_of_a_mixed_column_each_cell_has_its_multiplier(version: Settings) -> None:
    tamper(version, "update lineage_multipliers set sheet_columns = 'B2, B4:B9' where multiplier = 1000")
    tamper(version, "insert into lineage_multipliers select * replace (1 as multiplier, 'B3' as sheet_columns) "
                    "from lineage_multipliers where multiplier = 1000")  # fmt: skip

    assert figure(version, "project_status", LIGHTING, "target_gbp").agrees
    fleet = figure(version, "project_status", f"Fleet, quarter={QUARTER}", "target_gbp")
    assert (fleet.value, fleet.recomputed, fleet.agrees) == (250500, Decimal("250.5"), False)


def test_which_of_several_multipliers_is_the_cells_is_never_guessed(version: Settings) -> None:
    tamper(version, "insert into lineage_multipliers select * replace (1 as multiplier) from lineage_multipliers")

    found = figure(version, "project_status", LIGHTING, "target_gbp")

    assert found.cell and found.cell.problem
    assert found.cell.problem.startswith("not proved: which of its column's multipliers")
    assert (found.agrees, found.sound) == (None, False)


def test_a_cell_that_holds_another_number_disagrees(version: Settings) -> None:
    changed = CELLS | {"B2": CellContent("1001", (Decimal(1001),))}

    found = figure(version, "project_status", LIGHTING, "target_gbp", lambda source, sheet, cell, unit: changed[cell])

    assert (found.value, found.recomputed, found.agrees, found.sound) == (1000000, 1001000, False, False)


def test_words_are_as_printed_or_stand_for_what_is(version: Settings) -> None:
    assert figure(version, "project_status", LIGHTING, "status").agrees is True
    by_its_code = figure(version, "project_status", f"Fleet, quarter={QUARTER}", "status")
    assert by_its_code.cell and (by_its_code.cell.holds, by_its_code.agrees, by_its_code.sound) == ("OT", None, True)


def test_words_of_several_cells_on_named_sheets(version: Settings) -> None:
    found = figure(version, "project_status", PARKS, "status")

    assert [cell.cell for cell in found.cells] == ["D4", "A4"]
    assert found.says == "the words of these cells, one after the other"


def test_a_blank_figure_has_no_cell(version: Settings) -> None:
    found = figure(version, "project_status", f"Fleet, quarter={QUARTER}", "at_risk_gbp")

    assert (found.value, found.cell, found.arithmetic, found.sound) == (None, None, None, True)


def test_a_total_is_traced_to_all_its_cells(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "target_gbp")

    assert [(cell.cell, cell.value) for cell in found.cells] == [("B3", 250500), ("B2", 1000000)]
    assert (found.arithmetic, found.says) == ("sum", "its targets, added up")
    assert (found.recomputed, found.agrees) == (1250500, True)


def test_blanks_add_nothing(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "at_risk_gbp")

    assert [operand.figure.value for operand in found.operands if operand.figure] == [None, 20500]
    assert (found.recomputed, found.agrees) == (20500, True)


def test_a_count_counts_rows(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "projects")

    assert (found.recomputed, found.agrees, [cell.holds for cell in found.cells]) == (
        2,
        True,
        ["Fleet", "Street lighting"],
    )


def test_a_figure_of_figures_is_followed_to_the_cells(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "share_percent")

    assert [operand.role for operand in found.operands] == ["add", "divide_by"]
    assert [cell.cell for cell in found.cells] == ["C2", "B3", "B2"]
    assert found.agrees and round(found.recomputed, 4) == Decimal("1.6393")


def test_a_rule_that_does_not_give_the_published_figure_disagrees(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "wrong_gbp")

    assert (found.value, found.recomputed, found.agrees, found.sound) == (1, 250500, False, False)


def test_cells_listed_apart_are_added_up_or_divided(version: Settings) -> None:
    total = figure(version, "portfolio_savings", PLACE, "all_targets_gbp")
    share = figure(version, "portfolio_savings", PLACE, "listed_percent")

    assert ([cell.cell for cell in total.cells], total.arithmetic, total.agrees) == (["B2", "B3", "B4"], "sum", True)
    assert [(operand.role, operand.cell.cell) for operand in share.operands if operand.cell] == [
        ("add", "C2"),
        ("divide_by", "B2"),
    ]
    assert (share.arithmetic, share.recomputed, share.agrees) == ("percent", Decimal("2.05"), True)


def test_cells_listed_with_their_multiplier(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "multiplied_gbp")

    assert [cell.value for cell in found.cells] == [1000000, 0]
    assert (found.arithmetic, found.recomputed, found.agrees) == ("difference", 1000000, True)


def test_cells_to_be_seen_are_not_added_up(version: Settings) -> None:
    found = figure(version, "portfolio_savings", PLACE, "seen")

    assert [cell.holds for cell in found.cells] == ["On  target", "On Target"]
    assert (found.arithmetic, found.recomputed, found.agrees, found.sound) == ("words", None, None, True)


def test_a_reading_of_words_is_not_computed(version: Settings) -> None:
    found = figure(version, "project_status", LIGHTING, "rag")

    assert (found.arithmetic, found.recomputed, found.agrees, found.sound) == ("words", None, None, True)
    assert [cell.cell for cell in found.cells] == ["D2"]


def test_every_figure_of_a_row(version: Settings) -> None:
    found = trace(version, read, "project_status", LIGHTING)

    assert [each.column for each in found.figures] == ["status", "target_gbp", "at_risk_gbp", "rag"]
    assert (found.version, found.mart, found.organisation) == ("v00001", "project_status", "Hampton")
    assert found.key["project"] == "Street lighting"


def test_a_lost_file_is_a_problem_of_every_figure_behind_it(version: Settings) -> None:
    direct = figure(version, "project_status", LIGHTING, "target_gbp", read_nothing)
    total = figure(version, "portfolio_savings", PLACE, "target_gbp", read_nothing)
    listed = figure(version, "portfolio_savings", PLACE, "all_targets_gbp", read_nothing)

    assert direct.cell and (direct.cell.problem, direct.agrees, direct.sound) == ("the file is lost", None, False)
    assert (total.agrees, total.sound) == (True, False)
    assert (listed.recomputed, listed.agrees, listed.sound) == (None, None, False)


def test_a_version_older_than_the_lineage_tells_the_cell(settings: Settings) -> None:
    small_version.write(settings, without="lineage")

    found = figure(settings, "project_status", LIGHTING, "target_gbp")

    assert found.cell and (found.cell.cell, found.cell.holds) == ("B2", "1000")
    assert found.cell.problem == "its multiplier is not recorded"


@pytest.mark.parametrize(
    ("mart", "key", "column", "says"),
    [
        ("projects", "x", "", "v00001 has no mart 'projects'. It has lineage"),
        ("project_status", LIGHTING, "colour", "project_status has no column 'colour'. It has organisation_code"),
        ("project_status", LIGHTING, "quarter", "Of this row can be traced: project, status, target_gbp"),
        ("project_status", "Lightning", "", "No row of project_status fits 'Lightning'"),
    ],
)
def test_what_cannot_be_traced(version: Settings, mart: str, key: str, column: str, says: str) -> None:
    with pytest.raises(PublicationError) as refused:
        trace(version, read, mart, key, column)

    assert says in str(refused.value)


def test_unknown_version(version: Settings) -> None:
    with pytest.raises(PublicationError, match="There is no version '7'"):
        trace(version, read, "project_status", LIGHTING, version="7")


def test_the_cells_of_these_tests_are_those_of_the_file() -> None:
    lines = [line.split(",") for line in FILE.splitlines()]

    assert CELLS["C2"].text == lines[1][2] and CELLS["B3"].text == lines[2][1]


def test_marts_that_cannot_be_opened_are_said_to_be(settings: Settings) -> None:
    small_version.write(settings)
    (settings.published / "v00001" / store.MARTS_FILE).write_text("not a database")

    with pytest.raises(PublicationError, match=r"marts.duckdb cannot be opened .* Restore the folder from a copy"):
        trace(settings, lambda *_: CellContent("", ()), "project_status", "Fleet")
