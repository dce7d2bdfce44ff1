"""A quarter as a Word document.

Styles, page and footer are laid out once with python-docx; the body of each document is written as XML at once, since
cell by cell takes seconds a table. The same pack is always the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm, Pt

from pages.tables import Block, Cell, Items, Table

_TITLE, _EDITION, _AUTHOR, _BODY = "{{title}}", "{{edition}}", "{{author}}", "{{body}}"
_WIDTH = 15137
"""Between the margins of A4 across, in twentieths of a point."""
_LETTER = 112
"""The width of a letter of a table, in the same unit."""
_WIDEST = 45
# XML has no way to write these: control characters and what is no character.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Pack:
    """A quarter of an organisation, ready to be written down; `parts` are titles with what stands below them."""

    organisation: str
    quarter: str
    edition: str
    status: str
    parts: list[tuple[str, str, list[Block]]]

    @property
    def title(self) -> str:
        """What the document is."""
        return f"{self.organisation}: quarterly report {self.quarter}"

    @property
    def standing(self) -> str:
        """Version, date, and whether the figures are provisional, final or revised."""
        return f"{self.edition}. Figures are {self.status.lower() or 'as reported'}."


def write_word(pack: Pack, path: Path) -> None:
    """Write a pack as a Word document."""
    # A quarter stays in one piece.
    body = [_paragraph(pack.title.replace("-", "\N{NON-BREAKING HYPHEN}"), "Title"), _paragraph(pack.standing)]
    for title, lead, found in pack.parts:
        body += [_paragraph(title, "Heading1"), _paragraph(lead)]
        for block in found:
            if block.kind != "matrix":
                body += [_paragraph(block.title, "Heading2"), *_block(block)]
    said = {_TITLE: pack.title, _EDITION: pack.edition, _AUTHOR: pack.organisation}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _shell():
            if name.endswith(".xml"):
                for mark, text in said.items():
                    content = content.replace(mark.encode(), _escaped(text).encode())
                content = content.replace(_paragraph(_BODY).encode(), "".join(body).encode())
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


@cache
def _shell() -> list[tuple[str, bytes]]:
    """The parts of a document that has everything but what it says.

    A4 across, a small sans-serif, title and language, version and page number below each page.
    """
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(15)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(10)
    normal.element.get_or_add_rPr().append(parse_xml(f'<w:lang {nsdecls("w")} w:val="en-GB"/>'))
    document.core_properties.title = _TITLE
    document.core_properties.author = _AUTHOR
    document.core_properties.comments = _EDITION
    document.core_properties.language = "en-GB"
    footer = section.footer.paragraphs[0]
    footer.text = f"{_TITLE}. {_EDITION}. Page "
    footer._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'))
    _strip(document)
    document.element.body.insert(0, parse_xml(_paragraph(_BODY).replace("<w:p>", f"<w:p {nsdecls('w')}>")))
    saved = io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _strip(document: WordDocument) -> None:
    """Take out what the default template brings and nothing here uses: most of its size, in every document."""
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in ("Normal Table", "Table Grid"):
            style.delete()
    for holder in (document.part, document.part.package):
        for name, relation in list(holder.rels.items()):
            if relation.reltype.rsplit("/", 1)[-1] in ("stylesWithEffects", "thumbnail", "customXml"):
                del holder.rels[name]


def _paragraph(text: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{named}<w:r><w:t xml:space="preserve">{_escaped(text)}</w:t></w:r></w:p>'


def _escaped(text: str) -> str:
    """A text as XML can hold it."""
    return escape(_NOT_IN_XML.sub("", text))


def _block(block: Block) -> list[str]:
    if isinstance(block, Table):
        heads = [block.head.heading, *(column.heading for column in block.columns)]
        numeric = [False, *(column.numeric for column in block.columns)]
        lines = [(_texts([line.heading, *line.cells]), line.total) for line in block.lines]
        found = _table(block.title, heads, numeric, lines)
    elif block.kind == "tiles":
        heads = ["Measure", "Reported", "From the tables", "Note"]
        found = _table(
            block.title, heads, [False, True, True, False], [(_texts(cells), False) for _, cells in block.items]
        )
    elif block.kind == "count":
        found = [_paragraph(f"{block.words[0]} {block.words[1]} {block.mart}.csv.")]
    else:
        found = _list(block)
    # Word joins tables that nothing parts.
    return [*found, _paragraph(f"From {'; '.join(block.sources)}." if block.sources else "")]


def _texts(cells: Iterable[Cell]) -> list[str]:
    return [cell.text for cell in cells]


def _list(block: Items) -> list[str]:
    return [
        _paragraph(": ".join(dict.fromkeys(cell.text for cell in cells if cell.text)), "ListBullet")
        for _, cells in block.items
    ]


def _table(title: str, heads: list[str], numeric: list[bool], rows: list[tuple[list[str], bool]]) -> list[str]:
    """A table whose first row repeats on every page."""
    widths = _widths([heads, *(texts for texts, _ in rows)], numeric)
    lines = [_row(heads, numeric, widths, bold=True, header=True)]
    lines += [_row(texts, numeric, widths, bold=total, header=False) for texts, total in rows]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    table = (
        '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
        f'<w:tblLook w:firstRow="1" w:firstColumn="1"/><w:tblCaption w:val="{_escaped(title)}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )
    return [table]


def _widths(rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[int]:
    """The widths of a table's columns: each as wide as its longest word, and what is left to those of long texts."""
    columns = list(zip(*rows, strict=True))
    words = [max((len(word) for text in column for word in text.split()), default=1) + 1 for column in columns]
    texts = [min(max(len(text) for text in column), _WIDEST) for column in columns]
    needed = [min(length * _LETTER, _WIDTH) for length in words]
    more = [max(text - word, 0) * (1 - number) for text, word, number in zip(texts, words, numeric, strict=True)]
    if not any(more):
        more = [1] + [0] * (len(more) - 1)
    left = max(_WIDTH - sum(needed), 0) / sum(more)
    whole = [need + each * left for need, each in zip(needed, more, strict=True)]
    return [int(width * _WIDTH / sum(whole)) for width in whole]


def _row(texts: list[str], numeric: list[bool], widths: list[int], *, bold: bool, header: bool) -> str:
    properties = "<w:trPr><w:cantSplit/>{}</w:trPr>".format("<w:tblHeader/>" if header else "")
    weight = "<w:b/>" if bold else ""
    before = (
        '<w:tc><w:tcPr><w:tcW w:w="{}" w:type="dxa"/></w:tcPr>'
        '<w:p><w:pPr><w:spacing w:before="20" w:after="20"/><w:jc w:val="{}"/></w:pPr>'
        f'<w:r><w:rPr>{weight}<w:sz w:val="16"/></w:rPr><w:t xml:space="preserve">'
    )
    cells = [
        f"{before.format(width, 'right' if right else 'left')}{_escaped(text)}</w:t></w:r></w:p></w:tc>"
        for text, right, width in zip(texts, numeric, widths, strict=True)
    ]
    return f"<w:tr>{properties}{''.join(cells)}</w:tr>"
