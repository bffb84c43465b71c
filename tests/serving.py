"""A real server for the browser tests and the benchmarks: `streamlit run app.py` on a free loopback port."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address without a slash at the end, its process and the file it logs to."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def serve(
    *,
    root: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    patience: float = 90,
    port: int | None = None,
) -> Iterator[Server]:
    """Serve `root/app.py` until the block ends; `patience` is how many seconds it may take to come up.

    port: to serve at, a free one if not said.

    The process gets a group of its own, which is killed at the end with all it may have started.
    Raises RuntimeError with the log when the server does not come up.
    """
    port = port or free_port()
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    with tempfile.NamedTemporaryFile(prefix="playground-", suffix=".log") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=root,
            env=os.environ | dict(environment or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(f"http://127.0.0.1:{port}", process, Path(log.name))
        try:
            wait_until_healthy(server, patience)
            yield server
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_healthy(server: Server, patience: float) -> None:
    """Return when the server answers; raise RuntimeError with its log when it ends or takes too long."""
    end = time.monotonic() + patience
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not come up. Its log:\n{server.log()}")
