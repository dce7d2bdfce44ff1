"""Values as people read them."""

import doctest

import pytest

from pages import figures
from pages.figures import told


def test_the_examples_are_true() -> None:
    assert doctest.testmod(figures).failed == 0


@pytest.mark.parametrize(
    ("text", "is_number", "shown"),
    [("47", True, "47"), ("[confidential]", True, "[confidential]"), ("[early_planning]", False, "[early planning]")],
)
def test_a_figure_that_became_withheld_is_told_by_its_word(text: str, is_number: bool, shown: str) -> None:
    """Read as a number, the word stopped the pages, and with them the publication."""
    assert told(text, "assignments_filled", is_number) == shown
