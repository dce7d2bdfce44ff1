"""The pack for an agenda: a quarter of an organisation as a Word document, and as one page to print.

Both hold what the pages of the quarter show, the version and its date on every page. The PDF is that page, printed by
a Chromium where there is one: tagged, with an outline.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pages.blocks import blocks, contents
from pages.figures import shown, slug
from pages.published import Published, Row
from pages.render import ASSETS, Renderer
from pages.tables import Block
from pages.word import Pack, write_word
from quarterdeck.periods import Quarter

# What members need at the table; the rest is a click away on the pages.
PARTS = ("update", "projects", "by-year", "programmes", "savings", "milestones", "indicators", "workforce",
    "capital", "finance", "risks", "changes", "reconciliation", "reports")  # fmt: skip
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PRINTING_SECONDS = 120


class PackError(Exception):
    """Why there is no pack, in words for the person who asked."""


def build_pack(version: Path, organisation: str, quarter: str, out: Path) -> list[Path]:
    """Write the pack of a quarter into a folder: Word and HTML, and PDF where a Chromium is found; return the files.

    `organisation` is a code, a short name or the name. Raises PackError where the version has nothing of that quarter,
    or printing fails.
    """
    with Published(version) as published:
        pack = _gather(published, organisation, quarter)
        name = f"{slug(pack.organisation)}-{slug(pack.quarter)}-{published.version}"
    out.mkdir(parents=True, exist_ok=True)
    word, page, pdf = (out / f"{name}.{kind}" for kind in ("docx", "html", "pdf"))
    write_word(pack, word)
    style = (ASSETS / "site.css").read_text()
    Renderer(out).page(page.name, "pack.html", level=3, title=pack.title, pack=pack, style=style)
    return [word, page, *([pdf] if _print(page, pdf) else [])]


def _gather(published: Published, organisation: str, quarter: str) -> Pack:
    named = ("organisation_code", "slug", "organisation")
    rows = [
        row
        for row in published.rows("organisations")
        if organisation.lower() in {str(row[column]).lower() for column in named}
    ]
    if not rows:
        known = ", ".join(row["slug"] for row in published.rows("organisations"))
        raise PackError(f"There is no organisation '{organisation}'. There are {known}.")
    try:
        quarter = str(Quarter.parse(quarter))
    except ValueError as error:
        raise PackError(f"{error}.") from error
    code, name = rows[0]["organisation_code"], rows[0]["organisation"]
    data = published.by_partition([code])
    made = {
        part: blocks(published, contents()["quarter"][part], data.get((code, quarter), {}), lambda row: None)
        for part in PARTS
    }
    if not any(made.values()):
        known = ", ".join(sorted(each for _, each in data)) or "none"
        raise PackError(f"{published.version} has nothing of {name} for '{quarter}'. It has: {known}.")
    return assemble(published, code, name, quarter, made, data[code, quarter])


def assemble(
    published: Published,
    organisation_code: str,
    organisation: str,
    quarter: str,
    made: Mapping[str, list[Block]],
    data: Mapping[str, list[Row]],
) -> Pack:
    """The pack of the blocks of a quarter's pages; `data` are the quarter's rows by mart.

    It names the version that brought the quarter's figures: a later one that has the same figures has the same pack.
    """
    version, published_at = published.edition((organisation_code, quarter))
    spec = contents()["quarter"]
    parts = [(spec[part]["title"], spec[part]["lead"], made[part]) for part in PARTS if made.get(part)]
    standing = data.get("reporting_quarters", [])
    return Pack(
        organisation,
        quarter,
        f"Version {version}, published {shown(published_at)}",
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
