"""The Chromium of the browser tests and the live benchmark; `python -m tests.ensure_browser` installs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji")


def works(program: str | Path) -> bool:
    """Whether a browser starts; a stub that only advertises a package, or one without libraries, does not."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def playwright_browser() -> Path:
    """Where Playwright keeps, or would keep, its own Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def find_browser() -> str | None:
    """The path of a Chromium that starts, the system's before Playwright's own; None when there is none."""
    for name in NAMES:
        program = shutil.which(name)
        if program and works(program):
            return program
    own = playwright_browser()
    return str(own) if works(own) else None


def apt() -> list[str] | None:
    """The start of a command line that may install Debian packages; None where we may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return None


def apt_install(*packages: str) -> bool:
    """Install Debian packages where we may; whether it went well."""
    command = apt()
    if command is None:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps = (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages])
    return all(subprocess.run([*command, *step], env=environment).returncode == 0 for step in steps)


def playwright_install() -> bool:
    """Download Playwright's own Chromium, with the libraries it needs if we may; whether it went well."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    options = (["--with-deps"], []) if apt() else ([],)
    return any(subprocess.run([*command, *option]).returncode == 0 for option in options)


def has_korean_font() -> bool:
    """Whether Korean text has a font; off Linux, without fontconfig to ask, that is taken for granted."""
    if shutil.which("fc-list") is None:
        return sys.platform != "linux"
    return bool(subprocess.run(["fc-list", ":lang=ko"], capture_output=True, text=True).stdout.strip())


def main() -> int:
    """Find a browser, else install one, and see to a Korean font. Returns the exit status."""
    browser = find_browser()
    if browser is None:
        for install in (lambda: apt_install(*PACKAGES), playwright_install):
            if install() and (browser := find_browser()):
                break
    if browser is None:
        print(
            "No browser for the tests: neither apt-get nor Playwright could install Chromium. "
            "Install Chromium or Chrome and run again.",
            file=sys.stderr,
        )
        return 1
    if not has_korean_font() and not apt_install("fonts-noto-cjk"):
        print("No Korean font here: Korean text will be drawn as boxes.", file=sys.stderr)
    print(f"Browser for the tests: {browser}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
