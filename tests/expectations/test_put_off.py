"""Modules whose import is put off: nobody notices, except that they are imported later."""

import sys
from pathlib import Path

import pytest

from expectations.put_off import put_off


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library `lib_user` that imports a package `lib_heavy` and a module of it, and uses them in a function."""
    heavy = tmp_path / "lib_heavy"
    heavy.mkdir()
    (heavy / "__init__.py").write_text("weight = 1\n")
    (heavy / "inner.py").write_text("weight = 2\n")
    (tmp_path / "lib_user.py").write_text(
        "import lib_heavy as heavy\nfrom lib_heavy import inner\ndef use():\n    return heavy.weight + inner.weight\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("lib_user", "lib_heavy", "lib_heavy.inner"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("library")
def test_a_module_is_imported_when_it_is_first_used() -> None:
    with put_off("lib_heavy", "lib_heavy.inner"):
        import lib_user
    assert "lib_heavy" not in sys.modules
    assert lib_user.use() == 3
    assert "lib_heavy.inner" in sys.modules


@pytest.mark.usefixtures("library")
def test_a_module_can_be_used_while_others_are_imported() -> None:
    with put_off("lib_heavy", "lib_heavy.inner"):
        import lib_user

        assert lib_user.use() == 3
    assert sys.modules["lib_heavy"].weight == 1


@pytest.mark.usefixtures("library")
def test_others_import_it_as_ever_afterwards() -> None:
    with put_off("lib_heavy", "lib_heavy.inner"):
        import lib_user  # noqa: F401
    import lib_heavy.inner

    assert lib_heavy.inner.weight == 2


@pytest.mark.usefixtures("library")
def test_a_module_that_is_there_stays() -> None:
    import lib_heavy

    with put_off("lib_heavy"):
        import lib_user
    assert lib_user.heavy is lib_heavy
