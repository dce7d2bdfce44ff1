import doctest
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loaders import cells, currencies, kinship, number_formats, patterns, values
from loaders.text import key, plain
from loaders.values import NotANumberError, number, plain_number, stored_number

DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, places=3, allow_nan=False)


@pytest.mark.parametrize("module", [cells, currencies, kinship, number_formats, patterns, values])
def test_the_worked_examples_hold(module):
    assert doctest.testmod(module).failed == 0


@given(DECIMALS)
def test_a_number_is_read_back_however_people_write_it(figure):
    digits = f"{abs(figure):,}"
    for written in [f"{figure}", f"{figure:,}", f" {figure} "]:
        assert plain_number(written) == figure
    assert plain_number(f"£{digits}") == abs(figure)
    assert plain_number(f"({digits})") == -abs(figure)
    assert plain_number(f"-£{digits}") == -abs(figure)


@given(st.text(max_size=20))
@example(".0")
@example("0.05")
def test_text_is_a_number_only_when_every_digit_of_it_is_kept(text):
    try:
        figure = plain_number(text)
    except NotANumberError:
        return
    said, kept = ("".join(filter(str.isdigit, written)).lstrip("0") for written in (text, f"{abs(figure):f}"))
    assert kept == said


@pytest.mark.parametrize(
    "text", ["n/a", "NA", "-", "1,23", "12,3456", "(11.2", "11.2)", "--5", "-(5)", "1.2.3", "1e5", "5 6", "£", "٣", "½"]
)
def test_what_is_not_plainly_a_number_is_refused(text):
    with pytest.raises(NotANumberError):
        number(text)


@pytest.mark.parametrize("text", ["", "   ", "\u00a0"])
def test_blank_is_no_number_and_never_nought(text):
    assert number(text) is None


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=4, allow_nan=False))
def test_a_stored_number_is_the_decimal_its_author_typed(figure):
    assert stored_number(float(figure)) == figure


@pytest.mark.parametrize("value", [True, float("nan"), float("inf")])
def test_what_a_cell_can_hold_beside_numbers_is_refused(value):
    with pytest.raises(NotANumberError):
        number(value)


@pytest.mark.parametrize("text", ["58.68", "58.68 % of", "%"])
def test_a_percentage_as_text_needs_its_sign(text):
    with pytest.raises(NotANumberError):
        number(text, "percent")


@pytest.mark.parametrize(
    ("reads", "text", "figure"),
    [
        ("percent", "58.68 %", "0.5868"),
        ("money", "£4.1million", "4100000"),
        ("money", "(£50k)", "-50000"),
        ("money", "£1.99M", "1990000"),
        ("duration", "6.00 mins", "360"),
        ("fraction", "7/9", "7"),
    ],
)
def test_figures_in_words_of_their_column(reads, text, figure):
    assert number(text, reads) == Decimal(figure)


@given(st.text(max_size=30))
def test_comparison_ignores_what_readers_do_not_see(text):
    assert key(f"\u00a0{text}  ") == key(text)
    assert plain(plain(text)) == plain(text)
