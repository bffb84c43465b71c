"""A real server, a real browser. Both live for the tests of this folder."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.visit import PATIENCE
from tests.ensure_browser import FLAGS, find_browser
from tests.serving import Server, serve

LOG = pytest.StashKey[Server]()
expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The playground, served."""
    with serve() as running:
        pytestconfig.stash[LOG] = running
        yield running
        del pytestconfig.stash[LOG]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Show the end of the server's log beside a failure."""
    report = yield
    if report.failed and (running := item.config.stash.get(LOG, None)):
        report.sections.append(("server log", running.log()[-8000:]))
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. Without one the tests are skipped, except where CI is set: there that is a failure."""
    program = find_browser()
    if program is None:
        sentence = "no Chromium: run `python -m tests.ensure_browser`"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        chromium.on("context", lambda context: context.set_default_timeout(1000 * PATIENCE))
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A fresh visitor who reads English, at a 1280 × 900 window; relative addresses are the server's."""
    fresh = browser.new_context(base_url=server.url, locale="en-US", viewport={"width": 1280, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of that visitor."""
    return context.new_page()
