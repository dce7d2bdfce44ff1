"""The last step of every publication: its manifest, what is made from it, and the switch."""

from collections.abc import Callable
from pathlib import Path

from publication import store
from publication.manifest import Manifest, write_manifest
from quarterdeck.runs import last
from quarterdeck.settings import Settings

_RUNS = 40

BeforeRelease = Callable[[Path], None]
"""Adds files to a version's folder, which holds marts, exports and manifest by then. Where it raises, nothing is
published."""


def release(settings: Settings, folder: Path, manifest: Manifest, before_release: BeforeRelease | None = None) -> None:
    """Write the manifest of a staged version, let `before_release` add to it, and make it what readers see."""
    manifest = manifest.model_copy(update={"runs": last(settings, _RUNS)})
    write_manifest(folder, manifest)
    if before_release:
        before_release(folder)
        # Once more, with the hashes of what was added.
        write_manifest(folder, manifest)
    store.release(settings, folder, manifest.version)
