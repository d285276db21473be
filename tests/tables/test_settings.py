"""The settings of a table's training that are options of training: default, check and help are the options'."""

from dataclasses import fields

import pytest

from glassnet import InputError
from glassnet.tables.settings import Settings
from glassnet.training.options import OPTIONS

WRONG = {
    "seed": -1,
    "epochs": 0,
    "shuffle": 1,
    "l1": -1.0,
    "l2": float("nan"),
    "dropout": 1.0,
    "clip_norm": 0.0,
    "engine": "fast",
    "threads": 0,
}
SETTINGS = {each.name: each for each in fields(Settings)}


@pytest.mark.parametrize(
    "name",
    ["seed", "optimizer", "shuffle", "schedule", "l1", "dropout", "clip_norm", "engine", "batch_size", "epochs", "l2"],
)
def test_help_and_default_are_those_of_the_option(name):
    setting, option = SETTINGS[name], OPTIONS[name]
    assert setting.metadata["help"].startswith(option.sentence)
    assert setting.default == option.default or (setting.default is None and "Default: " in setting.metadata["help"])


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_refused_under_its_own_name(name):
    with pytest.raises(InputError, match=f"^{name}: expected"):
        Settings(**{name: WRONG[name]}).check(None)


def test_settings_whose_texts_only_a_table_knows_pass_the_check():
    Settings(optimizer="adam:beta1=0.8", schedule="step:decay=0.5,every=10", batch_size=0, patience=0).check(2)
