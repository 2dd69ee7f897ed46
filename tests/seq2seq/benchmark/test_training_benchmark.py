import itertools
import json

import numpy as np
import pytest

from seq2seq import cli
from seq2seq.benchmark import training
from seq2seq.benchmark.counted_batches import CountedBatches
from seq2seq.benchmark.training import Shape, vocabularies
from seq2seq.recipe import Recipe

NUMBERS = {
    "target_tokens_a_second": float,
    "target_tokens_a_second_median": float,
    "source_tokens_a_second": float,
    "model_flops_a_second": float,
    "matrix_product_flops_a_second": float,
    "utilisation": float,
    "parameters": int,
    "steps": int,
    "warmup": int,
    "accumulate": int,
    "replicas": int,
    "workers": int,
}


def program(capsys, *arguments):
    cli.main(["benchmark", "train", *map(str, arguments), "--warmup", "0"])
    return capsys.readouterr().out


def test_a_recipe_is_measured_with_its_corpus(recipe, capsys, tmp_path):
    run, file = tmp_path / "run", tmp_path / "told.json"
    said = program(capsys, recipe, "--run", run, "--steps", 2, "--json", file)
    assert "target tokens a second" in said and "of the measured matrix-product speed" in said
    result = json.loads(file.read_text())
    for name, kind in NUMBERS.items():
        assert type(result[name]) is kind and result[name] >= 0, name
    assert result["target_tokens_a_second"] > 0 and result["utilisation"] > 0
    assert set(result["step_seconds"]) == {"median", "input", "forward_backward", "update"}
    assert all(0 <= share < 1 for share in result["padding"].values())
    assert sum(shape["batches"] for shape in result["shapes"]) == 2
    assert result["peak_memory_bytes"]["process"] > 1e6
    assert (result["strategy"], result["precision"]) == ("one_device", "float32")
    assert result["versions"]["tensorflow"] and result["devices"]
    # What a run may need again is kept, and nothing was trained.
    assert {path.name for path in run.iterdir()} == {"recipe.json", "tokenizers", "records"}


def test_random_ids_need_no_corpus(recipe, capsys, monkeypatch):
    class Speed:
        """Looks at the batches, and times nothing."""

        def __init__(self, trainer, batches, accumulate):
            self.accumulate = accumulate
            self.batches = itertools.islice(batches, 3)

        def measure(self, steps, warmup):
            seen = CountedBatches()
            for _, *batch in self.batches:
                seen.count(*batch)
            shapes = list(seen.most_common())
            return {"model_flops_a_second": 1e9, "padding": seen.padding(), "shapes": shapes}

    monkeypatch.setattr(training, "TrainingSpeed", Speed)
    options = "--random", "4x6", "--json", "-", "--set", "corpus.folder=nowhere"
    result = json.loads(program(capsys, recipe, *options))
    assert result["random"] == [4, 6] and result["accumulate"] == 1
    assert result["shapes"] == [{"rows": 4, "source": 6, "target": 6, "batches": 3}]
    assert result["padding"] == {"source": 0.0, "target": 0.0, "both": 0.0}


def test_random_ids_have_the_sizes_that_the_recipe_says(recipe):
    sized = Recipe.read(recipe, ["tokenizer.size=77"])
    assert [side.size for side in vocabularies(sized)] == [77, 77]
    default = Recipe(sized.sections | {"tokenizer": {"kind": "bytes"}})
    assert [side.size for side in vocabularies(default)] == [260, 260]


@pytest.mark.parametrize("text", ["64", "64x", "0x4", "4x6x2", "x", "-1x4"])
def test_a_shape_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="write ROWSxLENGTH"):
        Shape.read(text)


def test_the_share_of_padding_is_that_counted_by_hand():
    counted = CountedBatches()
    source = np.array([[7, 8, 2], [9, 2, 0]])  # 5 of 6
    labels = np.array([[5, 6, 7, 2], [2, 0, 0, 0]])  # 5 of 8
    counted.count({"source": source, "target": labels}, labels, 1.0 * (labels != 0))
    one = np.array([[4, 2]])
    counted.count({"source": one, "target": one}, one, np.array([[1.0, 1.0]]))
    assert counted.tokens() == {"source": 7, "target": 7}
    expected = {"source": 1 - 7 / 8, "target": 1 - 7 / 10, "both": 1 - 14 / 18}
    assert counted.padding() == pytest.approx(expected)
    source_lengths, target_lengths = counted.rows()
    assert (source_lengths.tolist(), target_lengths.tolist()) == ([3, 2, 2], [4, 1, 2])
