"""Cases of the rules across time: what was there before, what is there now, and which rule speaks of the difference."""

from datetime import date
from typing import Any

Row = dict[str, Any]
Rows = list[tuple[str, Row]]

BEFORE, NOW, LONG_AGO = "2018-19 Q1", "2018-19 Q2", "2015-16 Q1"


def rows(mart: str, *changes: Row, quarter: str = NOW) -> Rows:
    """Rows of a mart: its good row, changed."""
    return [(mart, {"quarter": quarter, **change}) for change in changes]


def _years(quarter: str, *amounts: int, measure: str = "target", component: str = "Income") -> Rows:
    years = ("2018-19", "2019-20", "2020-21")
    return [
        ("savings_profile", {"quarter": quarter, "component": component, "measure": measure, "savings_year": year,
                             "amount_gbp": amount})
        for year, amount in zip(years, amounts, strict=False)
    ]  # fmt: skip


def _months(*figures: int) -> Rows:
    return rows("agency_workforce", *({"month": f"2018-0{n}", "shifts_filled": x} for n, x in enumerate(figures, 1)))


COMPROMISED: Row = {"status": "Compromised", "rag": "red"}
UNRATED: Row = {"status": "No Status", "rag": "not_rated"}


def _two_months(first: int, second: int) -> Rows:
    other: Row = {"shift_workers": None, "assignments_filled": None}
    return rows(
        "agency_workforce",
        {"month": "2018-07", "month_start": date(2018, 7, 1), "shifts_filled": first} | other,
        {"month": "2018-08", "month_start": date(2018, 8, 1), "shifts_filled": second} | other,
    )


def _quarters(*actuals: str | None, quarter: str = NOW) -> Rows:
    measured = ("2017-18 Q4", "2018-19 Q1")
    return rows(
        "performance_indicator_history",
        *({"measured_quarter": each, "actual": actual} for each, actual in zip(measured, actuals, strict=True)),
        quarter=quarter,
    )


RED_BEFORE = rows("project_status", COMPROMISED, quarter=BEFORE)
ELSE = {"project": "Something else"}
SAVED = _years(BEFORE, 100, 50, 50)
OWN: Row = {"subject_code": None}
OWED: Row = {"return_id": "annex", "reporting_period": "2018-09", "expected": True, "received": False}

# Of each rule: rows of the quarter before and of this one, and rows as last published, for which it must speak.
Case = tuple[Rows, Rows, Rows]
FIRES: dict[str, list[Case]] = {
    "status-against-risk": [
        (rows(mart, {"net_at_risk_gbp": 10}, quarter=BEFORE),
         rows(mart, {"net_at_risk_gbp": 20, "movement": "improved"}), [])
        for mart in ("project_status", "programme_status")
    ],
    "status-before-differs": [
        (RED_BEFORE, rows("project_status", {}), []),
        (rows("programme_status", COMPROMISED, quarter=BEFORE),
         rows("programme_status", {}), []),
    ],
    "rating-lost": [
        ([], rows("project_status", UNRATED | {"status_previous": "Compromised"}), []),
        ([], rows("programme_status", UNRATED | {"status_previous": "Compromised"}), []),
        ([], rows("project_status", UNRATED), rows("project_status", COMPROMISED)),
        (RED_BEFORE, rows("project_status", ELSE), []),
        ([], rows("project_status", ELSE), rows("project_status", COMPROMISED)),
        (rows("performance_indicators", {"rag": "red"}, quarter=BEFORE),
         rows("performance_indicators", {"rag": None}), []),
    ],
    "saving-reprofiled": [
        (SAVED, _years(NOW, 50, 50, 100), []),
        ([], _years(NOW, 50, 50, 100), _years(NOW, 100, 50, 50)),
    ],
    "saving-deleted": [
        (SAVED, _years(NOW, 1, 2, 3, component="Another"), []),
        (SAVED, _years(NOW, 0, 0, 0), []),
        ([], _years(NOW, 1, 2, 3, component="Another"), _years(NOW, 100, 50, 50)),
        (rows("project_status", {}, quarter=BEFORE), rows("project_status", {"target_gbp": None}), []),
        (rows("project_status", {}, quarter=BEFORE), rows("project_status", ELSE), []),
    ],
    "earlier-figure-changed": [
        (_years(BEFORE, 100, measure="original_target"), _years(NOW, 90, measure="original_target"), []),
        (rows("performance_indicator_history", {"actual": 99}, quarter=BEFORE),
         rows("performance_indicator_history", {"actual": 98}), []),
        (rows("agency_workforce", {"shifts_unfilled": 8}, quarter=BEFORE),
         rows("agency_workforce", {"shifts_unfilled": 80}), []),
        (rows("establishment_change", {"new_fte": 190}, quarter=BEFORE),
         rows("establishment_change", {"previous_fte": 200}), []),
    ],
    "figure-missing": [
        (rows(mart, OWN, quarter=BEFORE) if mart == "workforce_indicators" else rows(mart, {}, quarter=BEFORE),
         rows(mart, {figure: None} | (OWN if mart == "workforce_indicators" else {})), [])
        for mart, figure in (
            ("performance_indicators", "actual"), ("programme_dashboard", "reported_value"),
            ("workforce_indicators", "value"),
        )
    ] + [
        (rows("performance_indicators", {}, quarter=BEFORE),
         rows("performance_indicators", {"indicator_code": "B002"}), []),
        (_quarters("98", "97", quarter=BEFORE), _quarters("98", None), []),
    ],
    "size-changed": [
        ([], rows("performance_indicators", {"target": 980}), []),
        (rows("performance_indicators", {}, quarter=BEFORE), rows("performance_indicators", {"actual": 9}), []),
        (rows("performance_indicators", {}, quarter=BEFORE), rows("performance_indicators", {"actual": -99}), []),
        (rows("programme_dashboard", {}, quarter=BEFORE), rows("programme_dashboard", {"reported_value": 15}), []),
        (rows("workforce_indicators", OWN, quarter=BEFORE), rows("workforce_indicators", OWN | {"value": 40}), []),
    ],
    "trend-contradicts": [
        ([], rows("programme_status", {"movement": "worsened"}), []),
        ([], rows("programme_status", {"movement": "improved", "trend": "Worse"}), []),
    ],
    "figure-repeated": [([], _two_months(648, 648), []), ([], _quarters("99.33", "99.33"), [])],
    "change-unusual": [
        ([], _months(648, 811, 722, 617, 795, 7000), []),
        ([], _months(648, 8110, 722, 617, 795, 700), []),
    ],
    "rows-lost": [([], rows("risks", {}), rows("risks", {}, {"risk": "Another"})), ([], [], rows("milestones", {}))],
    "return-missing": [([], [("submissions", OWED | {"due_on": "2018-10-30"})], [])],
}  # fmt: skip

