"""Every control changes the run, and the picture with it."""


def test_first_picture_is_that_of_the_default_run(play):
    header = play.open().header
    assert header["step"] == 0
    assert play.query["hidden"] == "10"
    assert header["parameters"] == 41
    assert play.page.locator("network-drawing .units button").count() == 2 + 10 + 1
    assert "two moons · 2-10-1 · relu · sgd 0.1" in play.page.locator("top-line").inner_text()


def test_data_sets(play):
    before = play.open("?step=20").pixels("decision-surface")
    for label, name in [
        ("circles", "circles"),
        ("spirals", "spirals"),
        ("exclusive or", "xor"),
        ("two clouds", "gaussians"),
        ("plane", "plane"),
    ]:
        play.page.get_by_role("button", name=label, exact=True).click()
        play.settled()
        assert play.query["data"] == name
        assert play.step == 20
        assert play.header["loss"] == play.frame(f"data={name}&step=20")["loss"]
        after = play.pixels("decision-surface")
        assert after != before
        before = after


def test_blobs_of_up_to_five_classes(play):
    play.open("?data=blobs&step=50")
    assert len(play.header["confusion"]) == 3
    play.set("input[name=classes]", 5)
    assert len(play.header["confusion"]) == 5
    assert play.page.locator("decision-surface .key svg").count() == 5
    assert len(play.header["b"][-1]) == 5


def test_sliders(play):
    before = play.open("?step=30").header["W"]
    changes = ""
    for field, position, value in [
        ("noise", 0.5, "0.5"),
        ("n", 3, "200"),
        ("test", 0.5, "0.5"),
        ("rate", 4, "0.01"),
        ("batch", 4, "16"),
        ("l1", 5, "0.01"),
        ("l2", 5, "0.01"),
        ("dropout", 0.5, "0.5"),
    ]:
        play.set(f"input[name={field}]", position)
        assert play.query[field] == value
        changes += f"&{field}={value}"
        header = play.header
        assert header["W"] != before
        assert header["loss"] == play.frame(f"step=30{changes}")["loss"]
        before = header["W"]


def test_seeds_and_lists(play):
    before = play.open("?step=30").header["W"]
    for field, value in [
        ("data_seed", "7"),
        ("seed", "9"),
        ("optimizer", "adam"),
        ("optimizer", "nesterov"),
        ("loss", "squared_error"),
        ("init", "zeros"),
    ]:
        if field.endswith("seed"):
            play.page.locator(f"input[name={field}]").fill(value)
            play.page.keyboard.press("Enter")
        else:
            play.page.locator(f"select[name={field}]").select_option(value)
        play.settled()
        assert play.query[field] == value
        after = play.header["W"]
        assert after != before
        before = after


def test_new_seed_is_a_new_one_each_time(play):
    """Friction: it went through the same 20 seeds again and again."""
    play.open("?hidden=1&n=20")
    seen = set()
    for _ in range(30):
        play.page.keyboard.press("r")
        seen.add(play.query["seed"])
    assert len(seen) == 30
    play.settled()
    assert play.header["W"] == play.frame(f"hidden=1&n=20&seed={play.query['seed']}")["W"]


def test_the_loss_is_forgotten_where_the_task_changes(play):
    play.open("?data=plane&loss=huber&step=5")
    play.page.get_by_role("button", name="two moons", exact=True).click()
    play.settled()
    assert play.query["loss"] == ""
    assert play.store("store.run.error") is None


def test_layers_units_and_activations(play):
    play.open("?step=10")
    page = play.page
    page.get_by_role("button", name="Layer 1: one unit less").click()
    play.settled()
    assert play.query["hidden"] == "9"
    page.get_by_role("button", name="+ hidden layer").click()
    play.settled()
    assert [len(row) for row in play.header["b"]] == [9, 9, 1]
    page.get_by_label("Layer 2: units").fill("3")
    page.keyboard.press("Enter")
    page.get_by_label("Layer 2: activation").select_option("tanh")
    play.settled()
    assert play.header["activations"] == ["relu", "tanh", "sigmoid"]
    assert page.locator("network-drawing .units button").count() == 2 + 9 + 3 + 1
    page.get_by_role("button", name="Remove layer 1").click()
    play.settled()
    assert (play.query["hidden"], play.query["activation"]) == ("3", "tanh")
    page.get_by_role("button", name="Remove layer 1").click()
    play.settled()
    assert [len(row) for row in play.header["b"]] == [1]


def test_input_features(play):
    play.open("?data=circles&step=40&hidden=")
    play.page.get_by_label("x₁²").check(force=True)
    play.page.get_by_label("x₂²").check(force=True)
    play.settled()
    assert play.query["features"] == "x,y,xx,yy"
    assert len(play.header["W"][0]) == 4
    for name in ("xx", "yy", "y"):
        play.page.locator(f"input[name=feature-{name}]").uncheck(force=True)
    play.settled()
    assert play.query["features"] == "x"
    assert play.page.locator("input[name=feature-x]").is_disabled()


def test_a_table_of_ones_own(play, tmp_path):
    rows = [f"{i % 7 - 3},{i % 5 - 2},{'yes' if i % 7 > i % 5 else 'no'}" for i in range(60)]
    (tmp_path / "own.csv").write_text("width,height,grown\n" + "\n".join(rows) + "\n")
    play.open("?step=50")
    play.page.locator("input[type=file]").set_input_files(tmp_path / "own.csv")
    play.until("document.querySelector('set-up .note')?.textContent.includes('60 rows')")
    play.until("store.run.query.data.startsWith('csv:') && store.run.data?.classes?.includes('yes')")
    play.settled()
    assert "yes" in play.page.locator("decision-surface figcaption").inner_text()
    assert "width" in play.page.locator("decision-surface").inner_text()


def test_a_table_that_cannot_be_read_is_refused_in_words(play, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    play.open()
    play.problems.clear()
    play.page.locator("input[type=file]").set_input_files(tmp_path / "bad.csv")
    note = play.page.locator("set-up .note[role=status]")
    play.until("document.querySelector('set-up .note[role=status]')?.textContent.includes('expected')")
    assert "expected" in note.inner_text()
    assert play.query["data"] == "moons"
    play.problems.clear()  # the browser itself notes the 422


def test_theme_and_log_axis(play):
    play.open("?step=100")
    light, linear = play.pixels("decision-surface"), play.pixels("loss-curves")
    play.page.get_by_role("button", name="Dark colours").click()
    assert play.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert play.pixels("decision-surface") != light
    play.page.get_by_role("button", name="Light colours").click()
    assert play.pixels("decision-surface") == light
    play.page.get_by_label("log axis").check()
    assert play.pixels("loss-curves") != linear


def test_confusion_matrix_counts_the_test_points(play):
    play.open("?step=100")
    play.page.get_by_role("tab", name="Confusion").click()
    cells = [int(text) for text in play.page.locator("confusion-table td.num").all_inner_texts()]
    assert sum(cells) == 80
    assert (cells[0] + cells[3]) / 80 == play.header["metric"]["test"]
