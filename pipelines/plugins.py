"""Finds and builds the classes that recipes name: the file name is the registration.

`kind = "parallel_text"` in a `[corpus]` section means the one subclass of `Corpus` defined in
`pipelines/corpora/parallel_text.py`; the section's other entries are arguments of its constructor.
"""

import dataclasses
import difflib
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import TypeVar

import pydantic

T = TypeVar("T")


def kinds(folder: str) -> list[str]:
    """Lists the files of a package such as `pipelines.corpora`: the kinds a recipe may name.

    What several of them share may stand in a folder of its own among them.
    """
    paths = importlib.import_module(folder).__path__
    return sorted(module.name for module in pkgutil.iter_modules(paths) if not module.ispkg)


def _known(folder: str, base: type) -> list[str]:
    contract = base.__module__.rpartition(".")[2]
    return [name for name in kinds(folder) if name != contract]


def find(folder: str, kind: str, base: type[T]) -> type[T]:
    """Returns the subclass of `base` that the file `kind` of the package `folder` defines.

    find("pipelines.corpora", "json_lines", Corpus) -> JsonLines

    Raises:
        ValueError: no such file, or it does not define exactly one subclass of `base`.
    """
    known = _known(folder, base)
    if kind not in known:
        raise ValueError(f"unknown kind {kind!r} of {base.__name__}{_nearest(str(kind), known)}")
    module = importlib.import_module(f"{folder}.{kind}")
    found = [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, base)
        and value.__module__ == module.__name__
        if not name.startswith("_")
    ]
    if len(found) != 1:
        raise ValueError(
            f"{folder}.{kind} must define one subclass of {base.__name__}, it defines {len(found)}"
        )
    return found[0]


def build(folder: str, base: type[T], section: dict, **given) -> T:
    """Builds what a recipe's section describes.

    build("pipelines.corpora", Corpus, {"kind": "json_lines", "paths": paths}) -> JsonLines(paths)

    `given` are arguments that the program knows and a recipe may not set, such as vocabulary sizes.

    Raises:
        ValueError: no `kind`, an unknown kind, an unknown or missing option, or a value of the
            wrong type; the message names the section's known options.
    """
    return prepare(folder, base, section, **given)()


def prepare(folder: str, base: type[T], section: dict, **given) -> Callable[[], T]:
    """Checks all that `build` checks before it calls the constructor, and returns that call.

    Raises:
        ValueError: as `build`.
    """
    options = dict(section)
    kind = options.pop("kind", None)
    if kind is None:
        known = ", ".join(_known(folder, base))
        raise ValueError(f"a section for {base.__name__} needs a kind (known: {known})")
    constructor = find(folder, kind, base)
    for name in given.keys() & options.keys():
        raise ValueError(f"{kind}: {name} is found by the program and cannot be set")
    return functools.partial(constructor, **check(constructor, options | given))


def check(constructor, options: dict) -> dict:
    """Returns `options` with the types that the constructor's annotations ask for.

    check(Adam, {"learning_rate": "1e-3"}) -> {"learning_rate": 0.001}

    Raises:
        ValueError: an unknown or missing option, or a value of the wrong type.
    """
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(constructor, eval_str=True).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    for name in options.keys() - parameters.keys():
        raise ValueError(
            f"{constructor.__qualname__} has no option {name!r}{_nearest(name, sorted(parameters))}"
        )
    missing = [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and name not in options
    ]
    if missing:
        raise ValueError(f"{constructor.__qualname__} needs {', '.join(missing)}")
    return {
        name: _checked(f"{constructor.__qualname__}: {name}", parameters[name], value)
        for name, value in options.items()
    }


def _checked(place: str, parameter: inspect.Parameter, value):
    """Returns `value` as the type that the annotation asks for; without one anything goes.

    Of a dataclass, a section may say what differs from the default.
    """
    annotation, default = parameter.annotation, parameter.default
    if annotation is inspect.Parameter.empty:
        return value
    is_section = isinstance(annotation, type) and dataclasses.is_dataclass(annotation)
    if is_section and isinstance(value, dict):
        given = vars(default) if isinstance(default, annotation) else {}
        return annotation(**check(annotation, given | value))
    allow = pydantic.ConfigDict(arbitrary_types_allowed=True)
    # A model for each option, since an option may be called as a method of pydantic's models is.
    model = pydantic.create_model("Option", __config__=allow, value=(annotation, ...))
    try:
        return model(value=value).value  # type: ignore[attr-defined]
    except pydantic.ValidationError as error:
        said = "; ".join(
            ".".join(map(str, (place, *fault["loc"][1:]))) + f": {fault['msg']}"
            for fault in error.errors()
        )
        raise ValueError(f"{said}, got {value!r}") from None


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{hint} (known: {', '.join(known) or 'none'})"
