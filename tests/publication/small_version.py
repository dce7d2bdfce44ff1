"""A published version small enough to read: one council, two marts, the lineage of their figures, one archived file."""

import hashlib
from datetime import UTC, datetime

import duckdb

from publication import store
from publication.compose import describe
from publication.manifest import Manifest, Source, write_manifest
from quarterdeck.settings import Settings

QUARTER, NEXT_QUARTER = "2018-19 Q2", "2018-19 Q3"
SUBMISSION = "E06000001.report.2018-09.1"
SHEET = "(csv)"
FILE = """Project,Target £k,At risk £k,Rating
Street lighting,1000,(20.5),On Target
Fleet,250.5,,OT
"Parks, trees",40,7/8,On Target
"""

_MARTS: dict[str, tuple[list[str], str]] = {
    "project_status": (
        ["organisation_code", "quarter", "portfolio", "project"],
        f"""
        select
            'E06000001' as organisation_code, 'Hampton' as organisation, quarter, portfolio, project, status,
            target_gbp::decimal(18, 2) as target_gbp, at_risk_gbp::decimal(18, 2) as at_risk_gbp, rag,
            '{SUBMISSION}' as submission_id, '{SHEET}' as sheet, cells
        from (values
            ('{QUARTER}', 'Place', 'Street lighting', 'On Target', 1000000, 20500, 'green',
                '{{"project":"A2","target_gbp":"B2","at_risk_gbp":"C2","status":"D2"}}'),
            ('{QUARTER}', 'Place', 'Fleet', 'On Target', 250500, null, 'green',
                '{{"project":"A3","target_gbp":"B3","status":"D3"}}'),
            ('{QUARTER}', null, 'Parks, trees', 'On Target', 40000, -8000, 'green',
                '{{"project":"A4","target_gbp":"B4","at_risk_gbp":"C4#2","status":"''{SHEET}''!D4,A4"}}'),
            ('{NEXT_QUARTER}', 'Place', 'Fleet', 'On Target', 1, null, 'green', '{{}}')
        ) as t (quarter, portfolio, project, status, target_gbp, at_risk_gbp, rag, cells)
        """,
    ),
    "portfolio_savings": (
        ["organisation_code", "quarter", "portfolio"],
        f"""
        select
            'E06000001' as organisation_code, '{QUARTER}' as quarter, 'Place' as portfolio, 2::bigint as projects,
            1250500::decimal(18, 2) as target_gbp, 20500::decimal(18, 2) as at_risk_gbp,
            1.64::decimal(18, 4) as share_percent, 1290500::decimal(18, 2) as all_targets_gbp,
            2.05::decimal(18, 4) as listed_percent, 1000000::decimal(18, 2) as multiplied_gbp,
            2::bigint as seen, 1::decimal(18, 2) as wrong_gbp, 'final' as data_status
        """,
    ),
    "lineage": (
        ["mart", "column_name", "operand"],
        """
        select * from (values
            ('project_status', 'rag', 1, 'words', 'the word for the status', 'from', 'project_status', 'status',
                null, null, false),
            ('portfolio_savings', 'projects', 1, 'count', 'its projects, counted', 'add', 'project_status',
                'project', 'organisation_code, quarter, portfolio', null, false),
            ('portfolio_savings', 'target_gbp', 1, 'sum', 'its targets, added up', 'add', 'project_status',
                'target_gbp', 'organisation_code, quarter, portfolio', null, false),
            ('portfolio_savings', 'at_risk_gbp', 1, 'sum', 'what is at risk', 'add', 'project_status',
                'at_risk_gbp', 'organisation_code, quarter, portfolio', null, false),
            ('portfolio_savings', 'wrong_gbp', 1, 'sum', 'the fleet alone', 'add', 'project_status', 'target_gbp',
                'organisation_code, quarter', 'match_key(source.project) = ''fleet''', false),
            ('portfolio_savings', 'share_percent', 1, 'percent', 'what is at risk of the target', 'add',
                'portfolio_savings', 'at_risk_gbp', null, null, false),
            ('portfolio_savings', 'share_percent', 2, 'percent', 'what is at risk of the target', 'divide_by',
                'portfolio_savings', 'target_gbp', null, null, false),
            ('portfolio_savings', 'all_targets_gbp', 1, 'cells', 'every target', 'add', 'lineage_cells', 'cells',
                null, null, false),
            ('portfolio_savings', 'multiplied_gbp', 1, 'cells', 'lighting, less nothing of the rest', 'add',
                'lineage_cells', 'cells', null, null, false),
            ('portfolio_savings', 'seen', 1, 'cells', 'what is on target', 'add', 'lineage_cells', 'cells',
                null, null, false),
            ('portfolio_savings', 'listed_percent', 1, 'cells', 'what is at risk of lighting', 'add',
                'lineage_cells', 'cells', null, null, false)
        ) as t (mart, column_name, operand, arithmetic, says, role, source_mart, source_column, join_keys,
            source_filter, blank_is_zero)
        """,
    ),
    "lineage_cells": (
        ["organisation_code", "quarter", "mart", "key", "submission_id", "sheet"],
        f"""
        select
            'E06000001' as organisation_code, '{QUARTER}' as quarter, 'portfolio_savings' as mart,
            '{{"portfolio":"Place"}}' as key, '{SUBMISSION}' as submission_id, '{SHEET}' as sheet,
            '{{"all_targets_gbp":"B2:B4","listed_percent":"C2, /B2",'
            '"multiplied_gbp":"B2*1000, -B4*0","seen":"see D2, D4"}}' as cells
        """,
    ),
    "lineage_multipliers": (
        ["organisation_code", "quarter", "submission_id", "sheet", "unit", "multiplier"],
        f"""
        select
            'E06000001' as organisation_code, '{QUARTER}' as quarter, '{SUBMISSION}' as submission_id,
            '{SHEET}' as sheet, unit, multiplier::decimal(18, 6) as multiplier, sheet_columns
        from (values ('gbp', 1000, 'B, AB'), ('gbp', -1000, 'C')) as t (unit, multiplier, sheet_columns)
        """,
    ),
}


def source() -> Source:
    """The submission behind every figure."""
    return Source(
        submission_id=SUBMISSION,
        organisation_code="E06000001",
        feed="highlight_report",
        return_id="report",
        reporting_period="2018-09",
        file_name="report.csv",
        sha256=hashlib.sha256(FILE.encode()).hexdigest(),
        received_at="2018-10-05T09:00:00+00:00",
        status="accepted",
    )


def write(settings: Settings, *, without: str = "-") -> None:
    """Write the version, but for marts whose name starts so, and the archived file."""
    folder = settings.published / "v00001"
    folder.mkdir(parents=True)
    marts = {name: mart for name, mart in _MARTS.items() if not name.startswith(without)}
    with duckdb.connect(str(folder / store.MARTS_FILE)) as connection:
        for name, (_, query) in marts.items():
            connection.execute(f"create table {name} as {query}")
        contents = {name: describe(connection, name, "partition", key) for name, (key, _) in marts.items()}
    manifest = Manifest(
        version="v00001",
        created_at=datetime(2018, 10, 6, 12, 0, tzinfo=UTC),
        previous=None,
        reason="a test",
        code_sha256="",
        rules_sha256="",
        layouts=[],
        content_sha256="",
        marts=contents,
        partitions=[],
        findings={},
        expectations_evaluated=0,
        sources=[source()],
    )
    write_manifest(folder, manifest)
    store.switch(settings, "v00001")
    archived = settings.archived(source().sha256)
    archived.parent.mkdir(parents=True)
    archived.write_bytes(FILE.encode())
