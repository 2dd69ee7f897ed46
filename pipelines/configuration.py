"""Reads recipes: TOML files, with changes from the command line."""

import json
import tomllib
from pathlib import Path


def read(path: str | Path, changes: list[str]) -> dict:
    """Reads a TOML file and applies `changes`, each as from `--set model.layers=4`.

    The recipe.json that a run keeps is read as well.

    A changed value is read as TOML where it can be, so that 4, true and ["a", "b"] mean what
    they say; anything else is text. Sections and options that the file does not have are added.
    Another `kind` of what a section makes leaves out the options of the one before.

    Raises:
        ValueError: no such file, it is not TOML (or JSON), or a change is not
            `section.option=value`.
    """
    is_json = Path(path).suffix == ".json"
    try:
        text = Path(path).read_text(encoding="utf-8")
        configuration = json.loads(text) if is_json else tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"cannot read the recipe {path}: {error.strerror}") from None
    except ValueError as error:  # also what is no UTF-8
        raise ValueError(f"{path} is not {'JSON' if is_json else 'TOML'}: {error}") from None
    if not isinstance(configuration, dict):
        raise ValueError(f"{path} holds no sections, but a {type(configuration).__name__}")
    for change in changes:
        apply(change, configuration)
    return configuration


def apply(change: str, configuration: dict) -> None:
    """Makes one change, such as "model.layers=4", in place.

    Raises:
        ValueError: it is not `section.option=value`, or names a section.
    """
    name, equals, text = change.partition("=")
    *sections, option = [part.strip() for part in name.split(".")]
    if not equals or not all([*sections, option]):
        raise ValueError(f"--set {change}: wanted section.option=value, such as model.layers=4")
    place = configuration
    for depth, section in enumerate(sections, 1):
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            held = ".".join(sections[:depth])
            raise ValueError(f"--set {change}: {held} is {place!r}, not a section")
    if isinstance(place.get(option), dict):
        raise ValueError(f"--set {change}: {name} is a section; set one of its options")
    value = _value(text.strip())
    if option == "kind" and place.get("kind", value) != value:
        place.clear()
    place[option] = value


def _value(text: str):
    """Reads "4" as 4, "true" as True, '"4"' as "4", "data/news" as "data/news"."""
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    # A text of several lines could otherwise add keys of its own.
    return document["value"] if document.keys() == {"value"} else text
