"""A candidate made by hand: one good row a mart, and how to spoil it for each declared expectation."""

from datetime import date
from typing import Any

from quarterdeck.warehouse import connect
from tests.expectations.build import ORGANISATION, Build

QUARTER = "2018-19 Q2"
PERIOD = {
    "organisation_code": ORGANISATION,
    "quarter": QUARTER,
    "quarter_start": date(2018, 7, 1),
    "data_status": "final",
}

Row = dict[str, Any]

GOOD: dict[str, Row] = {
    "project_status": {
        "portfolio": "Place", "programme": None, "project_code": None, "project": "Road Lighting Energy",
        "scale_id": "five_step_delivery", "status": "On Target", "status_previous": "On Target",
        "status_previous_basis": "printed", "rag": "green", "movement": "same", "target_gbp": 225_000,
        "at_risk_gbp": 0, "net_at_risk_gbp": 0, "submission_id": None,
        "sheet": "Appendix B", "cells": '{"project":"B52","status":"D52"}',
    },
    "project_delivery": {"portfolio": "Transport", "project_code": "P1", "project": "A Railway"},
    "portfolio_savings": {
        "portfolio": "Place", "projects": 1, "projects_green": 1, "projects_amber": 0, "projects_amber_red": 0,
        "projects_red": 0, "projects_complete": 0, "projects_not_rated": 0, "target_gbp": 225_000, "at_risk_gbp": 0,
        "net_at_risk_gbp": 0,
    },
    "programme_status": {
        "source_table": "appendix_c", "portfolio": "Adults", "programme_code": "P1", "programme": "Early Resolution",
        "scale_id": "five_step_delivery", "status": "At Risk", "status_previous": "At Risk", "rag": "amber",
        "status_previous_basis": "printed", "movement": "same", "trend": "Same", "at_risk_gbp": 0,
        "net_at_risk_gbp": 0, "submission_id": None, "sheet": "C", "cells": "{}",
    },
    "savings_profile": {
        "return_id": "annex", "source_table": "table_1", "portfolio": None, "component": "Income", "row_type": "detail",
        "savings_year": "2019-20", "measure": "high", "amount_gbp": 500_000, "submission_id": None, "sheet": "Table 1",
        "cells": '{"amount_gbp":"D9"}',
    },
    "milestones": {"milestone": "Phase 2 begins", "due_from": date(2018, 9, 1), "due_to": date(2018, 9, 30)},
    "milestone_delivery": {"milestones": 42, "completed": 20},
    "performance_indicators": {
        "indicator_code": "B001", "indicator": "Availability", "audience": "Corporate", "rag": "green",
        "unit": "percent", "actual": 99, "target": 98, "submission_id": None, "sheet": "Performance",
        "cells": '{"actual":"E9"}',
    },
    "performance_indicator_history": {
        "indicator_code": "B001", "indicator": "Availability", "audience": "Corporate", "measured_quarter": QUARTER,
        "actual": 99, "target": 98, "submission_id": None, "sheet": "Performance", "cells": '{"actual":"E9"}',
    },
    "agency_workforce": {
        "month": "2018-07", "month_start": date(2018, 7, 1), "measured_quarter": QUARTER,
        "shifts_filled": 648, "shifts_unfilled": 8, "shift_workers": 257, "assignments_filled": 76,
        "fill_rate_percent": 98, "submission_id": None, "sheet": "Hays", "cells": "{}",
    },
    "agency_workforce_quarterly": {"measured_quarter": QUARTER, "shifts_filled": 648},
    "establishment_change": {
        "service": "Social Care", "previous_fte": 200, "new_fte": 170, "submission_id": None, "sheet": "E",
        "cells": '{"previous_fte":"B5"}',
    },
    "workforce_indicators": {
        "subject_code": "R1", "topic": "HR", "indicator": "absence", "period": "2018-09", "numerator": 3,
        "unit": "percent", "value": 4, "submission_id": None, "sheet": "HR", "cells": "{}",
    },
    "workforce_indicators_quarterly": {
        "measured_quarter": QUARTER, "subject_code": "R1", "topic": "HR", "indicator": "absence",
        "first_month": "2018-07", "last_month": "2018-09", "numerator": 3,
    },
    "capital_profile": {
        "scheme": "ICT", "line": "Equipment", "row_type": "detail", "profile": "Original", "fiscal_year": "2018-19",
    },
    "medium_term_finance": {"section": "Portfolios", "line": "Housing", "fiscal_year": "2018-19"},
    "risks": {"risk": "Capacity"},
    "programme_dashboard": {
        "measure": "Planned spend", "unit": "gbp", "reported_value": 15_000, "submission_id": None,
        "sheet": "Dashboard", "cells": "{}",
    },
    "staffing_proposals": {"proposal": "Restructure"},
    "reconciliation": {
        "check_id": "c1", "check": "A tile = its tables", "scope": "across tables", "printed_basis": "printed",
        "printed_value": 15, "note": None, "submission_id": None,
        "recomputed_value": 15, "unit": "gbp", "verdict": "agrees", "severity": "info", "sheet": "Dashboard",
        "printed_cell": "D5",
    },
}  # fmt: skip

TWICE: Row = {"twice": True}

