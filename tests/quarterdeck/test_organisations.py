"""Organisations as people name them."""

import pytest

from quarterdeck.organisations import UnplaceableError, place, unknown
from quarterdeck.settings import Settings


@pytest.mark.parametrize(
    ("name", "told"),
    [("Oxfordshir", "did you mean oxfordshire?"), ("E0600045", "e06000045"), ("moon", "organisations.csv lists them")],
)
def test_a_name_that_nobody_has_is_met_with_those_that_look_like_it(name: str, told: str) -> None:
    assert told in unknown(Settings().seeds, name)
    with pytest.raises(UnplaceableError, match=f"'{name}' is not an organisation that sends returns"):
        place(Settings(), name, "highlight_report", "2018-09")
