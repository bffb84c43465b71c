"""Finding and installing the browser, with programs that only pretend."""

from pathlib import Path

import pytest

from tests import ensure_browser


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose only folder of programs is an empty one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ensure_browser, "playwright_browser", lambda: tmp_path / "none")
    monkeypatch.setattr(ensure_browser, "playwright_install", lambda: False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_finds_a_browser_that_starts_and_passes_over_a_stub(bare_machine: Path) -> None:
    program(bare_machine, "chromium", "echo install the snap; exit 1")
    program(bare_machine, "google-chrome", "echo Chrome 1")
    assert ensure_browser.find_browser() == str(bare_machine / "google-chrome")


def test_installs_with_apt_as_root(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chromium = bare_machine / "chromium"
    log = bare_machine / "log"
    program(
        bare_machine,
        "apt-get",
        f'echo "$@" >> {log}; printf "#!/bin/sh\\nexit 0\\n" > {chromium}; /bin/chmod +x {chromium}',
    )
    assert ensure_browser.main() == 0
    assert str(chromium) in capsys.readouterr().out
    update, install, *_ = log.read_text().splitlines()
    assert update.startswith("update")
    assert install.endswith("chromium fonts-noto-cjk fonts-noto-color-emoji")


def test_turns_to_playwright_where_apt_may_not(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install() -> bool:
        program(bare_machine, "none", "exit 0")
        return True

    monkeypatch.setattr(ensure_browser, "playwright_install", install)
    assert ensure_browser.main() == 0


def test_fails_with_one_clear_sentence(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(bare_machine, "apt-get", "exit 100")
    assert ensure_browser.main() == 1
    assert "Install Chromium or Chrome and run again." in capsys.readouterr().err


def test_a_korean_font_is_asked_for(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(bare_machine, "chromium", "exit 0")
    program(bare_machine, "fc-list", "exit 0")
    program(bare_machine, "apt-get", "exit 100")
    assert ensure_browser.main() == 0
    assert "boxes" in capsys.readouterr().err
