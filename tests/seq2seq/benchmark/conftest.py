"""A recipe that is measured in seconds."""

import json
import random

import pytest

SMALL = """
[corpus]
kind = "tab_separated"
paths = { train = "train.tsv" }
folder = "."

[tokenizer]
kind = "characters"
size = 12

[model]
kind = "transformer"
encoder_layers = 1
decoder_layers = 1
units = 8
hidden = 16
heads = 2

[batches]
tokens = 60
"""


@pytest.fixture(scope="session")
def recipe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    draw = random.Random(0)
    lines = ["".join(draw.choices("abcde", k=draw.randint(2, 9))) for _ in range(40)]
    (folder / "train.tsv").write_text("".join(f"{line}\t{line}{line}\n" for line in lines))
    path = folder / "small.toml"
    path.write_text(SMALL.replace('"."', json.dumps(str(folder))))
    return path
