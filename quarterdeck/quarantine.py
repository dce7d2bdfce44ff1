"""Held files: a copy of what arrived, and what is wrong with it, where people look for it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from quarterdeck.findings import Finding
from quarterdeck.settings import Settings


def quarantine(
    settings: Settings, submission_id: str, file_name: str, sha256: str, findings: Sequence[Finding]
) -> Path:
    """Put a held file into `quarantine/<submission_id>/`, with its findings in `findings.json` beside it.

    The bytes are copied from the archive. What was there for this submission is replaced; the folder appears whole or
    not at all. Returns the folder.

    Raises FileNotFoundError where the archive does not have the bytes.
    """
    folder = settings.quarantine / submission_id
    draft = settings.quarantine / f".{submission_id}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    shutil.copyfile(settings.archived(sha256), draft / file_name)
    (draft / "findings.json").write_text(
        json.dumps([asdict(found) for found in findings], indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    release(settings, submission_id)
    draft.rename(folder)
    return folder


def release(settings: Settings, submission_id: str) -> None:
    """Take a submission out of quarantine; its bytes stay in the archive."""
    shutil.rmtree(settings.quarantine / submission_id, ignore_errors=True)
