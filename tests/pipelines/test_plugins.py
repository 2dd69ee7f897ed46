"""A file name is a registration, and a constructor's signature is the schema of its section."""

import abc
import dataclasses
import sys
from typing import Literal

import pytest

from pipelines import plugins


class Shape(abc.ABC):
    """The contract; the tests make it the one in shapes/shape.py."""


SQUARE = """
from shape_contract import Shape, Helper

class _Corner(Shape):
    pass

class Square(Shape):
    def __init__(self, side: float, copy: bool = False, label: "str | None" = None, **kwargs):
        self.side, self.copy, self.label = side, copy, label
"""


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    """Makes a package `shapes` of a contract and of kinds, good and bad."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "shape.py").touch()
    (folder / "square.py").write_text(SQUARE)
    (folder / "nothing.py").write_text("from shape_contract import Shape")
    (folder / "pair.py").write_text(
        "from shape_contract import Shape\nclass A(Shape): pass\nclass B(Shape): pass"
    )
    contract = type(sys)("shape_contract")
    contract.Shape, contract.Helper = Shape, type("Helper", (Shape,), {})
    monkeypatch.setitem(sys.modules, "shape_contract", contract)
    monkeypatch.setattr(Shape, "__module__", "shapes.shape")
    monkeypatch.syspath_prepend(tmp_path)
    yield "shapes"
    for name in [name for name in sys.modules if name.split(".")[0] == "shapes"]:
        del sys.modules[name]


def test_kinds_are_the_file_names_in_order(shapes):
    assert plugins.kinds(shapes) == ["nothing", "pair", "shape", "square"]


def test_the_class_of_a_file_is_found_and_its_imports_and_private_classes_are_not(shapes):
    assert plugins.find(shapes, "square", Shape).__name__ == "Square"


def test_an_unknown_kind_is_an_error_that_offers_the_nearest_and_all_known_ones(shapes):
    with pytest.raises(ValueError) as error:
        plugins.find(shapes, "sqare", Shape)
    assert str(error.value) == (
        "unknown kind 'sqare' of Shape; did you mean 'square'? (known: nothing, pair, square)"
    )


@pytest.mark.parametrize("kind", ["shape", "", "os.path", "../square", 3])
def test_only_files_of_the_package_are_kinds(shapes, kind):
    with pytest.raises(ValueError, match="unknown kind"):
        plugins.find(shapes, kind, Shape)


@pytest.mark.parametrize("kind, count", [("nothing", 0), ("pair", 2)])
def test_a_file_without_exactly_one_class_is_an_error(shapes, kind, count):
    with pytest.raises(ValueError, match=f"one subclass of Shape, it defines {count}"):
        plugins.find(shapes, kind, Shape)


def test_a_section_builds_its_object_with_what_the_program_gives(shapes):
    section = {"kind": "square", "side": 2}
    square = plugins.build(shapes, Shape, section, label="given")
    assert (square.side, square.copy, square.label) == (2.0, False, "given")
    assert section == {"kind": "square", "side": 2}


def test_a_section_may_not_set_what_the_program_gives(shapes):
    with pytest.raises(ValueError, match="square: side is found by the program"):
        plugins.build(shapes, Shape, {"kind": "square", "side": 2}, side=3)


def test_a_section_needs_a_kind(shapes):
    with pytest.raises(ValueError, match=r"needs a kind \(known: nothing, pair, square\)"):
        plugins.build(shapes, Shape, {"side": 2})


class Options:
    """Stands for any constructor; some names are methods of pydantic's models."""

    def __init__(
        self,
        rate: float,
        cell: Literal["lstm", "gru"] = "lstm",
        copy: bool = False,
        json: int = 1,
        model_config: int = 0,
        paths: dict[str, list[str]] = {},
        shape: Shape | None = None,
        anything=None,
        **kwargs,
    ):
        pass


def test_checked_options_have_the_annotated_types():
    given = {"rate": "1e-3", "copy": "true", "json": "7", "model_config": 2, "anything": "1e-3"}
    assert plugins.check(Options, given) == {
        "rate": 0.001,
        "copy": True,
        "json": 7,
        "model_config": 2,
        "anything": "1e-3",
    }


def test_objects_pass_through_unchanged():
    shape = Shape()
    assert plugins.check(Options, {"rate": 1, "shape": shape})["shape"] is shape


def test_defaults_stay_in_the_constructor():
    assert plugins.check(Options, {"rate": 1.0}) == {"rate": 1.0}


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, "Options needs rate"),
        ({"rate": "fast"}, "Options: rate: .*valid number.*got 'fast'"),
        ({"rate": 1, "cell": "rnn"}, "Options: cell: .*'lstm' or 'gru', got 'rnn'"),
        ({"rate": 1, "json": 1.5}, "Options: json: .*integer.*got 1.5"),
        ({"rate": 1, "paths": {"train": 3}}, r"Options: paths\.train: .*list.*got"),
        ({"rate": 1, "sell": "gru"}, "Options has no option 'sell'; did you mean 'cell'.*known: "),
        ({"rate": 1, "name": "x"}, "Options has no option 'name'"),
        ({"rate": 1, "kwargs": {}}, "Options has no option 'kwargs'"),
    ],
)
def test_a_faulty_option_is_an_error_that_names_it(given, message):
    with pytest.raises(ValueError, match=message):
        plugins.check(Options, given)


def test_class_methods_are_checked_like_constructors():
    class Kind:
        @classmethod
        def train(cls, size: int):
            pass

    assert plugins.check(Kind.train, {"size": "3"}) == {"size": 3}
    with pytest.raises(ValueError, match="Kind.train needs size"):
        plugins.check(Kind.train, {})


@dataclasses.dataclass(frozen=True)
class Size:
    rows: int
    columns: int = 3


class Sheet:
    def __init__(self, size: Size = Size(5, 7), other: Size | None = None):
        self.size = size


def test_a_section_within_a_section_says_what_differs_from_the_default():
    assert plugins.check(Sheet, {"size": {"rows": "2"}}) == {"size": Size(2, 7)}
    assert plugins.check(Sheet, {"size": Size(1)}) == {"size": Size(1)}
    with pytest.raises(ValueError, match="Size has no option 'row'; did you mean 'rows'"):
        plugins.check(Sheet, {"size": {"row": 2}})
