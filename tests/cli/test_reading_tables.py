"""What the commands say of a table that they read: decisions, misspelt names, options that do not fit."""

import json

import pytest

import glassnet as gn


@pytest.fixture
def table(tmp_path):
    """A table of two columns and both kinds of targets."""
    rows = [f"{20 + 7 * k % 41}.5,{'xyz'[k % 3]},{('no', 'yes')[k % 2]},{k * 7 % 31}.25" for k in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["age,kind,sick,cost", *rows, ""]))
    return path


def model(glassnet, table, target):
    out = table.with_name(f"{target}.safetensors")
    done = glassnet("train", table, "--target", target, "--out", out, "--epochs", 2, "--no-figures")
    assert done.code == 0, done.err
    return out


def test_the_version(glassnet):
    done = glassnet("--version")
    assert (done.code, done.out) == (0, f"glassnet {gn.__version__}\n")


def test_a_target_in_another_case_is_suggested(glassnet, table):
    done = glassnet("train", table, "--target", "SICK")
    assert done.code == 2
    assert done.err.endswith("expected a column 'SICK'; got age, kind, sick, …; did you mean 'sick'?\n")


def test_probabilities_of_a_regression_are_refused_by_the_option(glassnet, table):
    done = glassnet("predict", model(glassnet, table, "cost"), table, "-p")
    assert (done.code, done.out) == (2, "")
    assert done.err == "glassnet: --probabilities: expected a classification; got a regression; leave it out.\n"


def test_measures_in_json_name_the_classes(glassnet, table):
    measures = json.loads(glassnet("evaluate", model(glassnet, table, "sick"), table, "--format", "json").out)
    assert measures["classes"] == ["no", "yes"]
    assert len(measures["confusion"]) == 2
    assert "classes" not in json.loads(
        glassnet("evaluate", model(glassnet, table, "cost"), table, "--format", "json").out
    )


def test_predict_tells_what_was_decided_of_the_file_and_of_columns_it_uses(glassnet, table):
    file = model(glassnet, table, "sick")
    table.with_name("new.csv").write_text("# new\n,age,kind,cost\n1,31,x,2\n\n2,42,y,3\n")
    done = glassnet("predict", file, table.with_name("new.csv"))
    assert done.code == 0
    assert len(done.out.splitlines()) == 3
    assert done.err.splitlines() == [
        "glassnet: 1 comment line before the header left out",
        "glassnet: 1 empty line left out",
        "glassnet: not used, unknown to the model: column 1",
    ]
