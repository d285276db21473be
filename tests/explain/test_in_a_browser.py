"""Pages in Chromium: nothing is wider than the screen of a phone or the paper, and what is too wide inside scrolls."""

import os
import shutil

import numpy as np
import pytest

import glassnet as gn

pytestmark = pytest.mark.browser

X = np.random.default_rng(0).normal(size=(12, 3))
PAGES = {
    "one sample": lambda: gn.explain(gn.Network([3, 4, 2], "relu", "softmax", seed=1), X[0], 1).to_html(),
    "a batch": lambda: gn.explain(gn.Network([3, 4, 2], "tanh", "softmax", seed=1), X, [0, 1] * 6, optimizer="adam", l2=0.1).to_html(),
    "a wide network": lambda: gn.explain(gn.Network([30, 40, 10], output="softmax", seed=1), np.resize(X, 30), 3).to_html(),
    "one weight": lambda: gn.explain(gn.Network([3, 4, 4, 2], "tanh", "softmax", seed=1), X, [0, 1] * 6).entry("W1", 0, 3).to_html(),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs Chromium on the PATH")
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


@pytest.mark.parametrize("width", [375, 1000])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_no_wider_than_the_screen(browser, name, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(PAGES[name]())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = "[...document.querySelectorAll('.glassnet .wide')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    formulas = page.evaluate("document.querySelectorAll('.glassnet .wide').length")
    assert page.evaluate(inside) <= (formulas // 5 if width == 375 else 0)  # what cannot be broken scrolls
    page.close()


def test_lines_are_broken_before_signs(browser):
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.set_content(PAGES["a batch"]())
    first = """[...document.querySelectorAll('.glassnet .right math')].filter((each) => {
      const [before, here] = [each.previousElementSibling?.previousElementSibling, each.getBoundingClientRect()];
      return before && here.left < before.getBoundingClientRect().left && here.bottom > before.getBoundingClientRect().bottom;
    }).map((each) => each.textContent[0])"""
    starts = set(page.evaluate(first))
    assert starts
    assert starts <= set("=≈+−·⊙⊘\u2062 ")
    page.close()


def test_a_printed_page_is_light_and_fits_the_paper(browser):
    page = browser.new_page(viewport={"width": 690, "height": 900}, color_scheme="dark")
    page.set_content(PAGES["a batch"]())
    page.emulate_media(media="print")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.glassnet')).backgroundColor") == "rgb(253, 253, 251)"
    )
    wide = "[...document.querySelectorAll('.glassnet .wide')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(wide) == 0
    page.close()
