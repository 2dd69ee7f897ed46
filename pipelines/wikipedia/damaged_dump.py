"""The error that ends the reading of a dump which is cut short or damaged."""


class DamagedDump(ValueError):
    """Says where a dump broke; every whole page before that place was given already."""
