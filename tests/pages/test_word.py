"""A document opens whatever a return's texts hold."""

from pathlib import Path

from docx import Document

from pages.tables import Items, plain, words
from pages.word import Pack, write_word


def test_characters_that_xml_cannot_hold_are_left_out(tmp_path: Path) -> None:
    odd = f'a{chr(0)}b{chr(2)}c{chr(11)}d{chr(0x1F)}e\ufffef <&"\n'
    table = plain(odd, words(odd, "Second"), [[odd, odd]])
    noted = Items("", "", odd, "count", words=("1", odd))
    pack = Pack(odd, "2018-19 Q2", odd, odd, [(odd, odd, [table, noted])])
    write_word(pack, tmp_path / "pack.docx")
    document = Document(str(tmp_path / "pack.docx"))
    assert [cell.text for cell in document.tables[0].rows[1].cells] == ['abcdef <&"\n'] * 2
    assert document.core_properties.author.strip() == 'abcdef <&"'
