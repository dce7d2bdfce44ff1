"""Number formats that show another number than a cell holds: percentages, and amounts in thousands or millions."""

import re
from functools import lru_cache

PERCENTAGE = 2
"""By how many places the point of a percentage stands further right than that of the number it is held as."""
BUILT_IN = {9: PERCENTAGE, 10: PERCENTAGE}
"""Formats that have a number in every workbook instead of a code, where they move the point."""

_REMEMBERED = 1 << 10
# Text between quotation marks, single characters that are shown as they are, paddings, and conditions or colours.
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')
_SCALING = re.compile(r"[0#?](,+)(?![0#?,])")


@lru_cache(_REMEMBERED)
def point_moved(code: str) -> int:
    """By how many places a format shows the point further right (percentages) or left (thousands) than it is.

    >>> point_moved("0.0%"), point_moved("#,##0"), point_moved("#,##0,"), point_moved('£0.0,,"m"')
    (2, 0, -3, -6)
    >>> point_moved('0.0" %"')
    0
    """
    positive = _NOT_FORMAT.sub("", code).split(";")[0]
    scaled = _SCALING.search(positive)
    return PERCENTAGE * positive.count("%") - (3 * len(scaled[1]) if scaled else 0)
