"""Remove versions that the written policy no longer keeps. Their manifests stay: what went in, what came out, when."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from yaml import YAMLError

from publication import store
from publication.manifest import Manifest, file_sha256, now, read_manifest
from publication.store import PublicationError
from quarterdeck.declared import read_yaml
from quarterdeck.periods import Month
from quarterdeck.settings import Settings

POLICY_FILE = Path(__file__).with_name("retention.yml")
LOG = "removed.jsonl"


class Retention(BaseModel):
    """The whole of `retention.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    newest: int
    days: int
    named: dict[str, str] = {}


@dataclass(frozen=True)
class Verdict:
    """What becomes of a version: `keep` says why it stays, and is empty where it may go; `bytes` that frees.

    Bytes that another version shares are freed with the last of them.
    """

    version: str
    created_at: datetime
    keep: str
    bytes: int


@dataclass(frozen=True)
class Collection:
    """What `collect` found, and whether it removed what may go."""

    removed: bool
    policy_sha256: str
    verdicts: list[Verdict]

    @property
    def may_go(self) -> list[Verdict]:
        """The versions that the policy does not keep."""
        return [verdict for verdict in self.verdicts if not verdict.keep]


def retention(path: Path = POLICY_FILE) -> Retention:
    """What is declared. Raises PublicationError where it is not understood: then nothing is removed."""
    try:
        return Retention.model_validate(read_yaml(path))
    except (OSError, ValueError, YAMLError) as error:
        raise PublicationError(f"{path} is not understood, so nothing is removed: {error}") from error


def collect(settings: Settings, remove: bool = False, policy_file: Path = POLICY_FILE) -> Collection:
    """Judge every version by the policy; with `remove`, remove those that it does not keep, and record each.

    The record is `published/removed.jsonl`, one line a removed version, and its manifest beside the versions, as
    `published/removed/v00003.json`. Raises PublicationError where a policy or a manifest cannot be read.
    """
    policy = retention(policy_file)
    if not store.versions(settings):
        return Collection(remove, file_sha256(policy_file), [])
    with store.exclusive(settings):
        _check_names(settings, policy, policy_file)
        manifests = [read_manifest(settings, version) for version in store.versions(settings)]
        kept = reasons_to_keep(manifests, store.current(settings), policy, now())
        verdicts = [
            Verdict(manifest.version, manifest.created_at, kept.get(manifest.version, ""), _frees(settings, manifest))
            for manifest in manifests
        ]
        found = Collection(remove, file_sha256(policy_file), verdicts)
        if remove:
            for verdict in found.may_go:
                _remove(settings, verdict, found.policy_sha256)
    return found


def _check_names(settings: Settings, policy: Retention, policy_file: Path) -> None:
    """A version that is named and unknown may be one that is meant to stay: then nothing is removed."""
    existing = store.versions(settings)
    for name in policy.named:
        if name not in existing and not store.removed_manifest(settings, name).is_file():
            raise PublicationError(
                f"{policy_file.name} names '{name}', and there is no such version, so nothing is removed. "
                "Write it as `quarterdeck publications` does: v00003."
            )


def reasons_to_keep(
    manifests: Sequence[Manifest], current: str | None, policy: Retention, today: datetime
) -> dict[str, str]:
    """Why a version stays, for every one that does; `manifests` oldest first."""
    kept: dict[str, str] = {}

    def keep(version: str | None, reason: str) -> None:
        if version:
            kept.setdefault(version, reason)

    keep(current, "current")
    for version, reason in policy.named.items():
        keep(version, f"named: {reason}")
    last = {_quarter(manifest.created_at): manifest.version for manifest in manifests}
    for quarter, version in last.items():
        keep(version, f"the last of {quarter}")
    for manifest in manifests:
        if manifest.version == current:
            keep(manifest.rolled_back_to, "current repeats it")
            for partition in manifest.partitions:
                keep(partition.published_in, f"current has the rows of {partition.name} from it")
    for manifest in manifests[max(0, len(manifests) - policy.newest) :]:
        keep(manifest.version, f"one of the newest {policy.newest}")
    for manifest in manifests:
        if today - manifest.created_at < timedelta(days=policy.days):
            keep(manifest.version, f"younger than {policy.days} days")
    return kept


def _quarter(moment: datetime) -> str:
    return str(Month.parse(f"{moment:%Y-%m}").quarter)


def _frees(settings: Settings, manifest: Manifest) -> int:
    """The bytes that no other version shares."""
    files = (path for path in (settings.published / manifest.version).rglob("*") if path.is_file())
    return sum(status.st_size for status in map(os.stat, files) if status.st_nlink == 1)


def _remove(settings: Settings, verdict: Verdict, policy_sha256: str) -> None:
    """Record a version, then take it away at once; what an interruption leaves, the next writer clears up."""
    folder = settings.published / verdict.version
    record = store.removed_manifest(settings, verdict.version)
    record.parent.mkdir(exist_ok=True)
    partial = record.with_suffix(".partial")
    shutil.copyfile(folder / store.MANIFEST_FILE, partial)
    partial.replace(record)
    line = asdict(verdict) | {"removed_at": now(), "policy_sha256": policy_sha256}
    with (settings.published / LOG).open("a") as log:
        log.write(json.dumps({name: value for name, value in line.items() if name != "keep"}, default=str) + "\n")
        log.flush()
        os.fsync(log.fileno())
    shutil.rmtree(store.withdraw(settings, verdict.version))
