"""What the Dockerfile puts into the image is all that the app needs, and its health check tells well from ill."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import ROOT, serve

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def copied() -> list[tuple[str, str]]:
    """Source and destination of every COPY out of this folder into the image that runs."""
    last_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    return re.findall(r"^COPY (\S+) (\S+)$", last_stage, re.MULTILINE)


def is_healthy(port: str) -> bool:
    """What the image's own health check says."""
    (command,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    program, *arguments = json.loads(command)
    assert program == "python"
    environment = {"STREAMLIT_SERVER_PORT": port}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True).returncode == 0


@pytest.mark.slow
def test_the_app_starts_with_what_is_copied(tmp_path: Path) -> None:
    for source, destination in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / destination)
        else:
            shutil.copy(ROOT / source, tmp_path / destination)
    with serve(root=tmp_path) as server:
        port = server.url.rpartition(":")[2]
        assert is_healthy(port)
    assert not is_healthy(port)


def test_nothing_that_is_copied_is_ignored() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = [line.removeprefix("!") for line in lines if line.startswith("!")]
    for source in ("requirements.txt", *(source for source, _ in copied())):
        assert any(Path(each).is_relative_to(source) for each in kept), source


def test_the_image_does_not_run_as_root() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
