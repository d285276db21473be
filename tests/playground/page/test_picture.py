"""The picture says what it shows: first words, a legend, names, values under the pointer; one colour for one thing."""

import itertools
import re

import numpy as np
import pytest

WIDTHS = {320: 640, 375: 812, 768: 1024, 1366: 768, 1920: 1080}


def test_fault_no_sentence_says_what_the_page_is_or_what_to_press(play):
    play.open()
    words = play.page.get_by_role("region", name="First words")
    assert "This is a neural network" in words.inner_text()
    words.get_by_role("button", name="Watch it learn").click()
    play.until("store.step > 3")
    assert words.count() == 0
    play.page.keyboard.press(" ")
    play.page.keyboard.press("Home")
    play.settled()
    assert words.count() == 0  # a visitor who has begun knows


def test_fault_the_loss_panel_is_empty_at_first(play):
    play.open()
    ink = play.page.evaluate(
        """() => {
          const canvas = document.querySelector('loss-curves canvas');
          const { width, height } = canvas;
          const { data } = canvas.getContext('2d').getImageData(width * 0.3, height * 0.4, width * 0.5, height * 0.1);
          return data.filter((_, index) => index % 4 === 3 && data[index] > 40).length;
        }"""
    )
    assert ink > 300  # words, not grid lines alone


def test_fault_nothing_explains_the_drawing_but_the_question_mark(play):
    play.open("?step=10")
    legend = play.page.get_by_role("list", name="Legend")
    for words in ("weight above 0", "wider: larger", "its output over the plane", "bias"):
        assert words in legend.inner_text()
    play.open("?step=10&glass=1&sample=3&stage=Z1")
    play.until("store.worked")
    legend = play.page.get_by_role("list", name="Legend")  # a widget is made anew
    assert "sum of w·a, plus bias" in legend.inner_text()


def test_fault_numbers_on_the_drawing_have_no_names(play):
    play.open("?step=10&hidden=4,3&glass=1&sample=3&stage=A1")
    columns = play.page.locator("network-drawing .columns li")
    play.until("store.glass && document.querySelector('.columns b')")
    assert [column.split("\n")[-1] for column in columns.all_inner_texts()][:2] == ["a₀", "a₁"]
    play.store("store.walkTo('dZ2')")
    play.settled()
    assert [column.split("\n")[-1] for column in columns.all_inner_texts()] == ["a₀", "a₁", "∂L/∂z₂", "∂L/∂z₃"]


def test_fault_the_products_w_x_appear_nowhere(play):
    """The texts that are painted on the drawing while Z1 is worked out."""
    play.page.emulate_media(reduced_motion="reduce")
    play.page.add_init_script(
        """globalThis.painted = [];
        const old = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) { globalThis.painted.push(text); old.call(this, text, ...rest); };"""
    )
    play.open("?hidden=8&step=10&glass=1&sample=3&stage=Z1&entry=W1,0,1")
    play.until("store.glass && painted.some((text) => text.includes(' · '))")
    weights = [row[1] for row in play.header["W"][0]]
    point = play.store("store.run.data.train.points[3]")
    products = {text for text in play.page.evaluate("painted") if " · " in text}
    for weight, number in zip(weights, point, strict=True):
        assert any(abs(float(text.split("= ")[1].replace("−", "-")) - weight * number) < 0.005 for text in products)


