"""Finds and builds the classes that recipes name: the file name is the registration.

`kind = "parallel_text"` in a `[corpus]` section means the one subclass of `Corpus` defined in
`pipelines/corpora/parallel_text.py`; the section's other entries are arguments of its constructor.
"""

import difflib
import importlib
import inspect
import pkgutil

import pydantic


def kinds(folder: str) -> list[str]:
    """Lists the file names of a package, such as `pipelines.corpora`: the kinds a recipe may name."""
    paths = importlib.import_module(folder).__path__
    return sorted(module.name for module in pkgutil.iter_modules(paths))


def find(folder: str, kind: str, base: type) -> type:
    """Returns the subclass of `base` that the file `kind` of the package `folder` defines.

    find("pipelines.corpora", "json_lines", Corpus) -> JsonLines

    Raises:
        ValueError: no such file, or it does not define exactly one subclass of `base`.
    """
    known = [name for name in kinds(folder) if name != base.__module__.rpartition(".")[2]]
    if kind not in known:
        raise ValueError(f"unknown kind {kind!r} of {base.__name__}{_nearest(kind, known)}")
    module = importlib.import_module(f"{folder}.{kind}")
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, base) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise ValueError(
            f"{folder}.{kind} must define one subclass of {base.__name__}, it defines {len(found)}"
        )
    return found[0]


def build(folder: str, base: type, section: dict, **given):
    """Builds what a recipe's section describes.

    build("pipelines.corpora", Corpus, {"kind": "json_lines", "paths": {...}}) -> JsonLines(paths={...})

    `given` are arguments that the program knows and a recipe may not set, such as vocabulary sizes.

    Raises:
        ValueError: no `kind`, an unknown kind, an unknown or missing option, or a value of the
            wrong type; the message names the section's known options.
    """
    options = dict(section)
    kind = options.pop("kind", None)
    if kind is None:
        raise ValueError(f"a section for {base.__name__} needs a kind: {', '.join(kinds(folder))}")
    constructor = find(folder, kind, base)
    for name in given.keys() & options.keys():
        raise ValueError(f"{kind}: {name} is found by the program and cannot be set")
    return constructor(**check(constructor, options | given))


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
            f"{constructor.__name__} has no option {name!r}{_nearest(name, sorted(parameters))}"
        )
    schema = {
        name: (
            object if parameter.annotation is parameter.empty else parameter.annotation,
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for name, parameter in parameters.items()
    }
    allow = pydantic.ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())
    try:
        checked = pydantic.create_model(constructor.__name__, __config__=allow, **schema)(**options)
    except pydantic.ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError(f"{constructor.__name__}: {said}") from None
    return {name: getattr(checked, name) for name in options}


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{hint} (known: {', '.join(known) or 'none'})"
