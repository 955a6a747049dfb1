"""A browser's pages with everything they say and ask for, and what axe-core finds wrong with them."""

import shutil
from contextlib import contextmanager

import pytest


@contextmanager
def chromium():
    """Open Chromium, or skip where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


class Watched:
    """A page of one width.

    Attributes:
        page: Playwright's page.
        said: What its console and its errors said.
        asked: Addresses it asked for.
    """

    def __init__(self, browser, width, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page, self.width = context.new_page(), width
        self.page.set_default_timeout(20_000)
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def fits(self):
        """Tell whether nothing reaches beyond the page's width."""
        return self.page.evaluate("document.documentElement.scrollWidth") <= self.width

    def faults(self):
        """Return the serious and critical faults that axe-core finds: rule, and the first place."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright")
        self.page.wait_for_function("!document.querySelector('main[aria-busy]')")
        found = axe.Axe().run(self.page).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        return [(one["id"], one["nodes"][0]["html"], one["nodes"][0].get("failureSummary")) for one in grave]