def test_fault_the_first_picture_s_border_is_a_staircase(play):
    """The border of one neuron is a straight line, to a tenth of a pixel."""
    play.page.add_init_script(
        """globalThis.border = [];
        const { moveTo, lineTo, stroke, beginPath } = CanvasRenderingContext2D.prototype;
        let path = [];
        Object.assign(CanvasRenderingContext2D.prototype, {
          beginPath() { path = []; beginPath.call(this); },
          moveTo(x, y) { path.push([x, y]); moveTo.call(this, x, y); },
          lineTo(x, y) { path.push([x, y]); lineTo.call(this, x, y); },
          stroke(...rest) { if (this.lineWidth === 1.5 && path.length > 60 && this.canvas.closest('decision-surface')) globalThis.border = path; stroke.apply(this, rest); },
        });"""
    )
    play.open("?hidden=")
    play.page.wait_for_function("border.length > 60")
    points = np.array(play.page.evaluate("border"))
    centred = points - points.mean(axis=0)
    off = centred @ np.linalg.svd(centred)[2][1]  # from the line that fits best
    assert np.abs(off).max() < 0.1


def test_fault_hover_on_a_neuron_shows_nothing_larger(play):
    play.open("?step=10")
    play.page.locator("network-drawing [data-place='1,3']").hover()
    tip = play.page.locator("value-tip .tip")
    assert "layer 1, neuron 3" in tip.inner_text()
    box = tip.locator("canvas").bounding_box()
    assert box["width"] > 2.5 * play.page.locator("network-drawing [data-place='1,3']").bounding_box()["width"]
    high = play.header["maps"]["scale"][1][3]
    assert f"to {high:.3g}" in tip.inner_text() or f"to {high:.2f}" in tip.inner_text()


def test_fault_tooltips_freeze_while_playing(play):
    play.open("?step=10")
    play.page.locator("network-drawing [data-place='1,3']").hover()
    before = play.page.locator("value-tip td.full").first.inner_text()
    play.page.keyboard.press("ArrowRight")
    play.settled()
    after = play.page.locator("value-tip td.full").first.inner_text()
    assert after != before
    assert float(after.replace("−", "-")) == play.header["b"][0][3]


def test_fault_hover_on_the_loss_curve_shows_no_values(play):
    play.open("?step=500")
    box = play.page.locator("loss-curves canvas").bounding_box()
    play.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 40)
    tip = play.page.locator("loss-curves .tip")
    step = int(tip.locator("b").inner_text())
    assert 150 < step < 350
    curve = play.header["curve"]
    at = curve["step"].index(step)
    told = [float(text) for text in tip.locator("td").all_inner_texts()]
    assert told == pytest.approx([curve["train"][at], curve["test"][at]], abs=6e-5)


def test_fault_no_live_value_under_the_pointer_and_a_click_on_empty_surface_picks_a_far_sample(play):
    play.open("?step=300")
    box = play.page.locator("decision-surface canvas").bounding_box()
    place = (box["x"] + 0.9 * box["width"], box["y"] + 0.06 * box["height"])
    play.page.mouse.move(*place)
    assert "probability of 1" in play.page.locator("decision-surface .tip").inner_text()
    play.page.mouse.click(*place)
    assert play.store("store.view.sample") == ""
    point = play.store("store.run.data.train.points[7]")
    (left, right), (bottom, top) = play.store("store.run.data.domain")
    play.page.mouse.click(
        box["x"] + (point[0] - left) / (right - left) * box["width"],
        box["y"] + (top - point[1]) / (top - bottom) * box["height"],
    )
    assert play.store("store.view.sample") == "7"


def test_fault_the_output_unit_and_the_surface_have_two_colour_codes(play):
    """Left and right of the border the unit's map has the hues of the surface."""
    play.open("?data=gaussians&hidden=&step=200")
    hues = play.page.evaluate(
        """async () => {
          const part = document.querySelector('network-drawing');
          const { nodes, side } = part.drawing;
          const node = nodes[1][0];
          const of = (canvas, x, y) => {
            const ratio = canvas.width / canvas.getBoundingClientRect().width;
            return [...canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data].slice(0, 3);
          };
          const surface = document.querySelector('decision-surface canvas');
          const width = surface.getBoundingClientRect().width;
          const drawing = part.querySelector('canvas');
          return [[0.1, 0.8], [0.8, 0.15]].map(([x, y]) => [of(drawing, node.x + (x - 0.5) * side, node.y + (y - 0.5) * side), of(surface, x * width, y * width)]);
        }"""
    )
    for unit, surface in hues:
        assert max(abs(a - b) for a, b in zip(unit, surface, strict=True)) < 24


