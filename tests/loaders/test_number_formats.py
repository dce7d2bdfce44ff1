import pytest

from loaders.number_formats import PLAIN, NumberFormat, number_format


@pytest.mark.parametrize(
    "code",
    [
        "",
        "General",
        "@",
        "#,##0;[Red]-#,##0",
        "#,##0_);(#,##0)",
        '_-£* #,##0_-;-£* #,##0_-;_-£* "-"_-;_-@_-',
        '#,##0.00 "hrs"',
        "dd/mm/yyyy",
        "[h]:mm",
        '[=0]"-";#,##0',
        '[=0]"";General',
        "[Red][<0]-#,##0;#,##0",
        '[<1]"<1";0',
        "[<>0]0;",
        '#,###" (est)"',
        r"###\-####",
    ],
)
def test_usual_formats_show_what_a_cell_holds(code: str) -> None:
    assert number_format(code) == PLAIN


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("[Red](#,##0)", NumberFormat(negated=True)),
        (r"[Blue]\-0", NumberFormat(negated=True)),
        ('[>=1000]#,##0,"k";0', NumberFormat(-3, "k")),
        ('[<1000]0;0.0,"k"', NumberFormat(-3, "k")),
        ('General"%"', NumberFormat(says="%")),
        ('"n/a"', NumberFormat(hidden=True)),
    ],
)
def test_a_format_that_shows_another_figure_says_which(code: str, shown: NumberFormat) -> None:
    assert number_format(code) == shown
