"""The candidate that most of these tests start from."""

from decimal import Decimal

import pytest

from quarterdeck.settings import Settings
from tests.publication.candidates import HAMPTON, OXBRIDGE, QUARTER, Candidate, Project


@pytest.fixture
def candidate(settings: Settings) -> Candidate:
    """Two councils with two projects each, both published by the gate; already built."""
    built = Candidate(
        settings,
        projects=[
            Project(HAMPTON, "Street lighting", Decimal("1000.00")),
            Project(HAMPTON, "Fleet", Decimal("250.50")),
            Project(OXBRIDGE, "Libraries", Decimal("900.00"), commentary='Two of three\nbranches, "open"'),
            Project(OXBRIDGE, "Highways", None),
        ],
        decisions={(HAMPTON, QUARTER): ("published", "h1"), (OXBRIDGE, QUARTER): ("published", "o1")},
        submissions={f"{HAMPTON}.report.2018-09.1": HAMPTON, f"{OXBRIDGE}.report.2018-09.1": OXBRIDGE},
        meta={
            "project_status": {"publish": "partition", "key": ["organisation_code", "quarter", "project"]},
            "organisations": {"publish": "whole", "key": ["organisation_code"]},
            "submissions": {"publish": "whole", "key": ["submission_id"]},
        },
    )
    built.build()
    return built
