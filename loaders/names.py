"""When two file names are one: what people and their computers add to the name of a file that is sent again."""

import re
import unicodedata
from pathlib import Path

_BETWEEN_WORDS = re.compile(r"[\s_–—-]+")
_COPY_OF = re.compile(r"^copy (\(\d+\) )?of ")
_SEQUENCE = re.compile(r"( ?\(\d+\)| copy( \d+)?| v(ersion )?\d+)+$")


def file_key(file_name: str) -> str:
    """A name without its ending, case, spaces and sequence: two files of one key are one file, sent again.

    >>> file_key("HR_Update - Copy (2).XLSX"), file_key("hr update v2.xls"), file_key("Copy of HR update.xlsx")
    ('hr update', 'hr update', 'hr update')
    >>> file_key("Figure A-2.csv") == file_key("Figure A-4.csv")
    False
    """
    words = unicodedata.normalize("NFKC", Path(file_name).stem).casefold()
    plain = _BETWEEN_WORDS.sub(" ", words).strip()
    return _SEQUENCE.sub("", _COPY_OF.sub("", plain)) or plain
