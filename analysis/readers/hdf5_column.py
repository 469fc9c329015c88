"""One column of numbers in an HDF5 file, read in pieces, that cannot claim more than the file holds."""

from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from analysis.readers.base import TagFileError

_HIGHEST_COMPRESSION = 1100
"""Deflate packs at most 1032:1; a data set that claims more than that is damaged."""
_LARGEST_CHUNK_BYTES = 1 << 24


class Column:
    """A one-dimensional integer data set. TagFileError when it is none, or claims more than is stored."""

    def __init__(self, path: Path, dataset: object) -> None:
        self._path = path
        if not isinstance(dataset, h5py.Dataset):
            raise TagFileError(f"cannot read {path}: {getattr(dataset, 'name', 'a field')} is no data set")
        self._dataset = dataset
        self.name = str(dataset.name)
        if dataset.ndim != 1 or dataset.dtype.kind not in "iu":
            raise TagFileError(f"cannot read {path}: {self.name} is no column of integers; the file is damaged")
        self.n_rows = int(dataset.shape[0])
        self._refuse_impossible_claims()

    def rows(self, start: int, stop: int) -> npt.NDArray[np.integer]:
        """Rows ``start`` to ``stop``; TagFileError when the bytes are damaged."""
        try:
            rows: npt.NDArray[np.integer] = self._dataset[start:stop]
        except (OSError, RuntimeError, ValueError) as error:
            raise TagFileError(f"cannot read {self._path}: {self.name} cannot be read; the file is damaged") from error
        return rows

    def _refuse_impossible_claims(self) -> None:
        dataset = self._dataset
        if dataset.is_virtual or dataset.external:
            raise TagFileError(f"cannot read {self._path}: {self.name} is stored in other files, which is not read")
        stored = int(dataset.id.get_storage_size())
        claimed = self.n_rows * dataset.dtype.itemsize
        limit = stored * (_HIGHEST_COMPRESSION if dataset.chunks else 1)
        chunk_bytes = dataset.dtype.itemsize * int(dataset.chunks[0]) if dataset.chunks else 0
        if stored > self._path.stat().st_size or claimed > limit or chunk_bytes > _LARGEST_CHUNK_BYTES:
            raise TagFileError(
                f"cannot read {self._path}: {self.name} claims {claimed} bytes where {stored} are stored "
                f"(in chunks of {chunk_bytes}); the file is damaged"
            )
