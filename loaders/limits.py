"""How much a file may ask of its reader. Real returns stay far below; what exceeds a limit is refused in words."""

from loaders.cells import TooLargeFileError

LARGEST_FILE = 64 << 20
"""Bytes of a file of any format."""
LARGEST_CSV = 32 << 20
LARGEST_LINE = 1 << 20
"""Bytes of one line of a csv file."""
LARGEST_AREA = 2_000_000
"""Cells between the first and the last filled one, blank ones included, of all sheets together."""
LARGEST_MERGED_AREA = 1_000_000

MEMORY = 320 << 20
"""Bytes that reading may take beyond what the process has when it starts to read."""
SECONDS = 8
"""Seconds of work that one file may take."""


def check_size(size: int, limit: int = LARGEST_FILE) -> None:
    """Refuse a file of that many bytes where it exceeds the limit.

    Raises TooLargeFileError.
    """
    if size > limit:
        raise TooLargeFileError(f"it has {size / (1 << 20):,.1f} MB, more than the {limit >> 20} MB that are read")


def check_area(cells: int, sheet: str) -> None:
    """Refuse sheets that together span that many cells, where they exceed the limit.

    Raises TooLargeFileError, which names the sheet.
    """
    if cells > LARGEST_AREA:
        raise TooLargeFileError(
            f"the cells of its sheet '{sheet}' span more than the {LARGEST_AREA:,} that are read; "
            "one of them may stand far away from the others"
        )
