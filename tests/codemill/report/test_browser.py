"""The pages in a real browser: nothing but its own script runs, nothing is fetched, and it can be used."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from codemill.report.run import run_page
from codemill.report.snapshot import snapshot_page
from schemas.manifest import Manifest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")

expect.set_options(timeout=60_000)  # a busy machine is no fault of the page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module", params=["snapshot", "run"])
def written(
    request: pytest.FixtureRequest,
    snapshot: Path,
    run: Path,
    manifest: Manifest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    path.write_bytes(snapshot_page(str(snapshot), manifest) if request.param == "snapshot" else run_page(str(run)))
    return path


@pytest.fixture
def page(browser: Browser, written: Path) -> Iterator[Page]:
    """The page as it opens; at the end, whatever it did, nothing may have gone wrong or out."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("dialog", lambda dialog: wrong.append(dialog.message))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(written.as_uri())
    yield opened
    assert wrong == []
    assert asked == [written.as_uri()]
    assert opened.evaluate("window.harmed") is None
    context.close()


def shown(page: Page, selector: str) -> int:
    return page.locator(selector).locator("visible=true").count()


def test_nothing_but_its_own_script_runs(page: Page) -> None:
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, object, embed, link").count() == 0
    assert page.locator("[onerror], [onclick], [onload]").count() == 0
    # Every part of it can be opened and looked at.
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.locator("main section").count() == page.locator("nav a").count()


def test_a_script_that_were_not_escaped_would_not_run(browser: Browser, written: Path, tmp_path: Path) -> None:
    harmed = tmp_path / "harmed.html"
    injected = "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'></main>"
    harmed.write_text(written.read_text().replace("</main>", injected))
    opened = browser.new_page()
    opened.goto(harmed.as_uri())
    assert opened.locator("img").count() == 1
    assert opened.evaluate("window.harmed") is None
    opened.close()


def test_the_search_finds_rows_and_opens_what_holds_them(page: Page) -> None:
    every = shown(page, "main section")
    page.keyboard.press("/")
    page.keyboard.type("shards/mono" if "Run" in page.title() else "omega")
    expect(page.locator("#found")).to_have_text(re.compile("[1-9][0-9]* found"))
    assert 0 < shown(page, "main section") < every
    page.keyboard.press("Escape")
    assert shown(page, "main section") == every
    page.keyboard.press("/")
    page.keyboard.type("no such words anywhere")
    expect(page.locator("#found")).to_have_text("0 found")
    assert shown(page, "main section") == 0


def test_it_is_dark_and_light(page: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('main svg text')).fill"
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper), page.evaluate(ink)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper), page.evaluate(ink)
    assert dark[0] != light[0] and dark[1] != light[1]
    page.keyboard.press("t")
    assert (page.evaluate(paper), page.evaluate(ink)) == dark
    page.locator("#theme").click()
    assert page.evaluate(paper) == light[0]


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#content"
    first = page.locator("main summary").first
    first.focus()
    before = first.evaluate("(one) => one.parentElement.open")
    page.keyboard.press("Enter")
    assert first.evaluate("(one) => one.parentElement.open") is not before


def test_it_fits_a_narrow_window(page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