# By table and expectation: what to change in the good row so that this expectation fails on it.
BAD: dict[tuple[str, str], Row] = {
    ("every_row", "key-missing (organisation_code)"): {"organisation_code": None},
    ("every_row", "period-malformed (quarter)"): {"quarter": "2018-19 Q5"},
    ("every_row", "period-malformed (quarter_start, first_day)"): {"quarter_start": date(2018, 8, 1)},
    ("every_row", "value-unknown (data_status)"): {"data_status": "draft"},
    ("every_row", "key-missing (data_status)"): {"data_status": None},
    ("project_status", "key-missing (project)"): {"project": None},
    ("project_status", "key-duplicated (times)"): TWICE,
    ("project_status", "value-unknown (status_defined)"): {"status": "Fine"},
    ("project_status", "value-unknown (rag)"): {"rag": "blue"},
    ("project_status", "value-unknown (movement)"): {"movement": "sideways"},
    ("project_delivery", "key-missing (project)"): {"project": None},
    ("project_delivery", "key-duplicated (times)"): TWICE,
    ("portfolio_savings", "key-duplicated (times)"): TWICE,
    ("portfolio_savings", "sum-inconsistent (projects, listed)"): {"projects": 2, "projects_green": 2},
    ("portfolio_savings", "sum-inconsistent (projects, rated)"): {"projects_red": 1},
    ("portfolio_savings", "sum-inconsistent (target_gbp, listed_target_gbp)"): {"target_gbp": 1},
    ("portfolio_savings", "sum-inconsistent (net_at_risk_gbp, listed_net_at_risk_gbp)"): {"net_at_risk_gbp": 1},
    ("programme_status", "key-missing (programme)"): {"programme": None},
    ("programme_status", "key-duplicated (times)"): TWICE,
    ("programme_status", "value-unknown (rag)"): {"rag": "blue"},
    ("savings_profile", "key-missing (component)"): {"component": None},
    ("savings_profile", "key-missing (amount_gbp)"): {"amount_gbp": None},
    ("savings_profile", "key-duplicated (times)"): TWICE,
    ("milestones", "key-missing (milestone)"): {"milestone": None},
    ("milestones", "period-malformed (due_to, due_from)"): {"due_to": date(2018, 8, 1)},
    ("milestone_delivery", "key-duplicated (times)"): TWICE,
    ("milestone_delivery", "sum-inconsistent (milestones, completed)"): {"completed": 43},
    ("performance_indicators", "key-missing (indicator)"): {"indicator": None},
    ("performance_indicators", "key-duplicated (times)"): TWICE,
    ("performance_indicators", "value-unknown (rag)"): {"rag": "blue"},
    ("agency_workforce", "key-duplicated (times)"): TWICE,
    ("agency_workforce", "sum-inconsistent (fill_rate_percent)"): {"fill_rate_percent": 101},
    ("agency_workforce_quarterly", "sum-inconsistent (shifts_filled, monthly)"): {"shifts_filled": 1},
    ("establishment_change", "key-missing (service)"): {"service": None},
    ("establishment_change", "key-duplicated (times)"): TWICE,
    ("workforce_indicators", "key-missing (indicator)"): {"indicator": None},
    ("workforce_indicators", "key-duplicated (times)"): TWICE,
    ("workforce_indicators_quarterly", "sum-inconsistent (numerator, monthly)"): {"numerator": 1},
    ("capital_profile", "key-missing (fiscal_year)"): {"fiscal_year": None},
    ("capital_profile", "key-duplicated (times)"): TWICE,
    ("medium_term_finance", "key-missing (line)"): {"line": None},
    ("medium_term_finance", "key-duplicated (times)"): TWICE,
    ("risks", "key-missing (risk)"): {"risk": None},
    ("risks", "key-duplicated (times)"): TWICE,
    ("programme_dashboard", "key-missing (measure)"): {"measure": None},
    ("programme_dashboard", "key-duplicated (times)"): TWICE,
    ("reconciliation", "key-duplicated (times)"): TWICE,
    ("reconciliation", "value-unknown (verdict)"): {"verdict": "perhaps"},
}


def create_candidate(build: Build) -> None:
    """Every mart, with no rows, and the vocabulary that statuses are looked up in."""
    with connect(build.settings) as connection:
        connection.execute("create schema marts; create schema seeds")
        connection.execute("create table seeds.delivery_statuses (scale_id varchar, status varchar, rag varchar)")
        known = "('five_step_delivery', 'On Target', 'green'), ('five_step_delivery', 'Compromised', 'red')"
        connection.execute(f"insert into seeds.delivery_statuses values {known}")
        for mart, row in GOOD.items():
            columns = ", ".join(f'"{name}" {_type(value)}' for name, value in {**PERIOD, **row}.items())
            connection.execute(f"create table marts.{mart} ({columns})")


def insert_rows(build: Build, *rows: tuple[str, Row]) -> None:
    """Add a mart's good row, changed as said; with `twice`, two of them."""
    with connect(build.settings) as connection:
        for mart, changes in rows:
            changed = {name: value for name, value in changes.items() if name != "twice"}
            document = {**PERIOD, **GOOD[mart], **changed}
            names, marks = ", ".join(f'"{name}"' for name in document), ", ".join("?" * len(document))
            for _ in range(2 if changes.get("twice") else 1):
                connection.execute(f"insert into marts.{mart} ({names}) values ({marks})", list(document.values()))


def _type(value: object) -> str:
    if isinstance(value, int):
        return "decimal(18, 2)"
    return "date" if isinstance(value, date) else "varchar"
