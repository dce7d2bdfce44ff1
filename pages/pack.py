"""The pack for an agenda: a quarter of an organisation as a Word document, and as one page to print.

Both hold what the pages of the quarter show, the version and its date on every page. The PDF is that page, printed by
a Chromium where there is one: tagged, with an outline.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm, Pt
from markupsafe import escape

from pages.blocks import Block, Cell, Items, Table, blocks, contents
from pages.figures import shown, slug
from pages.published import Published, Row
from pages.render import ASSETS, Renderer

# What members need at the table; the rest is a click away on the pages.
PARTS = ("update", "projects", "programmes", "savings", "milestones", "indicators", "workforce", "capital", "finance",
    "risks", "changes", "reconciliation", "reports")  # fmt: skip
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PRINTING_SECONDS = 120


class PackError(Exception):
    """Why there is no pack, in words for the person who asked."""


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


def build_pack(version: Path, organisation: str, quarter: str, out: Path) -> list[Path]:
    """Write the pack of a quarter into a folder: Word and HTML, and PDF where a Chromium is found; return the files.

    `organisation` is a code or a short name. Raises PackError where the version has nothing of that quarter, or
    printing fails.
    """
    with Published(version) as published:
        pack = _gather(published, organisation, quarter)
        name = f"{slug(pack.organisation)}-{slug(quarter)}-{published.version}"
    out.mkdir(parents=True, exist_ok=True)
    word, page, pdf = (out / f"{name}.{kind}" for kind in ("docx", "html", "pdf"))
    write_word(pack, word)
    style = (ASSETS / "site.css").read_text()
    Renderer(out).page(page.name, "pack.html", level=3, title=pack.title, pack=pack, style=style)
    return [word, page, *([pdf] if _print(page, pdf) else [])]


def _gather(published: Published, organisation: str, quarter: str) -> Pack:
    rows = [row for row in published.rows("organisations") if organisation in (row["organisation_code"], row["slug"])]
    if not rows:
        known = ", ".join(row["slug"] for row in published.rows("organisations"))
        raise PackError(f"There is no organisation '{organisation}'. There are {known}.")
    code, name = rows[0]["organisation_code"], rows[0]["organisation"]
    data = published.by_partition([code])
    made = {
        part: blocks(published, contents()["quarter"][part], data.get((code, quarter), {}), lambda row: None)
        for part in PARTS
    }
    if not any(made.values()):
        known = ", ".join(sorted(each for _, each in data)) or "none"
        raise PackError(f"{published.version} has nothing of {name} for '{quarter}'. It has: {known}.")
    return assemble(published, name, quarter, made, data[code, quarter])


def assemble(
    published: Published,
    organisation: str,
    quarter: str,
    made: Mapping[str, list[Block]],
    data: Mapping[str, list[Row]],
) -> Pack:
    """The pack of the blocks of a quarter's pages; `data` are the quarter's rows by mart."""
    spec = contents()["quarter"]
    parts = [(spec[part]["title"], spec[part]["lead"], made[part]) for part in PARTS if made.get(part)]
    standing = data.get("reporting_quarters", [])
    return Pack(
        organisation,
        quarter,
        f"Version {published.version}, published {shown(published.created_at)}",
        shown(standing[0]["data_status"], "data_status") if standing else "",
        parts,
    )


def _print(page: Path, pdf: Path) -> bool:
    """Print a page with a Chromium; False where there is none."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        return False
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--no-pdf-header-footer",
        "--generate-pdf-document-outline",
        f"--print-to-pdf={pdf}",
        page.absolute().as_uri(),
    ]
    # As root, Chromium starts only without its sandbox; the page is our own and loads nothing.
    command[1:1] = ["--no-sandbox"] if os.geteuid() == 0 else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PRINTING_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise PackError(f"{browser} did not print {page.name} within {_PRINTING_SECONDS} seconds.") from error
    if done.returncode or not pdf.is_file():
        raise PackError(f"{browser} could not print {page.name}: {done.stderr.strip().splitlines()[-1:]}")
    return True