def test_test_points_are_rings_and_training_points_are_filled(play):
    """Friction: the lesson called them dark rings."""
    play.page.emulate_media(color_scheme="light")
    play.open("?data=gaussians&noise=0.3&hidden=&step=200")
    middles = play.page.evaluate(
        """async () => {
          const { store } = await import(new URL('static/app/page.js', document.baseURI).href);
          const { data } = store.run;
          const [[left, right], [bottom, top]] = data.domain;
          const canvas = document.querySelector('decision-surface canvas');
          const { width, height } = canvas;
          const all = [...data.train.points, ...data.test.points];
          const alone = (one) => all.filter(([x, y]) => Math.hypot((x - one[0]) / (right - left), (y - one[1]) / (top - bottom)) < 0.04).length === 1;
          const middle = ([x, y]) => [...canvas.getContext('2d').getImageData(
            Math.round((x - left) / (right - left) * width), Math.round((top - y) / (top - bottom) * height), 1, 1).data].slice(0, 3);
          return ['train', 'test'].map((part) => data[part].points.filter(alone).map(middle));
        }"""
    )
    filled, rings = ([sum(colour) / 3 for colour in part] for part in middles)
    assert len(filled) >= 4
    assert len(rings) >= 1
    assert max(filled) < 170  # the class's colour
    assert min(rings) > 235  # the paper's


def test_fault_the_label_of_a_pressed_button_vanishes_under_the_pointer(play):
    def contrast(colours):
        parts = [[int(part) / 255 for part in re.findall(r"\d+", each)[:3]] for each in colours]
        linear = [[p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in each] for each in parts]
        low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
        return (high + 0.05) / (low + 0.05)

    for scheme in ("light", "dark"):
        play.page.emulate_media(color_scheme=scheme)
        play.open("?step=10&glass=1")
        for name in ("Glass", "Play"):
            button = play.page.get_by_role("button", name=name, exact=True)
            button.hover()
            colours = button.evaluate(
                """(each) => {
                  const paper = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
                  return ['color', 'backgroundColor'].map((name) => {
                    paper.fillStyle = getComputedStyle(each)[name];
                    paper.fillRect(0, 0, 1, 1);
                    return `rgb(${[...paper.getImageData(0, 0, 1, 1).data].slice(0, 3)})`;
                  });
                }"""
            )
            assert contrast(colours) >= 4.5, (scheme, name, colours)


@pytest.mark.parametrize("width", WIDTHS)
def test_fault_the_page_scrolls_sideways_and_captions_overlap(play, width):
    play.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    for query in (
        "?step=40&hidden=8,8,8,8,8,8",
        "?step=40&glass=1&entry=W1,0,0&hidden=8,8,8",
        "?step=40&compare=rate%3D1",
        "?size=projector&data=sine",
    ):
        play.open(query)
        if "glass" in query:
            play.until("store.worked")
        assert play.page.evaluate("document.documentElement.scrollWidth") <= width
        for selector in (".drawing .columns", ".pictures", ".top nav", ".time"):
            boxes = play.page.evaluate(
                """(selector) => [...document.querySelectorAll(selector)].map((each) => [...each.children].map((child) => {
                  const { left, right, top, bottom } = child.getBoundingClientRect();
                  return { left, right, top, bottom };
                }).filter(({ left, right }) => right > left))""",
                selector,
            )
            for row in boxes:
                for index, one in enumerate(row):
                    assert one["left"] >= -1
                    assert one["right"] <= width + 1, (query, selector)
                    for other in row[index + 1 :]:
                        across = min(one["right"], other["right"]) - max(one["left"], other["left"])
                        down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
                        assert across <= 1 or down <= 1, (query, selector, one, other)


