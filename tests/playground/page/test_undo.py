"""Nothing is lost: undo and redo, Back and Forward, the reader's own run after a lesson, and an address that is true."""

import json

import pytest

from .places import PLACE

STEP = "store.run.frame?.header.step === store.step && !store._busy"


def state(play):
    """The runs, the step and the picture of the page."""
    play.settled()
    return play.store("[store.runs.map((run) => run.query), store.step, store.runs.map((run) => run.frame.header.W)]")


CHANGES = {
    "a data set": lambda page: page.get_by_role("button", name="circles", exact=True).click(),
    "noise": lambda page: page.locator("input[name=noise]").fill("0.5"),
    "points": lambda page: page.locator("input[name=n]").fill("3"),
    "test share": lambda page: page.locator("input[name=test]").fill("0.5"),
    "seed of the data": lambda page: page.locator("input[name=data_seed]").fill("7") or page.keyboard.press("Enter"),
    "an input": lambda page: page.locator("input[name=feature-xx]").check(force=True),
    "a width": lambda page: page.get_by_role("button", name="Layer 1: one unit less").click(),
    "a width typed": lambda page: page.get_by_label("Layer 1: units").fill("3") or page.keyboard.press("Enter"),
    "a layer more": lambda page: page.get_by_role("button", name="+ hidden layer").click(),
    "no layer": lambda page: page.get_by_role("button", name="Remove layer 1").click(),
    "an activation": lambda page: page.get_by_label("Layer 1: activation").select_option("tanh"),
    "initial weights": lambda page: page.locator("select[name=init]").select_option("zeros"),
    "seed": lambda page: page.locator("input[name=seed]").fill("9") or page.keyboard.press("Enter"),
    "new seed": lambda page: page.get_by_role("button", name="New seed").click(),
    "optimizer": lambda page: page.locator("select[name=optimizer]").select_option("adam"),
    "learning rate": lambda page: page.locator("input[name=rate]").fill("4"),
    "loss": lambda page: page.locator("select[name=loss]").select_option("squared_error"),
    "batch": lambda page: page.locator("input[name=batch]").fill("4"),
    "L1": lambda page: page.locator("input[name=l1]").fill("5"),
    "L2": lambda page: page.locator("input[name=l2]").fill("5"),
    "dropout": lambda page: page.locator("input[name=dropout]").fill("0.5"),
    "an edit taken back": lambda page: page.locator("time-line .marks button").click(),
    "compare": lambda page: page.get_by_role("button", name="Compare").click(),
}


def test_every_change_can_be_undone_and_redone(play):
    """Fault 10: there was no undo, and a change of data or width dropped the edits by hand for good."""
    play.open("?step=30&edits=10:W1,0,0=1")
    page = play.page
    before = state(play)
    for name, change in CHANGES.items():
        change(page)
        after = state(play)
        assert after[0] != before[0], name
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Control+z")
        assert state(play) == before, name
        page.keyboard.press("Control+Shift+z")
        assert state(play) == after, name
        page.get_by_role("button", name="Undo", exact=True).first.click()
        assert state(play) == before, name


def test_edits_by_hand_that_a_change_drops_are_told_and_come_back(play):
    """Fault 10: they went silently."""
    play.open("?step=30&edits=10:W1,0,0=1;20:b2,0=0.5")
    play.page.get_by_role("button", name="circles", exact=True).click()
    play.settled()
    notice = play.page.locator("page-notice")
    assert "2 changes by hand went with the old network" in notice.inner_text()
    notice.get_by_role("button", name="Undo").click()
    play.settled()
    assert (play.query["data"], play.query["edits"]) == ("moons", "10:W1,0,0=1;20:b2,0=0.5")
    assert notice.inner_text() == ""


def test_a_drag_is_one_change(play):
    play.open("?step=30")
    field = play.page.locator("input[name=noise]")
    box = field.bounding_box()
    play.page.mouse.move(box["x"] + 20, box["y"] + 5)
    play.page.mouse.down()
    for x in range(20, 80, 10):
        play.page.mouse.move(box["x"] + x, box["y"] + 5)
    play.page.mouse.up()
    play.settled()
    assert play.query["noise"] != "0.2"
    play.page.keyboard.press("Control+z")
    play.settled()
    assert play.query["noise"] == "0.2"
    assert play.page.get_by_role("button", name="Undo", exact=True).is_disabled()


def test_undo_belongs_to_a_field_while_one_types(play):
    play.open("?step=30")
    play.page.get_by_role("button", name="circles", exact=True).click()
    play.settled()
    field = play.page.locator("input[name=seed]")
    field.press_sequentially("7")
    play.page.keyboard.press("Control+z")
    play.settled()
    assert play.query["data"] == "circles"


@pytest.mark.place("prefix", why="Back belongs to the page around it")
def test_back_and_forward_go_through_the_states(play):
    """Fault 10: Back left the page."""
    play.open("?step=30")
    page = play.page
    first = state(play)
    page.get_by_role("button", name="circles", exact=True).click()
    play.settled()
    page.get_by_role("button", name="One step on").click()
    second = state(play)
    page.locator("select[name=optimizer]").select_option("adam")
    third = state(play)
    for move, wanted in [("back", second), ("back", first), ("forward", second), ("forward", third), ("back", second)]:
        page.evaluate(f"history.{move}()")
        play.until(f"{STEP} && JSON.stringify(store.runs.map((run) => run.query)) === {wanted_text(wanted)!r}")
        assert state(play) == wanted
    assert second[1] == 31
    page.keyboard.press("Control+z")
    assert state(play) == first  # undo and Back are one way
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    assert state(play) == third
    play.until("history.state.at === 2")
    page.evaluate("history.back()")
    play.until("history.state.at === 1")
    assert state(play) == second


