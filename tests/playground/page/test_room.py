"""The parts have room: on a laptop with the glass open, on a tablet, on a phone, and beside a second run."""

import pytest

REACHED = """async () => {
  const missed = [];
  const controls = 'button, input, select, summary, a, textarea';
  for (const each of document.querySelectorAll(controls)) {
    if (!each.checkVisibility({ opacityProperty: false, visibilityProperty: true }) || each.disabled || each.closest('.skip, .unseen')) continue;
    each.scrollIntoView({ block: 'center', behavior: 'instant' });
    const whole = each.closest('label') ?? each;
    const own = each.getBoundingClientRect();
    const { left, top, width, height } = Math.min(own.width, own.height) >= 24 ? own : whole.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    const hits = [[0, 0], [11.4, 0], [-11.4, 0], [0, 11.4], [0, -11.4]].map(([dx, dy]) => {
      const found = document.elementFromPoint(x + dx, y + dy);
      return found && (whole.contains(found) || found.closest('label') === whole);
    });
    if (hits.includes(false) || hits.includes(null)) missed.push([each.tagName, each.name || each.ariaLabel || each.textContent.trim(), Math.round(width), Math.round(height)]);
  }
  return missed;
}"""


def box(play, selector, index=0):
    """Left, top, right and bottom of a part."""
    return play.page.locator(selector).nth(index).evaluate(
        "(each) => { const { left, top, right, bottom } = each.getBoundingClientRect(); return [left, top, right, bottom]; }"
    )  # fmt: skip


@pytest.mark.parametrize("width", [320, 375])
@pytest.mark.parametrize("query", ["?step=40", "?step=40&glass=1&entry=W1,0,0&sample=3", "?step=40&compare=rate%3D1", "?lesson=neuron:2"])  # fmt: skip
def test_fault_on_a_phone_31_targets_are_under_24_pixels(play, width, query):
    play.page.set_viewport_size({"width": width, "height": 812})
    play.open(query)
    if "glass" in query:
        play.until("store.worked")
    assert play.page.evaluate(REACHED) == []


@pytest.mark.parametrize(("size", "least"), [((768, 1024), 210), ((820, 760), 155)])
def test_fault_on_a_tablet_the_glass_leaves_no_room(play, size, least):
    """The surface was a stamp or had an empty strip below it, the slider was no wider than its knob, a line of text was cut off."""
    play.page.set_viewport_size({"width": size[0], "height": size[1]})
    play.open("?step=40&glass=1&entry=W1,0,0")
    play.until("store.worked")
    left, _, right, bottom = box(play, "decision-surface canvas")
    assert right - left >= least
    assert box(play, "network-drawing")[3] - box(play, "network-drawing")[1] >= 300
    assert box(play, "decision-surface")[3] - bottom <= 90  # no more than its caption
    slider = box(play, "one-weight input[type=range]")
    assert slider[2] - slider[0] >= 100
    line = play.page.locator(".glass .line")
    assert line.evaluate("(each) => each.scrollWidth - each.clientWidth") <= 1
    for index in range(8):  # no tile of the data is cut off, also when the controls are open
        play.page.get_by_role("button", name="Controls").click() if index == 0 else None
        tile, all_tiles = box(play, ".pictures button", index), box(play, "set-up")
        assert all_tiles[0] <= tile[0] < tile[2] <= all_tiles[2] + 1


def test_fault_on_a_laptop_the_glass_hides_update_and_the_controls_keep_their_width(play):
    play.open("?step=30&glass=1&sample=17&entry=W1,0,3&hidden=4,4")
    play.until("store.worked")
    assert box(play, ".left")[2] < 50  # folded; a click brings them back
    right = box(play, ".samples")[0]
    for stage in ("forward", "loss", "backward", "update"):
        jump = play.page.locator(".phases button", has_text=stage)
        left, _, end, bottom = jump.evaluate(
            "(each) => { const { left, top, right, bottom } = each.getBoundingClientRect(); return [left, top, right, bottom]; }"
        )
        assert 0 < left < end < right
        assert bottom < 768
        jump.click()
        assert jump.get_attribute("aria-pressed") == "true"
        symbol = play.store("store.glass.symbol")
        assert play.store(f"store.glass.derivation.steps.find(({{symbol}}) => symbol === {symbol!r}).stage") == stage
        current = play.page.locator("the-glass [aria-current=step]")
        assert current.evaluate(
            """(each) => { const [part, whole] = [each, each.closest('.stages')].map((one) => one.getBoundingClientRect());
              return part.left >= whole.left - 1 && part.right <= whole.right + 1; }"""
        )
    first = play.page.locator("one-weight .formula math").nth(1)
    assert first.evaluate("(each) => each.getBoundingClientRect().bottom") < 768  # the chain rule, symbols and numbers
    view = play.page.locator("one-weight .view")
    assert view.evaluate(
        "(each) => getComputedStyle(each).backgroundAttachment.includes('local')"
    )  # the sign of more below
    play.page.get_by_role("button", name="Controls").click()
    assert play.page.locator("set-up").is_visible()


