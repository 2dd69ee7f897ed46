"""What a signature of a SavedModel takes and gives."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Of tensorflow/core/framework/types.proto, those that JSON can carry.
TYPES: dict[int, type] = {
    1: np.float32,
    2: np.float64,
    3: np.int32,
    4: np.uint8,
    5: np.int16,
    6: np.int8,
    7: np.object_,
    9: np.int64,
    10: np.bool_,
    22: np.uint32,
    23: np.uint64,
}
ANY = -1  # the size of an axis that is not fixed
Tensors = dict[str, np.ndarray]


@dataclass(frozen=True)
class Port:
    """Is one input or output: its NumPy type (None: JSON cannot carry it) and its shape.

    A shape is None where the rank is not known.
    """

    type: type | None
    shape: tuple[int, ...] | None

    @classmethod
    def of(cls, information) -> "Port":
        """Reads a TensorInfo."""
        shape = information.tensor_shape
        known = None if shape.unknown_rank else tuple(axis.size for axis in shape.dim)
        return cls(TYPES.get(information.dtype), known)

    @property
    def rows(self) -> bool:
        """Whether the first axis is the batch."""
        return self.shape is not None and self.shape[:1] == (ANY,)

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Tells whether a tensor of this shape may go in."""
        if self.shape is None:
            return True
        fits = (here in (ANY, there) for here, there in zip(self.shape, shape))
        return len(shape) == len(self.shape) and all(fits)


@dataclass(frozen=True)
class Signature:
    """Is one signature: its name, inputs and outputs."""

    name: str
    inputs: dict[str, Port]
    outputs: dict[str, Port]

    @classmethod
    def of(cls, name: str, definition: Any) -> "Signature":
        """Reads a SignatureDef."""
        read = lambda ports: {name: Port.of(ports[name]) for name in sorted(ports)}
        return cls(name, read(definition.inputs), read(definition.outputs))

    @property
    def merges(self) -> bool:
        """Whether rows of several requests can share a batch."""
        return all(port.rows for port in [*self.inputs.values(), *self.outputs.values()])
