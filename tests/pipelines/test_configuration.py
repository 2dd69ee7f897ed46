"""A recipe is its file with the changes of the command line."""

import pytest

from pipelines.configuration import read

RECIPE = """
seed = 1
[corpus]
kind = "parallel_text"
[corpus.paths]
train = "train.*"
[model]
layers = 2
dropout = 0.1
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def changed(recipe, *changes):
    """Returns what the changes added or replaced, as {"section.option": value}."""
    flat = lambda tree, name="": (
        {k: v for key, value in tree.items() for k, v in flat(value, f"{name}.{key}").items()}
        if isinstance(tree, dict)
        else {name[1:]: tree}
    )
    before, after = flat(read(recipe, [])), flat(read(recipe, list(changes)))
    assert before.keys() <= after.keys()
    return {name: value for name, value in after.items() if before.get(name, ...) != value}


def test_without_changes_it_is_the_file(recipe):
    assert read(recipe, []) == {
        "seed": 1,
        "corpus": {"kind": "parallel_text", "paths": {"train": "train.*"}},
        "model": {"layers": 2, "dropout": 0.1},
    }


@pytest.mark.parametrize(
    "text, value",
    [
        ("4", 4),
        ("1e-3", 0.001),
        ("true", True),
        ('"4"', "4"),
        ("[1, 2]", [1, 2]),
        ('["a", "b"]', ["a", "b"]),
        ("gru", "gru"),
        ("data/news 2014", "data/news 2014"),
        ("/data/new=s.en", "/data/new=s.en"),
        ("True", "True"),
        ("", ""),
        ("4\nlayers = 5", "4\nlayers = 5"),
        ("-0.5", -0.5),
    ],
)
def test_a_changed_value_is_toml_where_it_can_be_and_text_where_not(recipe, text, value):
    assert changed(recipe, f"model.cell={text}") == {"model.cell": value}


def test_the_last_change_wins_and_sections_are_made(recipe):
    changes = ["model.layers=3", "model.layers=4", "training.schedule.kind=cosine", "seed=2"]
    assert changed(recipe, *changes) == {
        "model.layers": 4,
        "training.schedule.kind": "cosine",
        "seed": 2,
    }


def test_another_kind_leaves_out_the_options_of_the_one_before(tmp_path):
    path = tmp_path / "search.toml"
    path.write_text('[search]\nkind = "beam_search"\nwidth = 4\n[model]\nlayers = 2')
    other = ["search.kind=sampling", "search.top_k=5"]
    wanted = {"search": {"kind": "sampling", "top_k": 5}, "model": {"layers": 2}}
    assert read(path, other) == wanted
    assert read(path, ["search.kind=beam_search"])["search"] == {"kind": "beam_search", "width": 4}


@pytest.mark.parametrize("change", ["model.layers", "=4", ".layers=4", "model.=4", "", "a..b=1"])
def test_a_change_that_is_not_an_assignment_is_an_error(recipe, change):
    with pytest.raises(ValueError, match="wanted section.option=value"):
        read(recipe, [change])


def test_an_option_is_not_a_section(recipe):
    with pytest.raises(ValueError, match="model.layers is 2, not a section"):
        read(recipe, ["model.layers.width=4"])


def test_a_section_is_not_an_option(recipe):
    with pytest.raises(ValueError, match="corpus.paths is a section"):
        read(recipe, ["corpus.paths=4"])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere.toml: No such file"):
        read(tmp_path / "nowhere.toml", [])


def test_a_recipe_that_a_run_keeps_is_read_as_json(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text('{"model": {"layers": 2}}')
    assert read(path, ["model.units=8"]) == {"model": {"layers": 2, "units": 8}}
    path.write_text('{"model": ')
    with pytest.raises(ValueError, match="recipe.json is not JSON"):
        read(path, [])
    path.write_text("[]")
    with pytest.raises(ValueError, match="recipe.json holds no sections, but a list"):
        read(path, [])


@pytest.mark.parametrize("content", [b"layers = ", b"a = 1\na = 2", b"a = '\xff'"])
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="bad.toml is not TOML"):
        read(path, [])
