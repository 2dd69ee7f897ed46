import json

from seq2seq.model_card import About

PORT = {"dtype": "string", "shape": [-1], "axes": "B"}
SERVING = {
    "limits": {
        "source_tokens": 32,
        "target_tokens": 12,
        "target_per_source": 1.5,
        "target_margin": 10,
    },
    "signatures": {
        "serving_default": {
            "about": "Gives the best target of each text.",
            "inputs": {"text": PORT},
            "outputs": {"text": PORT},
            "request": {"signature_name": "serving_default", "instances": [{"text": "it's é"}]},
            "answer": {"predictions": ["x"]},
        }
    },
}
SECTIONS = {
    "corpus": {"kind": "json_lines", "folder": "data"},
    "tokenizer": {"kind": "bytes"},
    "model": {"kind": "lstm", "units": 16},
}
BLEU = {"value": 37.731, "signature": "nrefs:1|case:mixed|tok:13a"}


def run_folder(folder):
    (folder / "results").mkdir()
    (folder / "recipe.json").write_text(json.dumps(SECTIONS))
    result = {"scores": {"bleu": BLEU}, "sentences": 1000}
    (folder / "results" / "test.json").write_text(json.dumps(result))
    return folder


def test_a_card_tells_what_the_run_knows(tmp_path):
    card = About.read(run_folder(tmp_path), "for research alone").card("translate", SERVING)
    blocks = [json.loads(part.partition("```")[0]) for part in card.split("```json\n")[1:]]
    assert blocks == [SECTIONS["corpus"], SECTIONS["tokenizer"], {"model": SECTIONS["model"]}]
    row = "| test | bleu | 37.73 | `nrefs:1\\|case:mixed\\|tok:13a` | 1,000 |"
    assert row in card.splitlines()
    assert "## Licence\n\nfor research alone\n" in card
    assert "first 32 pieces" in card and "1.5 pieces" in card and "more than 12." in card
    assert "* `serving_default`: Gives the best target of each text." in card


def test_its_request_is_one_word_for_a_shell():
    import shlex

    card = About().card("translate", SERVING)
    (line,) = [line for line in card.splitlines() if line.startswith("curl")]
    words = shlex.split(line)
    assert json.loads(words[2]) == SERVING["signatures"]["serving_default"]["request"]
    assert words[3] == "localhost:8501/v1/models/translate:predict"


def test_what_is_not_known_is_said_to_be_so(tmp_path):
    card = About().card("translate", SERVING)
    assert "None were counted" in card and "Not stated" in card and "Not told" in card
