"""`manifest.json`: what a version holds, what it was made from, and what was decided about each partition."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from publication.store import MANIFEST_FILE, RESTORE, PublicationError
from quarterdeck import __version__
from quarterdeck.rules import RULES_FILE
from quarterdeck.runs import Run
from quarterdeck.settings import PROJECT_ROOT, Settings

_CODE_FOLDERS = ("quarterdeck", "loaders", "transform", "expectations", "publication", "pages", "dags")
_CODE_SUFFIXES = {".py", ".sql", ".yml", ".csv", ".html", ".css", ".js"}
_NOT_CODE = {"target", "logs", "dbt_packages", "__pycache__"}


PartitionKey = tuple[str, str]
"""Organisation code and fiscal quarter."""

_Kind = TypeVar("_Kind", bound=BaseModel)


class Layout(BaseModel):
    """A layout that submissions were read with."""

    id: str | None
    sha256: str | None


class Source(BaseModel):
    """A submission that the warehouse knew when the version was made."""

    submission_id: str
    organisation_code: str
    feed: str
    return_id: str
    reporting_period: str
    file_name: str
    sha256: str
    received_at: str
    status: str


class Output(BaseModel):
    """A file of the version, its path relative to the version's folder."""

    path: str
    bytes: int
    sha256: str


class MartContent(BaseModel):
    """A mart as published: `columns` maps names to DuckDB types, in order; `descriptions` says what they mean."""

    publish: str
    key: list[str]
    rows: int
    columns: dict[str, str]
    content_sha256: str
    description: str = ""
    descriptions: dict[str, str] = {}


class Disclosure(BaseModel):
    """How many figures a version hides: counts of few people, what protects them, what would tell them otherwise.

    `exposed` are those among them that can be worked out from what earlier versions showed; nothing can hide them now.
    `remembered` are figures that an earlier version hid and this one does not, by mart and column the keys of their
    rows: a later one that has them hides them again.
    """

    primary: int
    secondary: int
    following: int
    exposed: int
    remembered: dict[str, dict[str, list[tuple[str | None, ...]]]] = {}


class Approval(BaseModel):
    """What a named person let pass: the warnings of a partition, or the errors of one rule."""

    rule: str | None
    approved_by: str
    reason: str
    approved_at: str


class Partition(BaseModel):
    """An organisation x quarter: the gate's last decision that this version knows of, and whose rows it holds.

    `published_in` is the version whose decision the rows stem from, None where the partition has no rows yet;
    `submissions` are the accepted submissions behind those rows.
    """

    organisation_code: str
    quarter: str
    data_status: str | None = None
    decision: str
    reason: str | None
    fingerprint: str | None
    evaluated: int
    published_in: str | None = None
    submissions: list[str] = []
    approvals: list[Approval] = []

    @property
    def key(self) -> PartitionKey:
        """What tells it from others."""
        return self.organisation_code, self.quarter

    @property
    def name(self) -> str:
        """What people call it: `E10000024 2018-19 Q2`."""
        return f"{self.organisation_code} {self.quarter}"

    def decided_since(self, earlier: "Partition | None") -> bool:
        """True where the gate has decided on something else than the earlier version knew."""
        return earlier is None or (self.decision, self.fingerprint) != (earlier.decision, earlier.fingerprint)


class Manifest(BaseModel):
    """Everything that is recorded of a version.

    `rolled_back_to` names the version whose content it repeats, `form_sha256` the way its files were written. `runs`
    are the last ones of the pipeline before it.
    """

    version: str
    created_at: datetime
    previous: str | None
    rolled_back_to: str | None = None
    reason: str
    quarterdeck: str = __version__
    code_sha256: str
    rules_sha256: str
    layouts: list[Layout]
    content_sha256: str
    marts: dict[str, MartContent]
    disclosure: Disclosure | None = None
    partitions: list[Partition]
    findings: dict[str, int]
    expectations_evaluated: int
    sources: list[Source]
    form_sha256: str | None = None
    runs: list[Run] = []
    outputs: list[Output] = []

    @property
    def rows(self) -> int:
        """Rows over all marts."""
        return sum(mart.rows for mart in self.marts.values())

    def partition(self, key: PartitionKey) -> Partition | None:
        """The record of one partition, or None where the version does not know it."""
        return self._partitions.get(key)

    @cached_property
    def _partitions(self) -> dict[PartitionKey, Partition]:
        return {partition.key: partition for partition in self.partitions}

    def outdated_by(self, partitions: Iterable[Partition]) -> bool:
        """True where the gate has decided on something that this version does not know."""
        return any(partition.decided_since(self.partition(partition.key)) for partition in partitions)


class Origins(BaseModel):
    """What of a manifest tells where figures come from.

    Of a large version it is read in a quarter of the time: a source is made when it is asked for.
    """

    created_at: datetime
    marts: dict[str, MartContent]
    sources: list[dict[str, str]]

    def source(self, submission_id: str) -> Source | None:
        """A submission that the warehouse knew, or None where it did not."""
        known = self._sources.get(submission_id)
        return Source(**known) if known else None

    @cached_property
    def _sources(self) -> dict[str, dict[str, str]]:
        return {source["submission_id"]: source for source in self.sources}


def read_manifest(settings: Settings, version: str) -> Manifest:
    """The manifest of a version.

    Raises PublicationError where it is missing or not readable.
    """
    return _read(settings, version, Manifest)


def read_origins(settings: Settings, version: str) -> Origins:
    """What the manifest of a version tells of where its figures come from. Raises as `read_manifest` does."""
    return _read(settings, version, Origins)


def _read(settings: Settings, version: str, kind: type[_Kind]) -> _Kind:
    path = settings.published / version / MANIFEST_FILE
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublicationError(f"{path} cannot be read ({error.strerror}). {RESTORE}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}" if where else first["msg"]
        raise PublicationError(f"{path} cannot be read ({why}). {RESTORE}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` as the last file of a version, with the hashes of all others."""
    complete = manifest.model_copy(update={"outputs": outputs(folder)})
    (folder / MANIFEST_FILE).write_text(complete.model_dump_json(indent=2) + "\n")


def now() -> datetime:
    """The time to record, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def content_sha256(marts: dict[str, MartContent]) -> str:
    """One hash over the content of all marts."""
    return _sha256_of_lines(f"{name} {mart.content_sha256}" for name, mart in sorted(marts.items()))


def rules_sha256() -> str:
    """The hash of the rule catalogue."""
    return file_sha256(RULES_FILE)


def code_sha256(settings: Settings) -> str:
    """One hash over the code that made the version: Python, SQL, and the data that steers them."""
    folders = (*(PROJECT_ROOT / name for name in _CODE_FOLDERS), settings.dbt_project, settings.layouts)
    return _sha256_of_lines(
        sorted(
            f"{folder.name}/{path.relative_to(folder).as_posix()} {file_sha256(path)}"
            for folder in folders
            for path in folder.rglob("*")
            if path.suffix in _CODE_SUFFIXES and _NOT_CODE.isdisjoint(path.relative_to(folder).parts)
        )
    )


def outputs(folder: Path) -> list[Output]:
    """Every file below a folder but the manifest itself, by path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST_FILE)
    return [
        Output(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=file_sha256(path))
        for path in paths
    ]


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of_lines(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
