import copy

import keras
import pytest

from seq2seq.recipe import OPTIMIZERS, SHIPPED, Recipe
from seq2seq.training.schedules import InverseSquareRoot, Linear, Scaled

SMALLEST = {
    "corpus": {"kind": "tab_separated", "paths": {"train": "train.tsv"}},
    "tokenizer": {"kind": "characters"},
    "model": {"kind": "transformer"},
}


def changed(**sections):
    return {name: section for name, section in (copy.deepcopy(SMALLEST) | sections).items()}


def test_what_a_recipe_does_not_say_has_the_constructors_default():
    recipe = Recipe(SMALLEST)
    assert (recipe.training.steps, recipe.batching.tokens, recipe.search.width) == (
        100_000,
        4096,
        4,
    )
    optimizer = recipe.optimizer()
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert isinstance(recipe.schedule(), InverseSquareRoot)
    assert isinstance(optimizer._learning_rate, Scaled)


def test_sections_reach_their_objects():
    recipe = Recipe(
        changed(
            loss={"smoothing": 0.2},
            optimizer={"kind": "adamw", "weight_decay": 0.1, "use_ema": True},
            schedule={"kind": "linear", "steps": 50, "warmup": 5, "peak": 1},
            search={"kind": "greedy_search"},
            training={"steps": 7, "scores": ["chrf"], "metric": "chrf"},
        )
    )
    optimizer = recipe.optimizer()
    assert isinstance(optimizer, keras.optimizers.AdamW) and optimizer.use_ema
    assert isinstance(optimizer._learning_rate.schedule, Linear)
    assert (recipe.loss.smoothing, recipe.training.steps) == (0.2, 7)
    assert recipe.training.scores == ("chrf",)


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_a_shipped_recipe_is_read_by_its_name(name):
    recipe = Recipe.read(name, ["training.steps=3"])
    assert recipe.training.steps == 3
    assert recipe.sections["corpus"]["kind"]


def test_a_recipe_is_read_from_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[corpus]\nkind = "tab_separated"\npaths = { train = "a" }\n'
        '[tokenizer]\nkind = "bytes"\n[model]\nkind = "lstm"\n'
    )
    assert Recipe.read(path, ["model.units=8"]).sections["model"] == {"kind": "lstm", "units": 8}
    with pytest.raises(ValueError, match="has no option 'unit'; did you mean 'units'"):
        Recipe.read(path, ["model.unit=8"])


@pytest.mark.parametrize("name", SMALLEST)
def test_a_missing_section_is_named(name):
    sections = changed()
    del sections[name]
    with pytest.raises(ValueError, match=rf"lacks its section \[{name}\]"):
        Recipe(sections)


