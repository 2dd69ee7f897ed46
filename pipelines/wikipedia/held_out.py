"""Which articles are kept for validation and for testing."""

import dataclasses
import hashlib


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Chooses whole articles for "valid" and "test" by a hash of their title.

    The choice does not depend on the other articles, so a newer dump keeps it.
    """

    valid: float = 0.05
    test: float = 0.05

    def __post_init__(self):
        if min(self.valid, self.test) < 0 or self.valid + self.test >= 1:
            raise ValueError(
                "valid and test are shares of the articles, 0 or more and below 1 together, "
                f"not {self.valid} and {self.test}"
            )

    def split(self, title: str) -> str:
        """Names the split of an article."""
        digest = hashlib.blake2b(title.encode(), digest_size=8).digest()
        place = int.from_bytes(digest, "big") / 2**64
        if place < self.valid:
            return "valid"
        return "test" if place < self.valid + self.test else "train"
