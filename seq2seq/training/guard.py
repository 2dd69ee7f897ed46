"""A watch over updates: those that would do harm are refused."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path


class Diverged(ValueError):
    """Says that training cannot go on: update after update was refused."""


class Guard:
    """Judges an update before it is made: one that is not finite, or a spike, is refused.

    A spike is a gradient norm, or a loss per token, above `spike` times its running mean over the
    accepted updates. spike 4, means of norm 0.5 and loss 3: a norm of 2.1 or a loss of 13 is
    refused. A mean weighs the last `window` updates or so; before it has seen that many, nothing
    finite is a spike, since norms are large when training begins.

    After each refusal the learning rate is multiplied by `back_off`, at most EASED times in all;
    after each `window` accepted updates in a row one such step is taken back.

    `state` is plain JSON, so that a run that was killed judges as one that was not.

    Args:
        spike: 0 refuses only what is not finite; else more than 1.
        refusals: updates refused in a row after which training ends.
        back_off: 1 leaves the rate as it is.
        keep: keep(update, batches) puts a refused update's batches away and returns where.
        rescale: rescale(ratio) multiplies the rate of all updates to come.

    Raises:
        ValueError: an argument that cannot be.
    """

    name = "guard"
    EASED = 10

    def __init__(
        self,
        spike: float = 0.0,
        refusals: int = 10,
        back_off: float = 1.0,
        window: int = 100,
        keep: Callable[[int, Sequence], Path] | None = None,
        rescale: Callable[[float], None] | None = None,
    ):
        if spike and not 1 < spike < math.inf:
            raise ValueError(f"spike = {spike}: choose more than 1 times the mean, or 0 for none")
        if refusals < 1:
            raise ValueError(f"refusals = {refusals}: choose 1 update in a row or more")
        if not 0 < back_off <= 1:
            raise ValueError(f"back_off = {back_off}: choose 0 < back_off <= 1")
        if window < 1:
            raise ValueError(f"window = {window}: choose 1 update or more")
        self.spike = spike
        self.refusals = refusals
        self.back_off = back_off
        self.window = window
        self.keep = keep
        self.rescale = rescale
        # Updates judged, refused, refused or accepted in a row; steps by which the rate is eased.
        self.state: dict = dict.fromkeys(("judged", "refused", "bad", "good", "eased"), 0)
        self.state |= {"loss": 0.0, "norm": 0.0}

    def accepts(self, loss: float, norm: float, batches: Sequence = ()) -> bool:
        """Tells whether an update should be made.

        Args:
            loss: per token.
            norm: of the gradient, before clipping.
            batches: what the update was made of, to be put away if it is refused.

        Raises:
            Diverged: this is the last of `refusals` refusals in a row.
        """
        self._count(judged=1)
        why = self._fault("loss", loss) or self._fault("norm", norm)
        if not why:
            self._accept(loss, norm)
            return True
        self._refuse()
        told = f"update {self.state['judged']} has loss {loss:.4g} a token, norm {norm:.4g}: {why}"
        if self.keep:
            told += f"; its batch is in {self.keep(self.state['judged'], batches)}"
        if self.state["bad"] >= self.refusals:
            raise Diverged(
                f"training diverged, {self.refusals} updates in a row were refused ({told}). Look "
                "at the batch; lower the schedule's peak, warm up longer, or clip more"
            )
        return False

    def _fault(self, name: str, value: float) -> str:
        """Says what is wrong with a loss or norm, or nothing."""
        if not math.isfinite(value):
            return f"the {name} is not finite"
        seen = self.state["judged"] - 1 - self.state["refused"]
        mean = self.state[name]
        if self.spike and seen >= self.window and value > self.spike * mean:
            return f"the {name} is above {self.spike:g} times its mean, {mean:.4g}"
        return ""

    def _accept(self, loss: float, norm: float) -> None:
        self._count(good=1)
        seen = self.state["judged"] - self.state["refused"]
        for name, value in {"loss": loss, "norm": norm}.items():
            self.state[name] += (value - self.state[name]) / min(seen, self.window)
        self.state["bad"] = 0
        if self.state["eased"] and self.state["good"] % self.window == 0:
            self._ease(-1)

    def _refuse(self) -> None:
        self._count(refused=1, bad=1)
        self.state["good"] = 0
        if self.state["eased"] < self.EASED:
            self._ease(1)

    def _ease(self, steps: int) -> None:
        if self.back_off == 1:
            return
        self._count(eased=steps)
        if self.rescale:
            self.rescale(self.back_off**steps)

    def _count(self, **more: int) -> None:
        for name, number in more.items():
            self.state[name] += number
