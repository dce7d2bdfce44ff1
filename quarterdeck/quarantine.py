"""Held files: a copy of what arrived, and what is wrong with it, where people look for it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from quarterdeck.findings import Finding
from quarterdeck.settings import Settings

RELEASED = "released.json"
"""The note on a folder whose file holds nothing any more."""

FINDINGS = "findings.json"
"""What is wrong with the file in the folder."""


def quarantine(
    settings: Settings, submission_id: str, file_name: str, sha256: str, findings: Sequence[Finding]
) -> Path:
    """Put a held file into `quarantine/<submission_id>/`, with its findings in `findings.json` beside it.

    The bytes are copied from the archive. What was there for this submission is replaced; the folder appears whole or
    not at all. A sender may call a file as the notes beside it are called: then it lies there as `received <name>`.
    Returns the folder.

    Raises FileNotFoundError where the archive does not have the bytes.
    """
    folder = settings.quarantine / submission_id
    draft = settings.quarantine / f".{submission_id}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    name = f"received {file_name}" if file_name in (RELEASED, FINDINGS) else file_name
    shutil.copyfile(settings.archived(sha256), draft / name)
    (draft / FINDINGS).write_text(
        json.dumps([asdict(found) for found in findings], indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return folder


def release(settings: Settings, submission_id: str, *, by: str, at: str, reason: str) -> None:
    """Note on a held file's folder that it holds nothing any more: by what or whom, when (ISO 8601) and why.

    The folder stays. Nothing happens where there is none, or where that was noted before.
    """
    folder = settings.quarantine / submission_id
    noted = _note(folder)
    if not folder.is_dir() or (noted and (noted["by"], noted["reason"]) == (by, reason)):
        return
    draft = folder / f".{RELEASED}"
    note = {"by": by, "at": at, "reason": reason}
    draft.write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(folder / RELEASED)


def hold_again(settings: Settings, submission_id: str) -> None:
    """Take the note off the folder of a file that holds its quarter again."""
    (settings.quarantine / submission_id / RELEASED).unlink(missing_ok=True)


def folders(settings: Settings) -> list[str]:
    """Every submission that has a folder, released or not."""
    if not settings.quarantine.is_dir():
        return []
    return sorted(entry.name for entry in settings.quarantine.iterdir() if not entry.name.startswith("."))


def in_quarantine(settings: Settings) -> set[str]:
    """The submissions that have a folder and were not released."""
    return {name for name in folders(settings) if _note(settings.quarantine / name) is None}


def _note(folder: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads((folder / RELEASED).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