def test_fault_beside_a_second_run_the_surfaces_are_stamps(play):
    for query, least in (("", 260), ("&glass=1", 180)):
        play.open(f"?step=40&compare=rate%3D1{query}")
        for run in (0, 1):
            left, _, right, _ = box(play, "decision-surface canvas", run)
            assert right - left >= least
        top, bottom = box(play, ".right")[1::2]
        filled = box(play, "run-comparison")[3] - box(play, "run-panels")[1]
        assert filled > 0.6 * (bottom - top)  # the right column was two thirds empty


def test_fault_on_a_wide_screen_type_is_small_and_the_network_has_half_its_room(play):
    play.page.set_viewport_size({"width": 1920, "height": 1080})
    play.open("?step=40")
    sizes = play.page.evaluate(
        """[...document.querySelectorAll('*')].filter((each) => each.checkVisibility() && !each.closest('.unseen')
          && [...each.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim()))
          .map((each) => parseFloat(getComputedStyle(each).fontSize))"""
    )
    assert min(sizes) >= 12
    assert sorted(sizes)[len(sizes) // 2] >= 14
    left, top, right, bottom = box(play, "network-drawing")
    units = [box(play, "network-drawing .units button", index) for index in range(13)]
    assert max(unit[2] for unit in units) - min(unit[0] for unit in units) > 0.8 * (right - left)
    assert max(unit[3] for unit in units) - min(unit[1] for unit in units) > 0.75 * (bottom - top)
    assert right - left > 0.5 * 1920


def test_fault_the_word_on_an_overflow_names_no_control_that_is_not_there_and_covers_the_drawing(play):
    play.open("?data=plane&rate=1000&step=200&hidden=8,8")
    alert = play.page.locator("network-drawing [role=alert]")
    text = alert.inner_text()
    assert "clip" not in text
    assert "epoch" not in text
    assert "Set a lower learning rate." in text
    top = alert.evaluate("(each) => each.getBoundingClientRect().top")
    for unit in play.page.locator("network-drawing .units button").all():
        assert unit.evaluate("(each) => each.getBoundingClientRect().bottom") <= top


def test_five_classes_fit_beside_the_surface_of_a_tablet(play):
    play.page.set_viewport_size({"width": 768, "height": 1024})
    play.open("?data=blobs&classes=5&step=40&panel=confusion")
    play.page.wait_for_selector(".confusion")
    assert box(play, ".confusion")[2] <= box(play, "run-panels")[2] + 1
    assert play.page.locator(".panel").evaluate("(each) => each.scrollWidth - each.clientWidth") <= 1


def test_a_low_tablet_shows_the_result_and_what_it_came_of(play):
    """One matrix was to be seen, cut off at its numbers."""
    play.page.set_viewport_size({"width": 820, "height": 760})
    play.open("?step=40&hidden=4,3&glass=1&sample=3&entry=W1,0,0&stage=dA1")
    play.until("store.worked")
    seen = """(each) => {
      const { left, bottom } = each.getBoundingClientRect();
      return each.contains(document.elementFromPoint(left + 40, bottom - 4));
    }"""
    assert play.page.locator(".matrix").nth(1).evaluate(seen)


def test_the_smallest_phone_has_one_row_of_buttons(play):
    play.page.set_viewport_size({"width": 320, "height": 640})
    play.open("?step=40")
    tops = play.page.locator(".top nav").evaluate("(nav) => [...nav.querySelectorAll('button, select')].map((each) => each.getBoundingClientRect()).filter(({ height }) => height).map(({ top, height }) => Math.round(top + height / 2))")  # fmt: skip
    assert len(tops) >= 6
    assert len(set(tops)) == 1
