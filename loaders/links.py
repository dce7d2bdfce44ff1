"""Formulas that fetch from elsewhere: another workbook, another program, the web."""

import re

# Text between quotation marks in a formula is only text.
_QUOTED = re.compile(r'"[^"]*"')
_OUTWARD = re.compile(
    r"(?<![\w@\[\]])(?:'[^']*\[[^\]]+\][^']*'|\[[^\[\]]+\][\w.]*)!"  # another workbook: '[2]My sheet'!A1, [1]Sheet1!A1
    r"|(?:^|[=+*/(,;@&-])\s*\w+\|[^!]*!"  # a program, by dynamic data exchange: cmd|'/C calc'!A0
    r"|'(?:file|https?|ftp):"  # another file, as OpenDocument writes it: 'file:///C:/book.ods'#$Sheet1.A1
    r"|\b(?:WEBSERVICE|DDE)\s*\(",
    re.IGNORECASE,
)


def is_outward(formula: str) -> bool:
    """Whether a formula fetches from another workbook, a program or the web.

    >>> is_outward("'[1]Sheet 1'!A1+2"), is_outward("cmd|'/C calc'!A0"), is_outward("SUM(Table1[2018])+Sheet2!A1")
    (True, True, False)
    """
    return _OUTWARD.search(_QUOTED.sub('""', formula)) is not None
