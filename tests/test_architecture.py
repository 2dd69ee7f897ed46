"""Imports go one way: a module imports only what stands to its left in ORDER."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A package stands for all its files, which may import each other.
ORDER = {
    "pipelines": """
        quiet whole_files special_tokens plugins configuration faults zstandard_reader
        text_files sentencepiece_model tokenizers wikipedia vectors objectives corpora noising
        steps records vocabulary batches peek inspection __main__ __init__
    """.split(),
    "seq2seq": """
        backend lines program options layers models ensemble drafted decoding losses metrics
        model_steps details generated threads text_batches text_stream token_stream
        unknown_words generator
        guided restoration evaluation training wire c_api graph_check serving_samples warmup
        export_check signatures batching_parameters model_card traced_model serving_json
        folding kept_weights serving_package export engines recipe run_folder run report
        update_vocabulary quickstart benchmark serving evaluation_command export_commands
        generation_commands serving_command cli __main__ __init__
    """.split(),
}
NETWORKS = {"layers", "models", "decoding", "losses", "metrics"}  # know no text and no TensorFlow
# Files of measured gains, each with its figure in the docstring.
MAY_NAME_TENSORFLOW = {
    f"seq2seq.layers.{name}"
    for name in (
        "attention_cache",
        "dropout",
        "gather",
        "kernel_gradient",
        "lstm_loop",
        "recompute",
        "recurrence",
        "widening",
    )
}


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = {name_of(path): path for package in ORDER for path in (ROOT / package).rglob("*.py")}


def place(module):
    """Splits "seq2seq.layers.residual" into its package and its entry in ORDER."""
    package, *rest = module.split(".")
    return package, rest[0] if rest else "__init__"


def imports(module):
    """Names all modules that a module imports, also inside its functions."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively: write the whole name"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            entry = (ROOT / node.module.replace(".", "/")).is_dir()
            yield from inside if entry else [node.module]


def complaint(module, imported):
    """Says what is wrong with an import, or nothing."""
    (package, entry), (other, its_entry) = place(module), place(imported)
    network = package == "seq2seq" and entry in NETWORKS
    if other in ("tensorflow", "tensorflow_text") and network:
        return None if module in MAY_NAME_TENSORFLOW else "use keras.ops, or a file of its own"
    if package == "pipelines" and other in ("keras", "seq2seq"):
        return "pipelines knows nothing of Keras"
    if other not in ORDER or its_entry == entry and package == other:
        return None
    if network and other == "pipelines" and its_entry != "special_tokens":
        return "networks know only special_tokens of pipelines"
    if {entry, its_entry} == {"models", "decoding"}:
        return "models and decoding do not know each other"
    if its_entry not in ORDER[other]:
        return "it has no place in ORDER"
    if package == other and ORDER[package].index(its_entry) > ORDER[package].index(entry):
        return f"{its_entry} stands to the right of {entry}"
    return None


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_has_a_place_and_imports_only_to_its_left(module):
    package, entry = place(module)
    assert entry in ORDER[package], f"{module} has no place: add {entry!r} to ORDER in this file"
    wrong = {imported: complaint(module, imported) for imported in imports(module)}
    assert not {imported: why for imported, why in wrong.items() if why}


def test_exceptions_are_only_for_files_that_need_them():
    using = {
        module for module in MODULES if "tensorflow" in {i.split(".")[0] for i in imports(module)}
    }
    assert MAY_NAME_TENSORFLOW <= using, "these need no exception: take them off the list"


@pytest.mark.parametrize(
    "module, imported",
    [
        ("pipelines.steps", "pipelines.batches"),
        ("pipelines.corpora.json_lines", "keras"),
        ("pipelines.records", "seq2seq.losses"),
        ("seq2seq.layers.residual", "tensorflow"),
        ("seq2seq.layers.residual", "seq2seq.models.lstm"),
        ("seq2seq.models.lstm", "pipelines.plugins"),
        ("seq2seq.models.lstm", "seq2seq.decoding.search"),
        ("seq2seq.decoding.search", "seq2seq.models.seq2seq"),
        ("seq2seq.losses", "seq2seq"),
    ],
)
def test_an_import_the_wrong_way_is_found(module, imported):
    assert complaint(module, imported)