def test_without_controls_the_glass_leaves_the_network_its_room(play):
    play.open("?step=40&hide=controls&glass=1")
    play.until("store.worked")
    assert play.page.locator("network-drawing").bounding_box()["width"] > 400


@pytest.mark.parametrize("size", [(375, 812), (683, 384)])  # a phone; a laptop at 200 %
def test_fault_a_tap_on_a_neuron_opens_the_glass_below_and_nothing_scrolls(play, size):
    play.page.emulate_media(reduced_motion="reduce")
    play.page.set_viewport_size({"width": size[0], "height": size[1]})
    play.open("?step=40")
    play.page.locator("network-drawing [data-place='1,3']").click()
    play.until("store.glass && document.querySelector('.glass').getBoundingClientRect().top < innerHeight / 3")


def test_fault_forced_colours_hide_what_is_chosen(play):
    play.page.emulate_media(forced_colors="active")
    play.open("?step=10&glass=1&sample=3")
    play.until("store.worked")
    shade = "(each) => getComputedStyle(each).backgroundColor"
    for chosen, other in (
        ("button[aria-pressed='true']", "button[aria-pressed='false']"),
        ("[role=tab][aria-selected='true']", "[role=tab][aria-selected='false']"),
        (".symbol[aria-current='step']", ".symbol[aria-current='false']"),
    ):
        assert play.page.locator(chosen).first.evaluate(shade) != play.page.locator(other).first.evaluate(shade)


def test_fault_single_letter_keys_cannot_be_switched_off(play):
    play.open("?step=10")
    play.page.keyboard.press("?")
    play.page.get_by_label("Keys that are a single letter or sign").uncheck()
    play.page.keyboard.press("Escape")
    seed = play.query["seed"]
    for key in ("r", "g", "c", "l", "?"):
        play.page.keyboard.press(key)
    play.settled()
    assert (play.query["seed"], play.store("store.view.glass"), play.store("store.runs.length")) == (seed, "", 1)
    play.page.keyboard.press("ArrowRight")
    play.settled()
    assert play.step == 11
    assert "keys=off" in play.store("store.address")


def test_large_type_for_a_projector(play):
    play.open("?step=10")
    before = play.page.locator("h1").bounding_box()["height"]
    play.open("?step=10&size=projector")
    assert play.page.locator("h1").bounding_box()["height"] > 1.3 * before
    assert play.page.get_by_role("button", name="Controls").get_attribute("aria-expanded") == "false"
    play.page.get_by_role("button", name="Controls").click()
    assert play.page.locator("set-up").is_visible()


def test_fault_compare_says_no_word_of_what_to_do_and_its_column_is_empty(play):
    play.open("?step=40")
    play.page.get_by_role("button", name="Compare").click()
    play.settled()
    assert "Both runs are the same so far" in play.page.locator("run-comparison").inner_text()
    play.set("input[name=rate]", 8)
    table = play.page.locator("run-comparison").inner_text()
    for words in ("learning rate", "training loss", "test accuracy"):
        assert words in table


@pytest.mark.parametrize(("width", "lang"), [(320, "en"), (375, "en"), (375, "de")])
def test_on_a_phone_the_bar_of_time_takes_two_rows(play, width, lang):
    play.page.set_viewport_size({"width": width, "height": 800})
    play.open(f"?step=1000&hidden=4&lang={lang}")
    tops = play.page.evaluate(
        """[...document.querySelector('time-line .time').children].map((each) => each.getBoundingClientRect())
          .map(({ top, bottom }) => Math.round((top + bottom) / 2)).sort((a, b) => a - b)"""
    )
    rows = 1 + sum(after - before > 16 for before, after in itertools.pairwise(tops))
    assert rows == 2, tops
    assert play.page.evaluate("document.documentElement.scrollWidth") <= width
