"""Row and column arithmetic: what agrees, what rounding explains, what does not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from expectations.arithmetic import check
from expectations.declarations import arithmetic
from quarterdeck.quarantine import in_quarantine
from tests.expectations.build import Build

COLUMNS = {"target": "H", "at_risk": "L", "delivered_alternatively": "M", "net_at_risk": "N", "value": "E"}


def totals_table(build: Build, printed: object, *parts: object, scale: object = 1000) -> str:
    """A project table of these targets (rows 6, 7, …) and a totals row that prints `printed`."""
    submission = build.submission()
    end = 6 + len(parts)
    for row, value in enumerate(parts, start=6):
        build.row("project_status", submission, row, project=f"Project {row}", target=value, scale=scale,
                  rolls_up_to_row=end, cells={"target": "H"})  # fmt: skip
    build.row("project_status", submission, end, project="All projects", target=printed, scale=scale,
              row_type="total", cells={"target": "H"} if printed is not None else {})  # fmt: skip
    build.save()
    return submission


def only_check(build: Build, submission: str) -> dict[str, Any]:
    """The one comparison of a submission that has one."""
    check(build.settings, [submission])
    [found] = build.query("from raw.arithmetic_checks")
    return found


def test_a_total_that_is_the_sum_of_its_rows_agrees(build: Build) -> None:
    found = only_check(build, totals_table(build, 60, 10, 20, 30))
    assert (found["verdict"], found["difference"]) == ("agrees", 0)
    assert (found["printed_cell"], found["recomputed_from"]) == ("H9", "H6:H8")
    assert build.query("from raw.findings") == []


def test_a_total_that_another_figure_stands_in_disagrees_and_holds_the_file(build: Build) -> None:
    submission = totals_table(build, 70, 10, 20, 30)
    result = check(build.settings, [submission])
    assert (result.disagrees, result.held) == (1, [submission])
    [finding] = build.query("from raw.findings")
    assert finding["message"] == (
        "'All projects', target: £70k is printed in H9, but the sum of its rows (H6:H8) is £60k. "
        "The difference is -£10k."
    )
    assert (finding["rule"], finding["severity"], finding["cell"]) == ("total-disagrees", "error", "H9")
    assert (finding["quarter"], finding["file_name"]) == ("2018-19 Q2", "report.xlsx")
    assert build.query("select status from raw.submissions") == [{"status": "held"}]
    folder = build.settings.quarantine / submission
    assert (folder / "report.xlsx").read_bytes() == submission.encode()
    assert "£70k is printed in H9" in (folder / "findings.json").read_text()


@pytest.mark.parametrize(
    ("printed", "parts", "verdict"),
    [
        ("9.0", ("1.7", "0.6", "1.9", "4.9"), "rounds"),
        ("5.3", ("0.0", "0.0", "-0.8", "0.4", "5.3", "0.3", "0.0"), "rounds"),
        ("9.0", ("1.7", "0.6", "1.9", "5.1"), "disagrees"),
        ("9.3", ("9.2",), "disagrees"),
        ("9", ("4.1", "5.3"), "rounds"),
        ("9", ("9.4",), "rounds"),
        ("9", ("9.6",), "disagrees"),
    ],
    ids=[
        "four-rounded-rows", "seven-rounded-rows", "four-rows-too-far-apart", "one-row-is-the-total",
        "total-to-whole-numbers", "one-row-rounded-more-coarsely", "one-row-rounded-wrongly",
    ],
)  # fmt: skip
def test_rounding_explains_only_so_much(build: Build, printed: str, parts: tuple[str, ...], verdict: str) -> None:
    assert only_check(build, totals_table(build, printed, *parts, scale=1_000_000))["verdict"] == verdict


def test_many_rows_do_not_excuse_a_large_difference(build: Build) -> None:
    """Of 23 rows rounding could add up to 12; that it does is not to be believed."""
    assert only_check(build, totals_table(build, 236, *[10] * 23))["verdict"] == "disagrees"


def test_counts_do_not_round(build: Build) -> None:
    submission = build.submission()
    printed = [("done", 20, "detail"), ("open", 16, "detail"), ("all", 37, "total")]
    for row, (state, items, kind) in enumerate(printed, start=5):
        build.row("tally", submission, row, state=state, value=items, unit="count", scale=1, row_type=kind,
                  rolls_up_to_row=7 if kind == "detail" else None)  # fmt: skip
    build.save()
    assert only_check(build, submission)["verdict"] == "disagrees"


def test_a_blank_total_of_zero_agrees(build: Build) -> None:
    assert only_check(build, totals_table(build, None, 60, -60))["verdict"] == "agrees"


def test_a_blank_total_of_something_disagrees_and_is_found_in_its_column(build: Build) -> None:
    found = only_check(build, totals_table(build, None, 60, -59))
    assert (found["verdict"], found["printed_value"], found["printed_cell"]) == ("disagrees", None, "H8")
    [finding] = build.query("from raw.findings")
    assert "nothing is printed in H8" in finding["message"]


def test_a_blank_total_is_told_in_the_unit_and_scale_of_its_first_row(build: Build) -> None:
    submission = build.submission()
    for row, amount, scale, column in ((6, "1.5", 1_000_000, "AA"), (7, 500, 1000, "B")):
        build.row("project_status", submission, row, project=f"Project {row}", target=amount, scale=scale,
                  rolls_up_to_row=8, cells={"target": column})  # fmt: skip
    build.row("project_status", submission, 8, project="All", row_type="total")
    build.save()
    found = only_check(build, submission)
    assert (found["recomputed_value"], found["scale"], found["printed_cell"]) == (2, 1_000_000, None)


def test_cells_that_were_added_up_are_told_by_column_and_row(build: Build) -> None:
    submission = build.submission()
    for row, cell in ((6, "AA"), (7, "AA"), (8, "Z"), (9, "AA"), (10, "Z30"), (11, "Z")):
        build.row("project_status", submission, row, project=f"Project {row}", target=1, rolls_up_to_row=12,
                  cells={"target": cell})  # fmt: skip
    build.row("project_status", submission, 12, project="All", target=6, row_type="total", cells={"target": "Z"})
    build.save()
    assert only_check(build, submission)["recomputed_from"] == "Z8, Z11, Z30, AA6:AA7, AA9"


def test_a_total_of_blank_rows_is_not_compared(build: Build) -> None:
    check(build.settings, [totals_table(build, 60, None, None)])
    assert build.query("from raw.arithmetic_checks") == []


def test_figures_of_another_table_sheet_or_block_are_no_part_of_a_total(build: Build) -> None:
    submission = totals_table(build, 60, 10, 20, 30)
    for place in ({"table_name": "other"}, {"sheet": "Other"}, {"block": 2}):
        build.row("project_status", submission, 6, project="Elsewhere", target=99, rolls_up_to_row=9, **place)
    build.save()
    assert only_check(build, submission)["verdict"] == "agrees"


def test_only_figures_of_the_same_measure_and_year_are_added_up(build: Build) -> None:
    submission = build.submission()
    for measure, year in (("high", "2019-20"), ("high", "2020-21"), ("low", "2019-20")):
        for row, amount in ((8, 1), (9, 2)):
            build.row("savings", submission, row, component=f"Line {row}", measure=measure, savings_year=year,
                      value=amount, rolls_up_to_row=10)  # fmt: skip
        build.row("savings", submission, 10, component="All", measure=measure, savings_year=year, value=3,
                  row_type="total")  # fmt: skip
    build.save()
    assert check(build.settings, [submission]).agrees == 3


def test_scales_of_rows_and_total_may_differ(build: Build) -> None:
    """£4.1m of £1,550k, £1,750k and £800k; the sign of a scale counts too."""
    submission = build.submission()
    for row, amount in ((6, 1550), (7, 1750), (8, 800)):
        build.row("project_status", submission, row, project=f"Year {row}", target=amount, rolls_up_to_row=9)
    build.row("project_status", submission, 9, project="All", target="-4.1", scale=-1_000_000, row_type="total")
    build.save()
    found = only_check(build, submission)
    assert (found["verdict"], found["recomputed_value"]) == ("agrees", Decimal("-4.1"))


def test_a_figure_that_two_records_hold_is_compared_once(build: Build) -> None:
    submission = totals_table(build, 60, 10, 50)
    for row, amount, kind in ((6, 10, "detail"), (7, 50, "detail"), (8, 60, "total")):
        build.row("savings", submission, row, component=f"Project {row}", measure="target", savings_year="total",
                  value=amount, row_type=kind, rolls_up_to_row=8 if kind == "detail" else None,
                  cells={"value": "H"})  # fmt: skip
    build.save()
    assert only_check(build, submission)["record"] == "project_status"


def test_the_total_of_years_that_run_down_a_table_is_the_sum_of_the_years(build: Build) -> None:
    submission = build.submission()
    for row, (year, amount) in enumerate([("year 1", 1550), ("year 2", 1750), ("year 3", 800), ("total", 4100)], 6):
        build.row("capital_line", submission, row, scheme="Cloud", line="Investment", fiscal_year=year, value=amount,
                  row_type="total" if year == "total" else "detail",
                  rolls_up_to_row=None if year == "total" else 9, cells={"value": "B"})  # fmt: skip
    build.save()
    found = only_check(build, submission)
    assert (found["verdict"], found["printed_cell"], found["recomputed_from"]) == ("agrees", "B9", "B6:B8")


def test_checking_again_changes_nothing(build: Build) -> None:
    submission = totals_table(build, 70, 10, 20, 30)
    written = "from raw.arithmetic_checks", "from raw.findings", "from raw.submissions"
    first = check(build.settings, [submission]), [build.query(table) for table in written]
    again = check(build.settings, [submission]), [build.query(table) for table in written]
    assert first == again


def test_a_submission_that_no_longer_has_an_error_is_accepted_and_leaves_quarantine(build: Build) -> None:
    submission = totals_table(build, 70, 10, 20, 30)
    check(build.settings, [submission])
    build.execute("update raw.project_status set target = 60 where row_type = 'total'")
    assert check(build.settings, [submission]).held == []
    assert build.query("select status from raw.submissions") == [{"status": "accepted"}]
    assert (build.settings.quarantine / submission / "released.json").is_file()
    assert in_quarantine(build.settings) == set()


def test_a_submission_held_for_loading_stays_held(build: Build) -> None:
    submission = totals_table(build, 60, 10, 20, 30)
    build.execute(f"insert into raw.findings (stage, submission_id, severity, rule, responsibility, message, remedy)"
                  f" values ('load', '{submission}', 'error', 'sheet-missing', 'sender', 'No sheet.', '')")  # fmt: skip
    assert check(build.settings, [submission]).held == [submission]


def test_other_submissions_are_left_alone(build: Build) -> None:
    wrong = totals_table(build, 70, 10, 20, 30)
    right = build.submission("another")
    build.row("project_status", right, 6, project="One", target=1)
    build.save()
    check(build.settings, [right])
    [row] = build.query(f"from raw.submissions where submission_id = '{wrong}'")
    assert row["status"] == "accepted"


def test_nothing_to_check_is_no_error(build: Build) -> None:
    assert check(build.settings, []).submissions == 0


# Identities: how to put each declared one into a build file, with the result it should print.

Put = Callable[[Build, str, object], None]


def _in_one_row(record: str, label: str, printed: str = "net_at_risk", **fields: object) -> Put:
    def put(build: Build, submission: str, result: object) -> None:
        build.row(record, submission, 6, **{label: "A thing", printed: result}, **fields, cells=COLUMNS)

    return put


def _by(record: str, over: str, result_name: str, figures: dict[str, object], **fields: object) -> Put:
    def put(build: Build, submission: str, result: object) -> None:
        for place, (name, value) in enumerate({result_name: result, **figures}.items()):
            row = 6 + place if record == "establishment" else 6
            build.row(record, submission, row, **{over: name}, **fields, value=value,
                      cells={"value": "B" if record == "establishment" else "BCDEFGH"[place]})  # fmt: skip

    return put


IDENTITIES: dict[str, tuple[Put, int]] = {
    "project_status: at risk less delivered in an alternative way": (
        _in_one_row("project_status", "project", at_risk=66, delivered_alternatively=251), -185),
    "project_delivery: the change from baseline to forecast": (
        _in_one_row("project_delivery", "project", "year_variance", year_baseline=80, year_forecast=60, scale=1), -25),
    "workforce_indicator: the percentage worked out from the figures beside it": (
        _in_one_row("workforce_indicator", "subject", numerator=3, denominator=100, scale=1, printed="value"), 3),
    "programme_status: at risk less delivered in an alternative way": (
        _in_one_row("programme_status", "programme", at_risk=-6675, delivered_alternatively=22), -6697),
    "savings: the sum of the years": (
        _by("savings", "savings_year", "total", {"2018-19": 60, "2019-20": 50, "2020-21": 50},
            component="A", measure="target"), 160),
    "savings: delivered and high, medium and low confidence together": (
        _by("savings", "measure", "revised_target", {"delivered": 10, "high": 20, "medium": 30, "low": 40},
            component="A", savings_year="2019-20"), 100),
    "savings: high, medium and low confidence together": (
        _by("savings", "measure", "original_target", {"high": 20, "medium": 30, "low": 40},
            component="A", savings_year="2020-21"), 90),
    "capital_line: the sum of the years": (
        _by("capital_line", "fiscal_year", "total", {"2017-18": 1090, "2018-19": 1005, "2019-20": 579},
            line="ICT"), 2674),
    "establishment: previous less new establishment": (
        _by("establishment", "measure", "reduction_fte", {"previous_fte": 200, "new_fte": 170, "vacancies_fte": 30},
            service="A"), 30),
    "establishment: the sum of the reasons for leaving and the vacancies": (
        _by("establishment", "measure", "reduction_fte",
            {"resignation_fte": 10, "dismissal_fte": 5, "vacancies_fte": 15}, service="A"), 30),
}  # fmt: skip


def verdict_of(build: Build, name: str, result: object) -> list[tuple[str, str]]:
    """Verdict and severity of the named identity, put in with this printed result."""
    submission = build.submission()
    IDENTITIES[name][0](build, submission, result)
    build.save()
    check(build.settings, [submission])
    record, says = name.split(": ")
    found = build.query(f"from raw.arithmetic_checks where record = '{record}' and ends_with(subject, '= {says}')")
    return [(row["verdict"], row["severity"]) for row in found]


def test_every_declared_identity_has_its_case() -> None:
    assert set(IDENTITIES) == {f"{record}: {identity.says}" for _, record, identity in arithmetic().identities}


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_is_silent_where_the_result_follows(build: Build, name: str) -> None:
    [(verdict, _)] = verdict_of(build, name, IDENTITIES[name][1])
    assert verdict == "agrees"


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_speaks_where_the_result_does_not_follow(build: Build, name: str) -> None:
    severity = "warning" if any(word in name for word in ("reasons", "change", "percentage")) else "error"
    assert verdict_of(build, name, IDENTITIES[name][1] + 100) == [("disagrees", severity)]


def test_a_blank_result_stands_for_nothing(build: Build) -> None:
    submission = build.submission()
    printed = [(70, None, 70), (22, 22, None), (22, 20, None), (None, None, None)]
    for row, (at_risk, alternatively, net) in enumerate(printed, start=6):
        build.row("project_status", submission, row, project=f"Project {row}", at_risk=at_risk,
                  delivered_alternatively=alternatively, net_at_risk=net, cells=COLUMNS)  # fmt: skip
    build.save()
    check(build.settings, [submission])
    found = build.query("select verdict, printed_cell from raw.arithmetic_checks order by printed_cell")
    assert [(row["verdict"], row["printed_cell"]) for row in found] == [
        ("agrees", "N6"), ("agrees", "N7"), ("disagrees", "N8"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("baseline", "forecast", "printed", "verdict"),
    [
        ("47.13", "37.59", "-20", "agrees"),  # -20.24
        ("378.73", "285.31", "-24", "rounds"),  # -24.67, cut off
        ("47.13", "37.59", "-19", "disagrees"),
        ("8", "16", "100.0", "agrees"),
        ("8", "16", "100.2", "disagrees"),  # one more decimal, a tenth of the room
    ],
)
def test_a_percentage_is_met_within_its_last_printed_place(
    build: Build, baseline: str, forecast: str, printed: str, verdict: str
) -> None:
    submission = build.submission()
    cells = {"year_baseline": "L", "year_forecast": "M", "year_variance": "N"}
    build.row("project_delivery", submission, 6, project="A", year_baseline=baseline, year_forecast=forecast,
              year_variance=printed, scale=1, cells=cells)  # fmt: skip
    build.save()
    found = only_check(build, submission)
    assert (found["verdict"], found["printed_cell"], found["recomputed_from"]) == (verdict, "N6", "L6, M6")
    assert build.query("select status from raw.submissions") == [{"status": "accepted"}]


def test_a_percentage_of_nothing_or_of_what_is_withheld_is_not_worked_out(build: Build) -> None:
    submission = build.submission()
    for row, (baseline, forecast, printed) in enumerate(
        [(0, 5, 100), (None, 5, 100), (4, None, -100), (4, 5, None)], 6
    ):
        build.row("project_delivery", submission, row, project=f"Project {row}", year_baseline=baseline,
                  year_forecast=forecast, year_variance=printed, scale=1)  # fmt: skip
    build.save()
    check(build.settings, [submission])
    assert build.query("from raw.arithmetic_checks") == []


def test_a_table_without_the_result_s_column_is_not_held_against_it(build: Build) -> None:
    submission = build.submission()
    build.row("project_status", submission, 6, project="One", at_risk=70)
    for year in ("2018-19", "2019-20"):
        build.row("savings", submission, 6, component="One", measure="high", savings_year=year, value=4)
    build.save()
    check(build.settings, [submission])
    assert build.query("from raw.arithmetic_checks") == []


def test_the_original_target_is_not_compared_where_a_revised_one_is_printed(build: Build) -> None:
    submission = build.submission()
    printed = {"original_target": 24, "delivered": 0, "high": 21, "medium": 5, "low": 1, "revised_target": 27}
    for measure, amount in printed.items():
        build.row("savings", submission, 6, component="One", measure=measure, savings_year="2019-20", value=amount)
    build.save()
    found = only_check(build, submission)
    assert (found["subject"], found["verdict"]) == (
        "One: revised target 2019-20 = delivered and high, medium and low confidence together", "agrees",
    )  # fmt: skip


def test_a_sum_beyond_all_bounds_is_told_and_crashes_nothing(build: Build) -> None:
    submission = totals_table(build, 60, 900_000_000_000, 900_000_000_000)
    assert check(build.settings, [submission]).held == [submission]
    [finding] = build.query("from raw.findings")
    assert (finding["rule"], finding["severity"], finding["cell"]) == ("amount-implausible", "error", "H8")
    assert finding["message"] == (
        "'All projects', target: the sum of its rows (H6:H7) comes to a million million or more."
    )
    [found] = build.query("from raw.arithmetic_checks")
    assert (found["printed_value"], found["recomputed_value"], found["verdict"]) == (60, None, "disagrees")


def test_a_percentage_of_next_to_nothing_is_told_and_crashes_nothing(build: Build) -> None:
    submission = build.submission(feed="hr_metrics")
    build.row("workforce_indicator", submission, 6, indicator="absence", value=5, numerator=999_999_999_999,
              denominator="0.000001", scale=1, cells={"value": "C", "numerator": "D", "denominator": "E"})  # fmt: skip
    build.save()
    assert check(build.settings, [submission]).held == [submission]
    [finding] = build.query("from raw.findings")
    assert (finding["rule"], finding["cell"]) == ("amount-implausible", "C6")


def test_a_row_that_nothing_names_goes_by_its_number(build: Build) -> None:
    submission = build.submission()
    build.row("project_status", submission, 6, target=10, scale=1000, rolls_up_to_row=7, cells={"target": "H"})
    build.row("project_status", submission, 7, target=30, scale=1000, row_type="total", cells={"target": "H"})
    build.save()
    check(build.settings, [submission])
    [finding] = build.query("from raw.findings")
    assert finding["message"].startswith("Row 7, target: £30k is printed in H7")


def test_a_table_that_names_no_thing_is_told_by_its_figure(build: Build) -> None:
    submission = build.submission()
    for row, (measure, value) in enumerate({"previous_fte": 200, "new_fte": 170, "reduction_fte": 99}.items(), 6):
        build.row("establishment", submission, row, measure=measure, service=None, value=value, cells={"value": "B"})
    build.save()
    assert check(build.settings, [submission]).held == [submission]
    [finding] = build.query("from raw.findings")
    assert finding["message"].startswith("Reduction fte: £99k is printed in B8, but previous less new establishment")
    [subject] = build.query("select subject from raw.arithmetic_checks")
    assert subject["subject"].startswith("reduction fte = ")
