"""Tables of words that the councils printed against the marts that publish them: nothing left out, nothing added."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

# A golden file, its columns, and the query that gives the same things. Words count by their letters and digits.
TABLES = [
    (
        "nottinghamshire_201809_appendix_a_milestones.csv",
        ["milestone", "implementation_date"],
        "select milestone, due_text from milestones where quarter = '2018-19 Q2'",
    ),
    (
        "nottinghamshire_201809_appendix_a_programmes.csv",
        ["programme"],
        "select programme from programme_status where source_table = 'appendix_a_programmes'",
    ),
    (
        "nottinghamshire_201809_project_status.csv",
        ["project", "status_last_month", "status_this_month"],
        "select project, status_previous, status from project_status where quarter = '2018-19 Q2'",
    ),
    (
        "nottinghamshire_201809_exceptions.csv",
        ["project", "status"],
        "select project, status from project_remarks where source_table = 'exceptions'",
    ),
    (
        "nottinghamshire_201809_improving_lives_projects.csv",
        ["ref", "project", "status"],
        "select programme, project, status from project_remarks where source_table = 'appendix_c'",
    ),
    (
        "nottinghamshire_201809_improving_lives_programmes.csv",
        ["ref", "status_last_month", "status_this_month", "trend"],
        "select programme_code, status_previous, status, trend from programme_status"
        " where source_table = 'appendix_c' and programme_code is not null",
    ),
    (
        "nottinghamshire_201809_status_key.csv",
        ["status", "definition"],
        "select item, text from listed_items where topic = 'status_key'",
    ),
    (
        "nottinghamshire_201810_work_programme.csv",
        ["meeting_date", "report_title"],
        "select due_text, report from planned_reports where quarter = '2018-19 Q2'",
    ),
    (
        "oxfordshire_201907_work_programme.csv",
        ["meeting", "item"],
        "select due_text, report from planned_reports where quarter = '2019-20 Q1'",
    ),
    (
        "oxfordshire_201907_risk_register.csv",
        ["risk_impact", "initial_risk_rating", "residual_risk_rating"],
        "select risk, initial_rating, residual_rating from risks",
    ),
    (
        "oxfordshire_201907_dashboard_achievements_and_focus.csv",
        ["item"],
        "select text from listed_items where topic in ('key_achievement', 'next_focus')",
    ),
    (
        "oxfordshire_201907_dashboard_non_financial_benefits.csv",
        ["project"],
        "select item from listed_items where topic = 'non_financial_benefit'",
    ),
    (
        "southampton_201309_gates.csv",
        ["gate", "approving_body"],
        r"select regexp_replace(item, '^Gate \d', ''), reference from listed_items where topic = 'gate'",
    ),
    (
        "southampton_201309_workstreams.csv",
        ["letter"],
        "select reference from listed_items where topic = 'workstream'",
    ),
    (
        "southampton_201502_savings_theme_definitions.csv",
        ["theme", "definition"],
        "select item, text from listed_items where topic = 'savings_theme'",
    ),
    (
        "nottinghamshire_201809_ict_status_key.csv",
        ["key_order", "indicator"],
        "select reference, item from listed_items where topic = 'ICT status key'",
    ),
    (
        "nottinghamshire_201809_at_risk_narrative.csv",
        ["paragraph"],
        "select reference from listed_items where topic = 'Projects at risk'",
    ),
    (
        "nottinghamshire_201811_cloud_phases.csv",
        ["phase_no", "phase"],
        "select reference, item from listed_items where topic = 'Cloud programme phase'",
    ),
    (
        "nottinghamshire_201811_cloud_service_models.csv",
        ["model"],
        "select item from listed_items where topic = 'Cloud service model'",
    ),
    (
        "nottinghamshire_201811_smarter_working_governance.csv",
        ["area"],
        "select item from listed_items where topic = 'Smarter Working governance'",
    ),
    (
        "oxfordshire_201907_meeting_dates.csv",
        ["meeting_date_as_printed"],
        "select item from listed_items where topic = 'Meeting date'",
    ),
    (
        "southampton_201309_it_projects.csv",
        ["project"],
        "select item from listed_items where topic = 'IT project'",
    ),
    (
        "southampton_201502_delivery_options.csv",
        ["option_no"],
        "select reference from listed_items where topic = 'Delivery option'",
    ),
    (
        "southampton_201502_implementation_phases.csv",
        ["phase_no", "phase", "period_as_printed"],
        "select reference, item, text from listed_items where topic = 'Implementation phase'",
    ),
    (
        "southampton_201502_service_review_projects.csv",
        ["directorate", "project_no"],
        r"select regexp_extract(reference, '(.*) (\d+)$', 1), regexp_extract(reference, '\d+$') from listed_items"
        " where topic = 'Service review'",
    ),
    (
        "southampton_201502_intelligence_hub_areas_figure_e3.csv",
        ["area", "item_no"],
        "select topic[18:], reference from listed_items where topic like 'Intelligence hub: %'",
    ),
]

# Printed tables that hold no data of the programmes: why none of the marts has them.
NOT_PUBLISHED = {
    "nottinghamshire_201811_agenda.csv": "the order of business of the meeting itself",
    "nottinghamshire_201811_agile_manifesto.csv": "a general statement of principles, quoted",
    "nottinghamshire_201809_ict_activities.csv": "narrative without figures or states, in the words of the paper alone",
    "oxfordshire_201907_ict_strategy_presentation.csv": "slides in words; its three numbers are report figures",
}


@pytest.mark.parametrize(("file", "columns", "query"), TABLES, ids=[file for file, _, _ in TABLES])
def test_the_table_is_published_as_printed(file: str, columns: list[str], query: str, shared: Path, marts) -> None:
    with (shared / "reference" / "published" / file).open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["row_type"] == "detail"]
    printed = Counter(letters(row[column] for column in columns) for row in rows)
    published = Counter(letters(row) for row in marts.execute(query).fetchall())
    assert printed.total() > 0
    assert published - printed == Counter()
    assert printed - published == Counter()


def test_every_printed_table_is_published_or_says_why_not(shared: Path) -> None:
    reference = shared / "reference"
    with (reference / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        printed = {row["file"] for row in csv.DictReader(stream)}
    with (reference / "golden_cells.csv").open(newline="", encoding="utf-8") as stream:
        walked = {row["file"] for row in csv.DictReader(stream)}
    assert printed - walked - {file for file, _, _ in TABLES} - set(NOT_PUBLISHED) == set()


def letters(words: Iterable[str | None]) -> tuple[str, ...]:
    """The letters and digits of each text: layout, dashes and quotes are not compared."""
    return tuple(re.sub(r"[\W_]+", "", word or "").lower() for word in words)
