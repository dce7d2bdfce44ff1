import re
from pathlib import Path

import pytest

from publication.publish import publish
from quarterdeck.settings import PROJECT_ROOT
from tests.publication.candidates import Candidate

SNIPPETS = re.findall(r"```python\n(.*?)```", (PROJECT_ROOT / "docs" / "publications.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_snippet_reads_the_published_marts(
    candidate: Candidate, snippet: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(candidate.settings)
    (tmp_path / "var").symlink_to(candidate.settings.home)
    monkeypatch.chdir(tmp_path)

    result: dict[str, object] = {}
    exec(snippet, result)

    found = result["projects"] if "projects" in result else result["rows"]
    assert len(found) in (2, 4)  # type: ignore[arg-type]


def test_every_way_of_reading_has_a_snippet() -> None:
    assert len(SNIPPETS) == 4
