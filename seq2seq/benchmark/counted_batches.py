"""What went through a stream of batches, tokens and padding apart."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from pipelines.special_tokens import PAD


class CountedBatches:
    """Hands batches on and counts their tokens; a batch of weight 0 throughout has none."""

    def __init__(self):
        self.shapes: Counter = Counter()  # (rows, source positions, target positions)
        self.lengths: dict[str, list[np.ndarray]] = {"source": [], "target": []}  # of each row

    def count(self, inputs, labels, weights) -> None:
        """Counts one batch."""
        source, weights = np.asarray(inputs["source"]), np.asarray(weights)
        self.shapes[(*source.shape, weights.shape[1])] += 1
        self.lengths["source"].append(np.sum(source != PAD, axis=1))
        self.lengths["target"].append(np.sum(weights != 0, axis=1))

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the tokens of all rows: source [R], target [R]."""
        source, target = (np.concatenate(self.lengths[side]) for side in ("source", "target"))
        return source, target

    def tokens(self) -> dict[str, int]:
        """Returns the real tokens of each side."""
        return {side: int(sum(map(np.sum, rows))) for side, rows in self.lengths.items()}

    def padding(self) -> dict[str, float]:
        """Returns the share of positions that hold no token, 0 to 1: of each side and of both."""
        places = {"source": 0, "target": 0}
        for (rows, source, target), times in self.shapes.items():
            places["source"] += rows * source * times
            places["target"] += rows * target * times
        tokens = self.tokens()
        places["both"], tokens["both"] = sum(places.values()), sum(tokens.values())
        return {side: 1.0 - tokens[side] / max(1, places[side]) for side in places}

    def most_common(self) -> Iterator[dict[str, int]]:
        """Yields each shape and how many batches had it, the most frequent first."""
        for (rows, source, target), batches in self.shapes.most_common():
            yield {"rows": rows, "source": source, "target": target, "batches": batches}
