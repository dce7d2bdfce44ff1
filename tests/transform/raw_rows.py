"""Raw rows made by hand: what three organisations sent, in as few rows as tell the models apart."""

from typing import Any

from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect, prepare

Row = dict[str, Any]

PROJECTS, STAFF = "project_status_report", "hr_update"
SAVINGS, DASHBOARD = "transformation_financial_position", "transformation_highlight_report"
NOTTINGHAMSHIRE, SOUTHAMPTON, OXFORDSHIRE = "E10000024", "E06000045", "E10000025"


def insert(settings: Settings, table: str, *rows: Row) -> None:
    """Insert rows into a raw or gate table; columns that a row leaves out stay blank."""
    with connect(settings) as connection:
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def submission(organisation: str, feed: str, return_id: str, period: str, sequence: int, at: str, status: str) -> Row:
    """A row of `raw.submissions`."""
    parts = [organisation, return_id, period]
    return {
        "submission_id": ".".join([*parts, str(sequence)]),
        "organisation_code": organisation,
        "feed": feed,
        "return_id": return_id,
        "reporting_period": period,
        "sequence": sequence,
        "restates": ".".join([*parts, str(sequence - 1)]) if sequence > 1 else None,
        "file_name": f"{return_id} {sequence}.xlsx",
        "received_at": at,
        "status": status,
    }


def provenance(submission_id: str, table: str, sheet: str, row: int, row_type: str = "detail") -> Row:
    """The columns that every raw row starts with."""
    organisation, _, period, _ = submission_id.split(".")
    return {
        "submission_id": submission_id,
        "organisation_code": organisation,
        "reporting_period": period,
        "table_name": table,
        "sheet": sheet,
        "block": 1,
        "source_row": row,
        "row_type": row_type,
    }


def quantity(field: str, value: float | None, unit: str, scale: int, decimals: int = 0) -> Row:
    """The four columns of a quantity."""
    return {field: value, f"{field}_unit": unit, f"{field}_scale": scale, f"{field}_decimals": decimals}


def project(
    sequence: int, row: int, name: str, status: str, previous: str, target: float, at_risk: float | None
) -> Row:
    """A project of the highlight report, in £000."""
    return (
        provenance(f"{NOTTINGHAMSHIRE}.{PROJECTS}.2018-09.{sequence}", "appendix_b", "Appendix B", row)
        | {"portfolio": "Place", "project": name, "scale_id": "five_step_delivery"}
        | {"status": status, "status_previous": previous}
        | {"cells": '{"project":"B","portfolio":"A5","target":"H","at_risk":"L","net_at_risk":"N"}'}
        | quantity("target", target, "gbp", 1000)
        | quantity("at_risk", at_risk, "gbp", 1000)
        | quantity("net_at_risk", at_risk, "gbp", 1000)
    )


