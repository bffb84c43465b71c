"""Machine code on disk: a file for all that it depends on, of this user alone, removed when nobody used it for long."""

# llvmlite has no types.
# pyright: reportMissingTypeStubs=false

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

UNUSED_SECONDS = 30 * 86_400  # after which a file that nobody read is removed
_DIGEST_BYTES = 32


def place(kind: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where code for numbers of a kind is kept; None where there is no folder that this user alone may write to.

    Another source has another file, and so has another compiler, another processor, and whoever sets Numba otherwise.
    """
    try:
        folder = _folder(environment)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid"):
            status = folder.stat()
            if status.st_uid != os.getuid() or status.st_mode & 0o022:
                return None
        return folder / f"{_key(kind, environment)}.code" if os.access(folder, os.W_OK) else None
    except (OSError, RuntimeError):  # nowhere to write, or nobody's home
        return None


def read(path: Path) -> bytes | None:
    """What is kept there; None where there is nothing, or not all of it. It counts as used now."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if not code or hashlib.sha256(code).digest() != digest:
        return None
    with suppress(OSError):
        os.utime(path)
    return code


def write(path: Path, code: bytes) -> OSError | None:
    """Keep code there, all at once, and remove what nobody used for long; what was in the way, if it could not be."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        return error
    _remove_unused(path.parent, time.time())
    return None


def _remove_unused(folder: Path, now: float) -> None:
    """Remove files that were not read for long; another process may do so at the same time."""
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):
                if now - file.stat().st_mtime > UNUSED_SECONDS:
                    file.unlink()


def _folder(environment: Mapping[str, str]) -> Path:
    """Below NUMBA_CACHE_DIR, or where programs of this user keep what they can make again.

    Raises RuntimeError where there is no home.
    """
    given = environment.get("NUMBA_CACHE_DIR") or environment.get("XDG_CACHE_HOME")
    return Path(given or Path.home() / ".cache") / "rnn-playground" / "compiled"


def _key(kind: str, environment: Mapping[str, str]) -> str:
    """A digest of all that machine code depends on."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    chosen = sorted(item for item in environment.items() if item[0].startswith("NUMBA_"))
    compilers = [_version(package) for package in ("numba", "llvmlite")]
    digest = hashlib.sha256(
        repr((kind, sys.version, compilers, llvm.get_host_cpu_name(), features, chosen)).encode()
    )
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:32]


def _version(package: str) -> str:
    with suppress(PackageNotFoundError):
        return version(package)
    return ""
