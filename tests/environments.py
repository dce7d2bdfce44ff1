"""Environments of tools that cannot share the project's, each from a lock of its own, made once beside `.venv`."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.settings import PROJECT_ROOT


def environment(name: str) -> Path:
    """The folder with the programs of `requirements/<name>.txt`, which is installed where it is not yet.

    Skips the test where there is no `uv`, or nowhere to fetch packages from.
    """
    lock, folder = PROJECT_ROOT / "requirements" / f"{name}.txt", PROJECT_ROOT / f".venv-{name}"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("there is no uv to install packages with")
    wanted, stamp = hashlib.sha256(lock.read_bytes()).hexdigest(), folder / ".installed"
    with folder.with_suffix(".lock").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
            _run(
                uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder / "bin" / "python"), str(lock)
            )
            stamp.write_text(wanted)
    return folder / "bin"


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
    if done.returncode and any(
        words in done.stderr for words in ("Failed to fetch", "error sending request", "dns error")
    ):
        pytest.skip(f"packages cannot be fetched here: {done.stderr.strip().splitlines()[0]}")
    assert done.returncode == 0, done.stderr