FAULTS = {
    "section": ({"trainer": {}}, r"no section \[trainer\] \(known: corpus, .*training"),
    "no section": ({"model": 3}, r"\[model\] must be a section, not 3"),
    "corpus kind": ({"corpus": {"kind": "tabs"}}, r"\[corpus\] unknown kind 'tabs'.*json_lines"),
    "corpus option": (
        {"corpus": {"kind": "tab_separated", "path": {}}},
        r"\[corpus\] .*no option 'path'; did you mean 'paths'",
    ),
    "corpus without": ({"corpus": {"kind": "tab_separated"}}, r"\[corpus\] .*needs paths"),
    "no kind": ({"corpus": {}}, r"\[corpus\] .*needs a kind \(known: json_lines"),
    "tokenizer kind": ({"tokenizer": {"kind": "letters"}}, r"\[tokenizer\] .*known: bytes"),
    "tokenizer option": (
        {"tokenizer": {"kind": "characters", "sizes": 9}},
        r"\[tokenizer\] .*'sizes'.*did you mean 'size'",
    ),
    "tokenizer type": ({"tokenizer": {"kind": "characters", "size": "x"}}, "size.*got 'x'"),
    "model kind": ({"model": {"kind": "gpt"}}, r"\[model\] unknown kind 'gpt'.*transformer"),
    "model type": ({"model": {"kind": "lstm", "units": "x"}}, r"\[model\] .*units.*got 'x'"),
    "model choice": ({"model": {"kind": "lstm", "cell": "rnn"}}, r"\[model\] .*'lstm' or 'gru'"),
    "model sizes": (
        {"model": {"kind": "lstm", "source_vocabulary": 3}},
        "source_vocabulary is found by the program",
    ),
    "limits": ({"limits": {"sources": 3}}, r"\[limits\] .*did you mean 'source'"),
    "batches": ({"batches": {"tokens": "many"}}, r"\[batches\] .*tokens.*got 'many'"),
    "loss": ({"loss": {"smoothing": 1.5}}, r"\[loss\] smoothing is a share"),
    "schedule": ({"schedule": {"kind": "cosinus"}}, r"\[schedule\] .*cosine, inverse_square_root"),
    "schedule without": ({"schedule": {"kind": "linear"}}, r"\[schedule\] Linear needs steps"),
    "schedule option": ({"schedule": {"peek": 1}}, r"\[schedule\] .*did you mean 'peak'"),
    "optimizer": ({"optimizer": {"kind": "adem"}}, r"\[optimizer\] unknown kind 'adem'.*adamw"),
    "optimizer kind": ({"optimizer": {"kind": 3}}, r"\[optimizer\] unknown kind 3 .*adam"),
    "optimizer option": (
        {"optimizer": {"beta_3": 1}},
        r"\[optimizer\] .*'beta_3'.*known: .*beta_1",
    ),
    "optimizer type": ({"optimizer": {"beta_1": "x"}}, r"\[optimizer\] beta_1 .*'x'"),
    "optimizer switch": ({"optimizer": {"use_ema": 1}}, r"\[optimizer\] use_ema .*False.* 1"),
    "optimizer rate": ({"optimizer": {"learning_rate": 1}}, r"\[optimizer\] .*\[schedule\]"),
    "optimizer accumulation": (
        {"optimizer": {"gradient_accumulation_steps": 2}},
        r"\[optimizer\] gradient_accumulation_steps .*update_tokens",
    ),
    "optimizer loss": ({"optimizer": {"loss_scale_factor": 2.0}}, "the loss is not scaled"),
    "search": ({"search": {"kind": "beam"}}, r"\[search\] .*'beam'.*beam_search"),
    "search option": ({"search": {"widht": 3}}, r"\[search\] .*did you mean 'width'"),
    "search value": ({"search": {"width": 0}}, r"\[search\] .*width = 0"),
    "generator": ({"generator": {"max_sources": 3}}, r"\[generator\] .*did you mean 'max_source'"),
    "generator precision": ({"generator": {"precision": "int4"}}, r"precision is one of float32"),
    "generator search": ({"generator": {"search": {}}}, r"\[generator\] search is found"),
    "metric": ({"training": {"metric": "chrf"}}, r"\[training\] metric 'chrf'.*loss, .*bleu"),
    "scores": ({"training": {"scores": ["blue"]}}, r"\[training\] .*'blue'.*known: bleu"),
    "strategy": ({"training": {"strategy": "fast"}}, r"\[training\] .*'fast'.*mirrored"),
    "inexact strategy": (
        {"training": {"strategy": "parameter_server"}},
        r"\[training\] .* no fixed order.* multi_worker",
    ),
    "precision": ({"training": {"precision": "int8"}}, r"\[training\] .*mixed_bfloat16"),
    "every": ({"training": {"every": 0}}, r"\[training\] every must be at least 1, not 0"),
    "keep_best": ({"training": {"keep_best": 0}}, "keep_best must be at least 1, not 0"),
    "spike": ({"training": {"spike": 0.5}}, r"\[training\] spike = 0.5: choose more than 1"),
    "freeze": ({"training": {"freeze": "encoder_0"}}, r"\[training\] .*freeze.*got 'encoder_0'"),
    "training type": ({"training": {"steps": "x"}}, r"\[training\] .*steps.*got 'x'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_what_is_known(fault):
    sections, said = FAULTS[fault]
    with pytest.raises(ValueError, match=said):
        Recipe(changed(**sections))


def test_optimizers_are_those_that_stand_alone():
    assert {"adam", "adamw", "sgd"} <= OPTIMIZERS.keys()
    for name, kind in OPTIMIZERS.items():
        assert isinstance(kind(), keras.optimizers.Optimizer), name


def test_a_model_is_made_in_its_precision_and_leaves_none_set():
    sections = changed(training={"precision": "mixed_bfloat16"})
    sections["model"] = {"kind": "lstm", "units": 4, "embedding": 4}
    recipe, sizes = Recipe(sections), type("Sized", (), {"size": 9})
    tokenizers = type("Both", (), {"source": sizes, "target": sizes})
    assert recipe.model(tokenizers).dtype_policy.name == "mixed_bfloat16"
    assert recipe.model(tokenizers, "float32").dtype_policy.name == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_texts_are_generated_in_full_precision_unless_the_recipe_says_otherwise():
    assert Recipe(SMALLEST).generator_precision() == "float32"
    half = Recipe(changed(generator={"precision": "bfloat16"}))
    assert half.generator_precision() == "bfloat16"


def test_constraints_of_a_search_are_read_from_a_list():
    section = {"constraints": [{"kind": "banned", "phrases": ["a", [7, 8]]}]}
    (banned,) = Recipe(changed(search=section)).search.constraints
    assert banned.phrases == ("a", (7, 8))
    for wrong in ({"kind": "banned"}, ["banned"]):
        with pytest.raises(ValueError, match=r"\[search\] constraints must be a list such as"):
            Recipe(changed(search={"constraints": wrong}))
    with pytest.raises(ValueError, match=r"\[search\] unknown kind 'ban'.*'banned'"):
        Recipe(changed(search={"constraints": [{"kind": "ban"}]}))
