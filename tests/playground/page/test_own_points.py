"""Own data on the page: columns to choose from, the file's units, points drawn and moved by hand, numbers y over x."""

import json
import subprocess
import sys
import urllib.request

import pytest

from .places import PLACE

TABLE = "width,height,colour,price\n" + "\n".join(
    f"{100 + k},{(k * 37) % 41 / 10},{('red', 'blue')[k % 2]},{3.5 * k + 0.25}" for k in range(60)
)


def place(play, x, y):
    """A place of the window for a place of the plane."""
    box = play.page.locator("decision-surface canvas").bounding_box()
    (left, right), (bottom, top) = play.store("store.run.data.domain")
    return box["x"] + (x - left) / (right - left) * box["width"], box["y"] + (top - y) / (top - bottom) * box["height"]


def drag(play, *places):
    play.page.mouse.move(*place(play, *places[0]))
    play.page.mouse.down()
    for each in places[1:]:
        play.page.mouse.move(*place(play, *each))
    play.page.mouse.up()
    play.settled()


@pytest.fixture
def table(tmp_path):
    (tmp_path / "own.csv").write_text(TABLE)
    return tmp_path / "own.csv"


def test_fault_axes_in_standard_units_without_a_word_and_exactly_three_columns(play, table):
    play.open("?step=20")
    play.page.locator("input[type=file]").set_input_files(table)
    play.until("store.run.data?.names[0] === 'width'")
    surface = play.page.locator("decision-surface")
    assert "width 16" in surface.locator(".x1").inner_text()  # 163 or so, in the file's units
    assert "price" in surface.locator("figcaption").inner_text()
    play.page.locator("select[name=target]").select_option("colour")
    play.page.locator("select[name=y]").select_option("price")
    play.until("store.run.data?.classes?.[0] === 'blue'")
    play.settled()
    assert (play.query["y"], play.query["target"]) == ("price", "colour")
    assert "price 2" in surface.locator(".y1").inner_text()
    assert play.store("store.run.data.feature_names") == ["width", "price"]
    if PLACE != "widget":  # which its cell makes anew
        play.until("location.search.includes('price')")
        play.page.reload()
        play.settled()
        assert play.store("store.run.data.names") == ["width", "price", "colour"]


def test_a_target_over_one_column(play, table):
    play.open()
    play.page.locator("input[type=file]").set_input_files(table)
    play.until("store.run.data?.names[0] === 'width'")
    play.page.locator("select[name=y]").select_option("-")
    play.until("store.run.data?.graph")
    play.settled()
    assert len(play.header["W"][0]) == 1
    assert play.page.locator("input[name=feature-y]").count() == 0


def test_a_link_says_what_of_a_table_it_holds(play, table):
    """A link to a table of one's own claimed to hold everything."""
    play.open("?step=5")
    page = play.page
    page.locator("input[type=file]").set_input_files(table)
    play.until("store.run.data?.names[0] === 'width'")
    page.get_by_role("button", name="Share").click()
    told = page.locator("dialog.share > p").first
    assert "not its 60 rows" in told.inner_text()
    assert told.get_by_role("button").count() == 0  # numbers in the plane: an address holds none
    page.keyboard.press("Escape")
    page.locator("select[name=target]").select_option("colour")
    play.until("store.run.data?.classes?.length === 2")
    page.get_by_role("button", name="Share").click()
    told.get_by_role("button", name=f"Put the points into the {'line' if PLACE == 'widget' else 'address'}").click()
    play.until("store.run.query.data.startsWith('points:')")
    assert ("to the last bit" if PLACE == "widget" else "holds everything") in told.inner_text()


@pytest.mark.parametrize("data", ["sine", "plane"])
def test_numbers_of_the_plane_become_points_of_y_over_x(play, data):
    """Numbers in the plane could not be edited by hand: drawing began with a wave that had nothing to do with them."""
    play.open(f"?data={data}&n=50&step=5")
    before = play.store("store.run.data.train")
    play.page.get_by_role("button", name="Draw y over x").click()
    play.until("store.run.query.data.startsWith('curve:') && store.run.data?.graph")
    play.settled()
    after = play.store("store.run.data.train")
    wanted = [[x, y] for (x, _), y in zip(before["points"], before["targets"], strict=True)]
    assert len(after["points"]) == len(wanted)
    assert all(a == pytest.approx(b, abs=2e-4) for a, b in zip(after["points"], wanted, strict=True))
    play.page.get_by_role("button", name="Move points").click()
    x, y = after["points"][0]
    drag(play, (x, y), (x, y + 0.1))
    assert play.store("store.run.data.train.targets")[0] == pytest.approx(y + 0.1, abs=0.02)
    play.page.keyboard.press("Control+z")
    play.page.keyboard.press("Control+z")
    play.settled()
    assert play.query["data"] == data


