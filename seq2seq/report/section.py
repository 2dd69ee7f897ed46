"""The contract of a report's sections: plain data first, elements of a page from them alone."""

import abc
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from seq2seq.report.material import Material


class Section(abc.ABC):
    """Measures one thing. Subclasses are frozen dataclasses: the fields are its settings.

    `title` stands above it, `about` says how its figures are counted.
    """

    title: str
    about: str

    @abc.abstractmethod
    def measure(self, material: Material) -> dict | None:
        """Returns what was found, as data that JSON can say, or None if there is nothing to ask."""

    @abc.abstractmethod
    def show(self, found: dict) -> Iterable[Element]:
        """Yields elements for what `measure` returned, or for the same read back from JSON."""