@pytest.mark.place("prefix", why="a widget has no address bar, and Back belongs to the page around a frame")
def test_undo_within_the_first_second_after_a_reload_changes_the_address(play):
    """The address stayed that of the state before, on a machine that loads the page fast."""
    play.open("?step=30")
    play.page.get_by_role("button", name="circles", exact=True).click()
    play.until("location.search.includes('data=circles')")
    play.page.reload()
    play.settled()
    play.page.evaluate("performance.now = () => 500")
    play.page.keyboard.press("Control+z")
    play.page.evaluate("delete performance.now")
    play.until("store.step === 30 && location.search === '?step=30'")


def wanted_text(wanted):
    return json.dumps(wanted[0], separators=(",", ":"), ensure_ascii=False)


@pytest.mark.place("prefix", "frame", why="a widget has no address bar and is made anew by its cell")
def test_undo_works_after_a_reload(play):
    play.open("?step=30")
    first = state(play)
    play.page.get_by_role("button", name="circles", exact=True).click()
    second = state(play)
    play.until("location.search.includes('circles')")
    play.page.reload()
    assert state(play) == second
    play.page.keyboard.press("Control+z")
    assert state(play) == first
    play.page.keyboard.press("Control+Shift+z")
    assert state(play) == second


def test_a_lesson_gives_one_s_own_run_back(play):
    """Fault 10: a lesson took the place of the run, and leaving it did not bring that back."""
    play.open("?data=xor&hidden=5,3&step=77&edits=10:W1,0,0=1")
    own = state(play)
    page = play.page
    page.keyboard.press("l")
    page.locator(".lessons li button").first.click()
    play.settled()
    assert play.query["data"] != "xor"
    page.get_by_role("button", name="Next", exact=True).click()
    lesson = state(play)
    if PLACE != "widget":  # which its cell makes anew
        page.reload()
    assert state(play) == lesson
    page.get_by_role("button", name="Leave the lesson").click()
    assert state(play) == own
    page.keyboard.press("Control+z")
    assert state(play) == lesson
    page.get_by_role("button", name="Keep this run").click()
    assert page.locator(".lesson").count() == 0
    assert state(play) == lesson


def test_a_lesson_beside_another_run_says_so(play):
    play.open("?lesson=rate&seed=7")
    note = play.page.locator(".lesson .note", has_text="The run is not the one of this text")
    note.get_by_role("button", name="Show the lesson's run").click()
    play.settled()
    assert note.count() == 0
    assert play.query["seed"] == "42"


@pytest.mark.place("prefix", "frame", why="a widget has no address bar and is made anew by its cell")
def test_the_address_is_true_while_playing_and_after_a_reload(play):
    """Fault 11: it was that of the last pause."""
    play.open("?step=3")
    play.page.keyboard.press(" ")
    play.until("store.step > 60")
    play.until("Number(new URLSearchParams(location.search).get('step')) > 40")
    step = play.step
    play.page.reload()
    play.settled()
    assert abs(play.step - step) < 60
    assert play.header["step"] == play.step


@pytest.mark.place("prefix", "frame", why="a widget has no address bar and is made anew by its cell")
def test_a_reload_keeps_the_panel_and_the_run_that_the_controls_change(play):
    play.open("?step=20&compare=rate%3D1&active=1")
    play.page.get_by_role("tab", name="Confusion").click()
    play.until("location.search.includes('panel=confusion')")
    play.page.reload()
    play.settled()
    assert play.query["rate"] == "1"
    assert play.page.locator("confusion-table").is_visible()


@pytest.mark.place("prefix", "frame", why="a widget has no address bar and is made anew by its cell")
def test_a_link_to_a_comparison_opens_that_comparison(play):
    """Fault 2: the link was decoded, and opened as another comparison."""
    play.open("?hidden=4&activation=tanh")
    page = play.page
    page.get_by_role("button", name="Compare").click()
    page.locator("select[name=optimizer]").select_option("adam")
    runs = state(play)
    page.get_by_role("button", name="Share").click()
    link = page.get_by_label("Address of this picture").input_value()
    page.keyboard.press("Escape")
    play.until(f"location.href === {link!r}")
    page.goto("about:blank")
    play.open(link.removeprefix(f"{play.server}/"))
    assert state(play) == runs


@pytest.mark.parametrize(("field", "typed", "shown"), [("input[name=seed]", "-5", "0"), ("[aria-label='Layer 1: units']", "77", "32")])  # fmt: skip
def test_a_field_shows_the_state(play, field, typed, shown):
    """Friction: −5 stayed in the field of the seed, and 77 in that of the units."""
    play.open("?seed=0&hidden=32")
    for _ in range(2):
        play.page.locator(field).fill(typed)
        play.page.keyboard.press("Enter")
        play.settled()
        assert play.page.locator(field).input_value() == shown


def test_new_seed_is_hidden_with_the_controls(play):
    play.open("?hide=controls")
    assert play.page.get_by_role("button", name="New seed").count() == 0
    play.page.keyboard.press("r")
    play.settled()
    assert play.query["seed"] == "42"