def fill(settings: Settings) -> None:
    """Everything that was sent, in a new build file."""
    prepare(settings)
    reports = (NOTTINGHAMSHIRE, "highlight_report", PROJECTS, "2018-09")
    staff = (SOUTHAMPTON, "hr_metrics", STAFF, "2017-12")
    annex = (OXFORDSHIRE, "budget_monitoring", SAVINGS, "2019-06")
    dashboard = (OXFORDSHIRE, "highlight_report", DASHBOARD, "2019-06")
    insert(
        settings,
        "raw.submissions",
        submission(*reports, 1, "2018-10-01T09:00:00+00:00", "accepted"),
        submission(*reports, 2, "2018-10-02T09:00:00+00:00", "accepted"),
        submission(*reports, 3, "2018-10-03T09:00:00+00:00", "held"),
        submission(*staff, 1, "2018-01-10T09:00:00+00:00", "accepted"),
        submission(*staff, 2, "2018-02-10T09:00:00+00:00", "accepted"),
        submission(*annex, 1, "2019-07-10T09:00:00+00:00", "accepted"),
        submission(*dashboard, 1, "2019-07-11T09:00:00+00:00", "accepted"),
    )
    insert(
        settings,
        "raw.project_status",
        project(1, 6, "Broadband", "Compromised", "On Target", 999, 999),
        project(2, 6, "Road Lighting Energy", "On Target", "Experiencing Obstacles", 225, None),
        project(2, 7, "Statutory School Transport", "compromised ", "On Target", 686, 686),
        project(2, 8, "Highways JV (OfC B13)", "Closed or Completed", "On Target", 400.5, None),
        project(2, 9, "Place Totals", "", "", 1311.5, 686) | {"row_type": "subtotal", "status": None},
        project(3, 6, "Road Lighting Energy", "On Target", "On Target", 1, None),
    )
    insert(
        settings,
        "raw.commentary",
        provenance(f"{NOTTINGHAMSHIRE}.{PROJECTS}.2018-09.2", "exceptions", "Exceptions", 26)
        | {"portfolio": "Place", "project": "statutory  school transport", "commentary": "Not pursued."}
        | {"cells": '{"commentary":"C"}'},
    )
    staff_id = f"{SOUTHAMPTON}.{STAFF}.2017-12.2"
    months = [("2017-09", 722, 29), ("2017-10", 617, 13), ("2017-11", 795, 9)]
    insert(
        settings,
        "raw.agency",
        *(
            provenance(staff_id, "agency_metrics", "Hays", row)
            | {"month": month, "measure": measure, "cells": '{"value":"E"}'}
            | quantity("value", value, "count", 1)
            for month, filled, unfilled in months
            for row, measure, value in [(6, "shifts_filled", filled), (7, "shifts_unfilled", unfilled)]
        ),
    )
    insert(
        settings,
        "raw.establishment",
        *(
            provenance(staff_id, "establishment", "Establishment", row)
            | {"service": "I,P&D", "measure": measure, "cells": '{"value":"D"}'}
            | quantity("value", value, "fte", 1, 2)
            for row, measure, value in [
                (5, "previous_fte", 24.4),
                (6, "new_fte", 19.1),
                (7, "reduction_fte", 5.3),
                (8, "voluntary_redundancy_fte", 3),
                (9, "compulsory_redundancy_fte", 1),
                (13, "vacancies_fte", 3.5),
            ]
        ),
    )
    annex_id = f"{OXFORDSHIRE}.{SAVINGS}.2019-06.1"
    insert(
        settings,
        "raw.savings",
        *(
            provenance(annex_id, "table_2", "Table 2", 11, "subtotal")
            | {"component": "Total Transformation", "component_type": "workstream"}
            | {"savings_year": "2019-20", "measure": measure, "cells": '{"component":"A","value":"G"}'}
            | quantity("value", value, "gbp", -1000000, 3)
            for measure, value in [("delivered", -2.308), ("revised_target", -15.049)]
        ),
    )
    insert(
        settings,
        "raw.dashboard_measure",
        provenance(f"{OXFORDSHIRE}.{DASHBOARD}.2019-06.1", "dashboard", "Dashboard", 5)
        | {"measure": "savings_achieved_percent", "cells": '{"value":"G5"}'}
        | quantity("value", 0.15, "percent", 100),
    )
    insert(
        settings,
        "raw.arithmetic_checks",
        {"submission_id": staff_id, "organisation_code": SOUTHAMPTON, "reporting_period": "2017-12"}
        | {
            "rule": "breakdown-disagrees",
            "severity": "warning",
            "record": "establishment",
            "subject": "I,P&D: reduction",
        }
        | {
            "printed_value": 5.3,
            "recomputed_value": 7.5,
            "difference": 2.2,
            "tolerance": 0.02,
            "unit": "fte",
            "scale": 1,
        }
        | {"verdict": "disagrees", "sheet": "Establishment", "printed_cell": "D7", "recomputed_from": "D8:D13"},
        {"submission_id": annex_id, "organisation_code": OXFORDSHIRE, "reporting_period": "2019-06"}
        | {"rule": "total-disagrees", "severity": "error", "record": "savings", "subject": "Total: delivered"}
        | {"printed_value": -2.308, "recomputed_value": -2.308, "difference": 0, "tolerance": 0, "unit": "gbp"}
        | {
            "scale": -1000000,
            "verdict": "agrees",
            "sheet": "Table 2",
            "printed_cell": "C11",
            "recomputed_from": "C8:C10",
        },
    )
    insert(
        settings,
        "raw.findings",
        {"stage": "load", "submission_id": f"{NOTTINGHAMSHIRE}.{PROJECTS}.2018-09.3", "severity": "error"}
        | {"rule": "word-unmapped", "sheet": "Appendix B", "cell": "D6", "message": "'Fine' is not a status."},
    )
