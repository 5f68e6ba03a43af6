"""The pages in a headless Chromium: nothing is refused, nothing is asked of any network, nothing sticks out."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import samples

from ipclab import report
from ipclab.report.audience import Audience

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --disable-dev-shm-usage --hide-scrollbars --disable-extensions"
).split()
WIDTHS = (360, 1280)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    written = report.write_report(samples.ALL, samples.LAB, folder, samples.SOURCES_BY_ID)
    student = tmp_path_factory.mktemp("student")
    report.write_report([samples.WRONG], samples.LAB, student, samples.SOURCES_BY_ID, Audience.STUDENT)
    found = {p.stem: p for p in written.pages}
    return found | {"class": written.index, "student": student / "submissions" / f"{samples.WRONG.submission_id}.html"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    if CHROMIUM is None or DRIVER is None:
        pytest.skip("there is no chromium and chromedriver here")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    driver.set_page_load_timeout(120)
    driver.get("about:blank")  # the browser's own first page may still be loading its parts
    yield driver
    driver.quit()


def _open(browser: Any, page: Path, width: int, scheme: str = "light") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(page.as_uri())


def _requests(browser: Any) -> list[str]:
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


def _shot(browser: Any, name: str) -> None:
    """Keeps a picture where IPCLAB_SCREENSHOTS names a folder: people look before they read."""
    folder = os.environ.get("IPCLAB_SCREENSHOTS")
    data = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})["data"]
    assert len(data) > 5000, "the picture is empty"
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(data))


NAMES = [*(r.submission_id for r in samples.ALL), "class", "student"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_quiet_and_fits(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    scheme = "dark" if width == 360 else "light"
    _open(browser, pages[name], width, scheme)
    assert _requests(browser) == [pages[name].as_uri()], "a page asks for nothing but itself"
    assert browser.get_log("browser") == [], "no violation of the policy and no error"
    sizes = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes == [width, width], "nothing sticks out to the right"
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    dark = sum(int(n) for n in ground[4:-1].split(",")) < 3 * 128
    assert dark == (scheme == "dark"), "the style is in force, and follows the reader's preference"
    _shot(browser, f"{name}-{width}-{scheme}")


def test_the_page_of_a_hang_leads_to_the_fault(browser: Any, pages: dict[str, Path]) -> None:
    _open(browser, pages["02-grace"], 1280)
    first = browser.find_element("css selector", ".first")
    assert "Deadlock" in first.text and "copy.c:19" in first.text and "Close it in the reader" in first.text
    assert "read(fd[0], buf, sizeof buf)" in first.find_element("css selector", ".here").text
    assert first.location["y"] < 500, "it is seen without scrolling"


def test_both_values_stand_side_by_side_with_the_difference_marked(browser: Any, pages: dict[str, Path]) -> None:
    _open(browser, pages["07-o-hara"], 1280)
    left, right = browser.find_elements("css selector", ".compare")[1].find_elements("css selector", ".side")
    assert left.location["y"] == right.location["y"] and left.location["x"] < right.location["x"]
    assert left.find_element("css selector", "mark").text == "\\0"
    assert right.find_element("css selector", "mark").text == "‹end›"


def test_the_class_can_be_sorted_by_every_column_and_by_keyboard(browser: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    _open(browser, pages["class"], 1280)

    def names() -> list[str]:
        return [r.text for r in browser.find_elements("css selector", "#class .id")]

    assert names() == [r.submission_id for r in samples.ALL]
    buttons = browser.find_elements("css selector", "#class th button")
    assert len(buttons) == 4
    buttons[1].click()
    assert set(names()[:2]) == {"05-barbara", "10-niklaus"} and names()[-1] == "01-ada"
    buttons[1].send_keys(Keys.ENTER)
    assert names()[0] == "01-ada" and set(names()[-2:]) == {"05-barbara", "10-niklaus"}
    head = browser.find_elements("css selector", "#class th")[1]
    assert head.get_attribute("aria-sort") == "descending"
    buttons[0].click()
    assert names() == sorted(names(), key=lambda i: next(r.student.lower() for r in samples.ALL if r.submission_id == i))


def test_a_hostile_page_runs_nothing(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    _open(browser, pages["04-mallory"], 1280)
    assert browser.execute_script("return document.scripts.length") == 0
    assert "<script>alert(1)</script>" in browser.find_element("tag name", "h1").text


def test_the_policy_stops_what_an_escape_would_have_missed(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    """With the escape taken away on purpose, the policy alone refuses script, style attribute and request."""
    evil = "<script>document.title='owned'</script><img src='http://127.0.0.1:9/x'><p style='color:red'>x</p>"
    text = pages["04-mallory"].read_text("utf-8").replace("</main>", evil + "</main>")
    page = tmp_path / "evil.html"
    page.write_text(text, "utf-8")
    _open(browser, page, 1280)
    said = " ".join(entry["message"] for entry in browser.get_log("browser"))
    assert browser.title != "owned" and said.count("Content Security Policy") >= 3
    assert not [u for u in _requests(browser) if u.startswith("http") and "blocked" not in said]


def test_a_page_prints(browser: Any, pages: dict[str, Path]) -> None:
    _open(browser, pages["07-o-hara"], 1280, "dark")
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]
    assert base64.b64decode(pdf).startswith(b"%PDF")
