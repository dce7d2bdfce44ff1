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
]


@pytest.mark.parametrize(("file", "columns", "query"), TABLES, ids=[file for file, _, _ in TABLES])
def test_the_table_is_published_as_printed(file: str, columns: list[str], query: str, shared: Path, marts) -> None:
    with (shared / "reference" / "published" / file).open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["row_type"] == "detail"]
    printed = Counter(letters(row[column] for column in columns) for row in rows)
    published = Counter(letters(row) for row in marts.execute(query).fetchall())
    assert printed.total() > 0
    assert published - printed == Counter()
    assert printed - published == Counter()


def letters(words: Iterable[str | None]) -> tuple[str, ...]:
    """The letters and digits of each text: layout, dashes and quotes are not compared."""
    return tuple(re.sub(r"[\W_]+", "", word or "").lower() for word in words)