# And for which it must not.
SILENT: dict[str, list[Case]] = {
    "status-against-risk": [
        (rows("project_status", {"net_at_risk_gbp": 20}, quarter=BEFORE),
         rows("project_status", {"net_at_risk_gbp": 20, "movement": "improved"}), []),
        (rows("project_status", {"net_at_risk_gbp": 10}, quarter=BEFORE),
         rows("project_status", {"net_at_risk_gbp": 20, "movement": "worsened"}), []),
        (rows("project_status", {"net_at_risk_gbp": 10}, quarter=LONG_AGO),
         rows("project_status", {"net_at_risk_gbp": 20, "movement": "improved"}), []),
    ],
    "status-before-differs": [(rows("project_status", {}, quarter=BEFORE), rows("project_status", {}), [])],
    "rating-lost": [
        (RED_BEFORE, rows("project_status", {"status_previous": "Compromised"}), []),
        ([], rows("project_status", UNRATED), rows("project_status", {})),
    ],
    "saving-reprofiled": [
        (SAVED, _years(NOW, 100, 50, 50), []),
        (SAVED, _years(NOW, 100, 60, 60), []),
        (_years(BEFORE, 100, 50, 50, measure="high"), _years(NOW, 50, 50, 100, measure="high"), []),
    ],
    "saving-deleted": [
        (SAVED, _years(NOW, 60, 0, 0), []),
        # The whole table is not reported this quarter.
        (SAVED, rows("project_status", {}), []),
        (rows("project_status", {"rag": "complete"}, quarter=BEFORE), rows("project_status", ELSE), []),
    ],
    "earlier-figure-changed": [
        (_years(BEFORE, 100, measure="revised_target"), _years(NOW, 90, measure="revised_target"), []),
        (rows("agency_workforce", {}, quarter=BEFORE), rows("agency_workforce", {}), []),
        (rows("establishment_change", {"new_fte": 200}, quarter=BEFORE),
         rows("establishment_change", {"previous_fte": 200}), []),
    ],
    "figure-missing": [
        (rows("performance_indicators", {}, quarter=BEFORE), rows("performance_indicators", {"actual": 1}), []),
        (rows("performance_indicators", {}, quarter=BEFORE), rows("risks", {}), []),
        # The oldest of the quarters drops out of the table.
        (_quarters("98", "97", quarter=BEFORE), _quarters("97", "96")[1:], []),
        # Of those that a publisher reports on, some come and go.
        (rows("workforce_indicators", {}, quarter=BEFORE), rows("workforce_indicators", {"value": None}), []),
    ],
    "size-changed": [
        (rows("performance_indicators", {}, quarter=BEFORE), rows("performance_indicators", {"actual": 50}), []),
        (rows("performance_indicators", {}, quarter=BEFORE), rows("performance_indicators", {"actual": 0}), []),
        (rows("performance_indicators", {}, quarter=BEFORE),
         rows("performance_indicators", {"actual": 9, "unit": "days", "target": None}), []),
    ],
    "trend-contradicts": [
        ([], rows("programme_status", {}), []),
        ([], rows("programme_status", {"movement": "improved", "trend": "Better"}), []),
        ([], rows("programme_status", {"trend": "Better"}), []),
    ],
    "figure-repeated": [
        ([], _two_months(648, 649), []),
        ([], _two_months(47, 47), []),
        ([], _quarters("99.33", "99.34"), []),
        ([], _quarters("223", "223"), []),
    ],
    "change-unusual": [
        ([], _months(648, 811, 722, 617, 795, 700), []),
        # Too few to know what is usual.
        ([], _months(648, 811, 722, 7000), []),
    ],
    "rows-lost": [([], rows("risks", {}, {"risk": "Another"}), rows("risks", {}))],
    "return-missing": [
        ([], [("submissions", OWED | {"due_on": "2999-10-30"})], []),
        ([], [("submissions", OWED | {"due_on": "2018-10-30", "received": True})], []),
        ([], [("submissions", OWED | {"due_on": "2018-10-30", "expected": False})], []),
    ],
}  # fmt: skip
