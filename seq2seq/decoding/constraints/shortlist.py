"""The vocabulary of a sentence: what its source may be translated by."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from keras import ops

from pipelines.special_tokens import END, PAD
from seq2seq.decoding.constraints.constraint import (
    Constraint,
    Reader,
    Said,
    forbid,
    given_value,
)

# Of an id of the source, the ids of the target that it may become.
Entry = tuple[int, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Shortlist(Constraint):
    """Forbids what neither the lexicon has for an id of the source nor is frequent.

    Jean et al. (2015), section 3.2, restrict the softmax itself, for speed. Here all logits are
    computed, and scores are not renormalised: they remain those of the whole distribution.

    Args:
        lexicon: a file of lines `source TAB target`, both texts: each id of the one may become
            each id of the other. Or the ids themselves, such as [[17, [4, 9]]].
        frequent: so many of the first ids of the target are always allowed, END among them;
            tokenizers put what is frequent first.

    Raises:
        ValueError: frequent does not reach END.
    """

    lexicon: str | tuple[Entry, ...]
    frequent: int = 200

    def __post_init__(self):
        if self.frequent <= END:
            raise ValueError(f"frequent = {self.frequent}: choose more than {END}, which is END")

    def read(self, source: Reader, target: Reader) -> Self:
        if not isinstance(self.lexicon, str):
            return self
        sources, targets = _lines(self.lexicon)
        pairs: dict[int, set[int]] = {}
        for ids, others in zip(source(sources), target(targets), strict=True):
            for one in ids:
                pairs.setdefault(int(one), set()).update(map(int, others))
        found = tuple((one, tuple(sorted(others))) for one, others in sorted(pairs.items()))
        return dataclasses.replace(self, lexicon=found)

    def begin(self, given, sentences) -> dict[str, Any]:
        table = ops.convert_to_tensor(self._table())
        source = ops.cast(given_value(given, "source", self), "int32")
        known = ops.where(source < table.shape[0], source, PAD)
        found = ops.reshape(ops.take(table, known, axis=0), (sentences, -1))
        size = max(self.frequent, int(self._table().max()) + 1)
        allowed = ops.broadcast_to(ops.arange(size) < self.frequent, (sentences, size))
        count = ops.shape(found)[1]
        places = ops.stack(
            [ops.repeat(ops.arange(sentences), count), ops.reshape(found, (-1,))], axis=1
        )
        true = ops.ones((sentences * count,), "bool")
        return {"allowed": ops.scatter_update(allowed, places, true)}

    def __call__(self, logits, said: Said, known):
        size = logits.shape[-1]
        allowed = known["allowed"][:, :size]
        allowed = ops.pad(allowed, [[0, 0], [0, size - allowed.shape[1]]])
        return forbid(logits, ops.logical_not(allowed))

    def _table(self):
        """Makes a row of each source id, of the target ids it may become: [I, C], PAD at ends."""
        if isinstance(self.lexicon, str):
            raise ValueError(f"{self.lexicon!r} is no ids yet: let the search `read` texts first")
        rows = 1 + max((one for one, _ in self.lexicon), default=PAD)
        table = np.zeros([rows, max((len(ids) for _, ids in self.lexicon), default=1)], "int32")
        for one, ids in self.lexicon:
            table[one, : len(ids)] = ids
        return table


def _lines(path: str) -> tuple[Sequence[str], Sequence[str]]:
    """Reads a lexicon -> the texts of its sides.

    Raises:
        ValueError: it cannot be read, or a line is no pair.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the lexicon {path}: {error}") from None
    pairs = [line.split("\t") for line in lines]
    for number, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            raise ValueError(
                f"{path}, line {number}: wanted `source TAB target`, got {lines[number - 1]!r}"
            )
    return [source for source, _ in pairs], [target for _, target in pairs]
