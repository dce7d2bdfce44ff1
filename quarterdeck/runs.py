"""The run history: what each stage of the pipeline did and how it ended, a line of JSON each in `runs.jsonl`."""

import functools
import json
import time
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel

from quarterdeck.settings import Settings

FILE = "runs.jsonl"
_LAST_BYTES = 64 * 1024
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Run(BaseModel):
    """One run of a stage: when it began (UTC), for how many seconds it ran, and how many of what it came to.

    `failed` is what it said where it did not come to an end.
    """

    stage: str
    started_at: datetime
    seconds: float
    counts: dict[str, int] = {}
    failed: str | None = None


def noted(
    stage: str,
) -> Callable[[Callable[Concatenate[Settings, _P], _R]], Callable[Concatenate[Settings, _P], _R]]:
    """Decorate a stage, which takes the settings first and returns a dataclass, so that its runs are in the history."""

    def decorate(function: Callable[Concatenate[Settings, _P], _R]) -> Callable[Concatenate[Settings, _P], _R]:
        @functools.wraps(function)
        def run(settings: Settings, /, *arguments: _P.args, **options: _P.kwargs) -> _R:
            begun, clock = datetime.now(UTC).replace(microsecond=0), time.monotonic()

            def note(**came_to: Any) -> None:
                seconds = round(time.monotonic() - clock, 1)
                _append(settings.home / FILE, Run(stage=stage, started_at=begun, seconds=seconds, **came_to))

            try:
                result = function(settings, *arguments, **options)
            except Exception as error:
                said = str(error).strip().splitlines()
                note(failed=said[0] if said else type(error).__name__)
                raise
            note(counts=_counts(result))
            return result

        return run

    return decorate


def last(settings: Settings, count: int) -> list[Run]:
    """The last so many runs, oldest first."""
    path = settings.home / FILE
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LAST_BYTES))
        lines = file.read().split(b"\n")
    # The first may begin in the middle, and a process that was killed may have left half of one.
    return [run for line in lines if (run := _read(line))][-count:]


def _append(path: Path, run: Run) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write: stages of several processes may end at once.
    with path.open("ab", buffering=0) as file:
        file.write(b"\n" + run.model_dump_json(exclude_defaults=True).encode())


def _read(line: bytes) -> Run | None:
    try:
        return Run.model_validate(json.loads(line))
    except ValueError:
        return None


def _counts(result: Any) -> dict[str, int]:
    """The whole numbers of a result, and the lengths of its lists; what is none is left out."""
    found = {each.name: getattr(result, each.name) for each in fields(result)}
    counts = {name: len(value) if isinstance(value, list | tuple) else value for name, value in found.items()}
    return {name: count for name, count in counts.items() if type(count) is int and count}