def test_a_point_moves_and_the_link_keeps_it(play):
    play.open("?data=gaussians&n=50&step=30")
    before = play.store("store.run.data.train.points")
    loss = play.header["loss"]["train"]
    play.page.get_by_role("button", name="Edit points").click()
    play.page.get_by_role("button", name="Move points").click()
    x, y = before[0]
    drag(play, (x, y), (x + 0.2, y - 0.1), (-0.1, 0.2))
    play.until("store.run.query.data.startsWith('points:')")
    play.settled()
    after = play.store("store.run.data.train.points")
    assert after[0] == pytest.approx([-0.1, 0.2], abs=0.02)
    assert all(a == pytest.approx(b, abs=2e-4) for a, b in zip(after[1:], before[1:], strict=True))
    assert play.header["loss"]["train"] != loss
    if PLACE != "widget":  # which its cell makes anew
        play.until("location.search.includes('points:')")
        play.page.reload()
        play.settled()
        assert play.store("store.run.data.train.points") == after


def test_points_are_drawn_erased_and_cleared(play):
    play.open("?data=gaussians&n=20&step=5")
    page = play.page
    page.get_by_role("button", name="Draw points", exact=True).click()
    page.get_by_role("button", name="Draw points of class 2").click()
    drag(play, (0.9, -0.9), (1.0, -0.5), (1.0, -0.1))
    play.until("store.run.data.classes?.length === 3")
    play.settled()
    assert len(play.header["b"][-1]) == 3
    count = "store.run.data.train.points.length + store.run.data.test.points.length"
    drawn = play.store(count)
    assert drawn > 21
    page.get_by_role("button", name="Erase points", exact=True).click()
    drag(play, (1.0, -0.1), (1.0, -0.1))
    play.until(f"{count} < {drawn}")
    page.get_by_role("button", name="Erase all points").click()
    assert "more: every fifth point is a test point" in page.locator(".tools + [role=status]").inner_text()
    page.get_by_role("button", name="Draw points of class 0").click()
    page.mouse.move(*place(play, 0, 0))
    drag(play, (-0.9, -0.9), (-0.6, -0.3), (-0.9, 0.3))
    page.get_by_role("button", name="Draw points of class 1").click()
    drag(play, (0.6, -0.9), (0.9, -0.3), (0.6, 0.3), (0.9, 0.6))
    play.until(f"{count} >= 5 && {count} < 12")
    play.settled()
    assert play.store("store.run.error") is None


def test_points_are_drawn_by_the_keyboard(play):
    play.open("?data=gaussians&n=20&step=5")
    play.page.get_by_role("button", name="Draw points", exact=True).click()
    play.page.get_by_role("application", name="Points by hand").focus()
    for key in ("ArrowRight", "Shift+ArrowUp", "Enter"):
        play.page.keyboard.press(key)
    play.until("store.run.query.data.startsWith('points:')")
    play.settled()
    assert play.store("store.run.data.train.points.length + store.run.data.test.points.length") == 21
    assert play.step == 5  # the arrows belonged to the picture


def test_numbers_y_over_x_by_hand(play):
    play.open("?activation=tanh")
    play.page.get_by_role("button", name="Draw y over x").click()
    play.until("store.run.data?.graph && store.run.frame?.header.surface.kind === 'graph'")
    play.settled()
    before = play.pixels("decision-surface")
    drag(play, (0.0, 1.0), (0.0, 1.0))
    play.until("store.run.data.train.points.length + store.run.data.test.points.length === 26")
    play.settled()
    assert play.pixels("decision-surface") != before
    play.set("time-line input[type=range]", 800)
    assert play.header["metric"]["train"] > 0.5
    play.page.get_by_role("button", name="two moons", exact=True).click()
    play.settled()
    assert len(play.header["W"][0]) == 2  # both inputs again


@pytest.mark.place(why="looks at a server of its own")
def test_fault_own_data_die_with_the_server(play, table):
    """Another server at the same address, which has never seen the file, gets it from the tab."""
    port = "18" + str(play.page.evaluate("Math.floor(100 + 800 * Math.random())"))

    def start():
        process = subprocess.Popen([sys.executable, "-m", "glassnet", "play", "--port", port, "--no-browser"], stdout=subprocess.PIPE, text=True)  # fmt: skip
        process.stdout.readline()
        return process

    def stop(process):
        process.terminate()
        process.communicate()

    first = start()
    play.server = f"http://localhost:{port}"
    play.open("?step=5")
    play.page.locator("input[type=file]").set_input_files(table)
    play.until("store.run.data?.names[0] === 'width'")
    play.settled()
    losses = play.header["loss"]
    address = play.store("store.address")
    stop(first)
    second = start()
    try:
        play.open(address)
        assert play.header["loss"] == losses
        play.page.keyboard.press("ArrowRight")
        play.settled()
        assert play.header["step"] == 6
        with urllib.request.urlopen(f"{play.server}/data{address}") as answer:
            assert json.loads(answer.read())["names"][0] == "width"
    finally:
        play.problems.clear()  # the browser's own word on the refusal, and on the server that was gone
        stop(second)