def write_word(pack: Pack, path: Path) -> None:
    """Write a pack as a Word document."""
    document = Document()
    _lay_out(document, pack)
    document.add_heading(pack.title, 0)
    document.add_paragraph(f"{pack.edition}. Figures are {pack.status.lower() or 'as reported'}.")
    for title, lead, found in pack.parts:
        document.add_heading(title, 1)
        document.add_paragraph(lead)
        for block in found:
            if block.kind != "matrix":
                document.add_heading(block.title, 2)
                _write_block(document, block)
    document.save(str(path))


def _lay_out(document: WordDocument, pack: Pack) -> None:
    """A4 across, a small sans-serif, the document's title and language, version and page number below each page."""
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(15)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(10)
    language = '<w:lang {} w:val="en-GB"/>'.format(nsdecls("w"))
    normal.element.get_or_add_rPr().append(parse_xml(language))
    document.core_properties.title = pack.title
    document.core_properties.author = pack.organisation
    document.core_properties.comments = pack.edition
    document.core_properties.language = "en-GB"
    footer = section.footer.paragraphs[0]
    footer.text = f"{pack.title}. {pack.edition}. Page "
    footer._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'))


def _write_block(document: WordDocument, block: Block) -> None:
    if isinstance(block, Table):
        heads = [block.heading, *(heading for _, heading, _, _ in block.columns)]
        numeric = [False, *(number for _, _, number, _ in block.columns)]
        lines = [(_texts([line.heading, *line.cells]), line.total) for line in block.lines]
        _add_table(document, block.title, heads, numeric, lines)
    elif block.kind == "tiles":
        heads = ["Measure", "Reported", "From the tables", "Note"]
        lines = [(_texts(cells), False) for _, cells in block.items]
        _add_table(document, block.title, heads, [False, True, True, False], lines)
    elif block.kind == "count":
        document.add_paragraph(f"{block.words[0]} {block.words[1]} {block.mart}.csv.")
    else:
        _add_list(document, block)
    if block.sources:
        document.add_paragraph(f"From {'; '.join(block.sources)}.")


def _texts(cells: Iterable[Cell]) -> list[str]:
    return [cell.text for cell in cells]


def _add_list(document: WordDocument, block: Items) -> None:
    for _, cells in block.items:
        texts = list(dict.fromkeys(cell.text for cell in cells if cell.text))
        document.add_paragraph(": ".join(texts), style="List Bullet")


def _add_table(
    document: WordDocument, title: str, heads: list[str], numeric: list[bool], rows: Iterable[tuple[list[str], bool]]
) -> None:
    """A table whose first row repeats on every page. Written as XML at once: cell by cell takes seconds a table."""
    lines = [_row_xml(heads, numeric, bold=True, header=True)]
    lines += [_row_xml(texts, numeric, bold=total, header=False) for texts, total in rows]
    columns = "<w:gridCol/>" * len(heads)
    table = f"""
        <w:tbl {nsdecls("w")}>
            <w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/>
                <w:tblLook w:firstRow="1" w:firstColumn="1"/><w:tblCaption w:val="{escape(title)}"/></w:tblPr>
            <w:tblGrid>{columns}</w:tblGrid>{"".join(lines)}
        </w:tbl>"""
    body = document.element.body
    body.insert(len(body) - 1, parse_xml(table))
    document.add_paragraph()


def _row_xml(texts: list[str], numeric: list[bool], *, bold: bool, header: bool) -> str:
    properties = "<w:trPr><w:cantSplit/>{}</w:trPr>".format("<w:tblHeader/>" if header else "")
    weight = "<w:b/>" if bold else ""
    cells = "".join(
        f'<w:tc><w:p><w:pPr><w:spacing w:after="0"/><w:jc w:val="{"right" if right else "left"}"/></w:pPr>'
        f'<w:r><w:rPr>{weight}<w:sz w:val="16"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
        "</w:tc>"
        for text, right in zip(texts, numeric, strict=True)
    )
    return f"<w:tr>{properties}{cells}</w:tr>"
