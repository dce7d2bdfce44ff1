"""The pack: a Word document and a page to print, with the councils' table shapes and the version on every page."""

import shutil
from pathlib import Path

import pytest
from docx import Document

from pages.pack import PackError, build_pack
from pages.published import Published


@pytest.fixture(scope="module")
def files(version: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build_pack(version, "nottinghamshire", "2018-19 Q2", tmp_path_factory.mktemp("pack"))


def table_after(path: Path, title: str) -> list[list[str]]:
    """The texts of the table below a heading of a Word document."""
    parts = list(Document(str(path)).iter_inner_content())
    place = next(i for i, part in enumerate(parts) if getattr(part, "text", None) == title)
    return [[cell.text for cell in row.cells] for row in parts[place + 1].rows]


def test_the_word_document_has_the_project_list_in_its_printed_shape(files: list[Path]) -> None:
    head, *rows = table_after(files[0], "Status and savings by year")
    first = dict(zip((heading.replace("\N{NON-BREAKING HYPHEN}", "-") for heading in head), rows[0], strict=True))
    assert first["Project"] == "Targeted Reviews (C07)"
    assert first["Status before"] == "On Target"
    assert [first[f"Target {year}"] for year in ("2018-19", "2019-20", "2020-21", "Total")] == [
        "£2,010,000", "£2,000,000", "£2,000,000", "£6,010,000",
    ]  # fmt: skip
    assert first["At risk 2018-19"] == "\N{MINUS SIGN}£1,967,000"
    assert first["At risk 2019-20"] == "not reported"
    assert len(rows) == 70


def test_the_word_document_names_its_version_below_every_page(files: list[Path], published: Published) -> None:
    document = Document(str(files[0]))
    footer = document.sections[0].footer.paragraphs[0]
    assert f"Version {published.version}, published" in footer.text
    assert "PAGE" in footer._p.xml
    assert document.core_properties.title == "Nottinghamshire County Council: quarterly report 2018-19 Q2"


def test_the_word_document_is_the_same_bytes_each_time(version: Path, files: list[Path], tmp_path: Path) -> None:
    again = build_pack(version, "nottinghamshire", "2018-19 Q2", tmp_path)
    assert again[0].read_bytes() == files[0].read_bytes()
    assert files[0].read_bytes() == (version / "site" / "nottinghamshire" / "2018-19-q2" / "pack.docx").read_bytes()


def test_a_quarter_that_did_not_change_keeps_the_version_that_brought_it(version: Path, published: Published) -> None:
    assert published.version == "v00002"
    footer = Document(str(version / "site" / "oxfordshire" / "2019-20-q1" / "pack.docx")).sections[0].footer
    assert "Version v00001, published" in footer.paragraphs[0].text


def test_a_page_to_print_stands_alone(files: list[Path]) -> None:
    page = files[1].read_text()
    assert "<script" not in page
    assert 'rel="stylesheet"' not in page
    assert "@bottom-left" in page


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium on this machine")
def test_a_pdf_is_tagged(files: list[Path]) -> None:
    content = files[2].read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/StructTreeRoot" in content
    assert b"/MarkInfo" in content
    assert b"/Lang (en-GB)" in content
    assert b"/DisplayDocTitle true" in content


def test_a_quarter_that_is_not_there_is_refused_with_those_that_are(version: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="It has: 2018-19 Q2, 2018-19 Q3"):
        build_pack(version, "nottinghamshire", "1999-00 Q1", tmp_path)
    with pytest.raises(PackError, match="There is no organisation 'hampton'"):
        build_pack(version, "hampton", "2018-19 Q2", tmp_path)


@pytest.mark.parametrize(
    ("organisation", "quarter"), [("Oxfordshire", "2019-20Q1"), ("Oxfordshire County Council", "2019-20 q1")]
)
def test_names_and_quarters_are_taken_as_people_write_them(
    version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, organisation: str, quarter: str
) -> None:
    monkeypatch.setattr("pages.pack._BROWSERS", ())
    word, page = build_pack(version, organisation, quarter, tmp_path)
    assert (word.stem, page.stem) == (f"oxfordshire-county-council-2019-20-q1-{version.name}",) * 2


def test_what_is_no_quarter_is_said_to_be_none(version: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="'June 2019' is not a fiscal quarter; write it as 2018-19 Q2."):
        build_pack(version, "oxfordshire", "June 2019", tmp_path)
