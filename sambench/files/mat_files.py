"""Variables of MATLAB files, of version 7.3 (which is HDF5) as of the older ones, in one form.

Numbers are arrays as MATLAB shows them, texts arrays of str, cells arrays of object, structs arrays whose dtype has the
fields' names, and sparse matrices are scipy's; `full` fills their zeros in.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import scipy.sparse

MAX_CELLS = 2**27
"""Most cells a sparse matrix is filled up to, a gigabyte of doubles; no image has more, a matrix of pixel pairs has."""

_OLD = "it is a file of version 7.3 without its HDF5 content, it may be truncated"


def read_mat(path: Path, names: Collection[str] = ()) -> dict[str, Any]:
    """Read a MATLAB file's variables by name.

    Args:
        path: The file.
        names: Read these alone, of those that are there; all where none is given.

    Raises:
        OSError, ValueError, ...: The file is missing or damaged.
    """
    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            wanted = [name for name in file if not name.startswith("#") and (not names or name in names)]
            return {name: _value(file, file[name]) for name in wanted}
    try:
        content = scipy.io.loadmat(path, variable_names=list(names) or None)
    except NotImplementedError as error:
        raise ValueError(_OLD) from error
    return {name: value for name, value in content.items() if not name.startswith("__")}


def mat_names(path: Path) -> list[str]:
    """List the names of a MATLAB file's variables. Raises as `read_mat`."""
    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            return [name for name in file if not name.startswith("#")]
    return [name for name, *_ in scipy.io.whosmat(path)]


def full(value: Any) -> np.ndarray:
    """Return a variable as an array, a sparse matrix with its zeros.

    Raises:
        ValueError: A sparse matrix has more than `MAX_CELLS` cells, or places outside of it.
    """
    if not scipy.sparse.issparse(value):
        return np.asarray(value)
    height, width = value.shape
    if height * width > MAX_CELLS:
        raise ValueError(f"a sparse matrix of {height} x {width}, which is too large for a map")
    matrix = scipy.sparse.csc_matrix(value)
    try:
        matrix.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"a damaged sparse matrix: {error}") from error
    return np.asarray(matrix.toarray())


def _value(file: Any, item: Any) -> Any:
    """Return a dataset or a group of a v7.3 file as the older versions' reader gives it."""
    kind = item.attrs.get("MATLAB_class", b"")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if isinstance(item, h5py.Group):
        return _sparse(item, kind) if "MATLAB_sparse" in item.attrs else _struct(file, item)
    refers = h5py.check_ref_dtype(item.dtype) is h5py.Reference
    if item.attrs.get("MATLAB_empty", 0):
        shape = [int(length) for length in np.ravel(item[()])]
        if 0 not in shape:
            raise ValueError(f"an empty array of shape {shape}")
        return np.zeros(shape, object if kind == "cell" else np.float64)
    if "MATLAB_object_decode" in item.attrs or (item.dtype == object and not refers):
        return np.zeros((0, 0), object)  # an object of a class (string, table): only MATLAB knows its form
    stored = np.asarray(item[()]).T
    if refers:
        cells = np.empty(stored.shape, object)
        for index, reference in np.ndenumerate(stored):
            cells[index] = _value(file, file[reference])
        return cells
    if kind == "char":
        return np.array(["".join(map(chr, row)) for row in stored.reshape(len(stored), -1).tolist()])
    if stored.dtype.names == ("real", "imag"):
        return stored["real"] + 1j * stored["imag"]
    return stored.astype(bool) if kind == "logical" else stored


def _sparse(group: Any, kind: str) -> Any:
    """Return a sparse matrix, stored column by column: values, their rows, and where each column starts."""
    starts = group["jc"][()].astype(np.int64)
    rows = group["ir"][()].astype(np.int64) if "ir" in group else np.zeros(0, np.int64)
    values = group["data"][()] if "data" in group else np.zeros(0)
    shape = (int(group.attrs["MATLAB_sparse"]), len(starts) - 1)
    matrix = scipy.sparse.csc_matrix((values, rows, starts), shape)
    return matrix.astype(bool) if kind == "logical" else matrix


def _struct(file: Any, group: Any) -> np.ndarray:
    """Return a struct (1, 1) or an array of structs: then each field is an array of references that is no cell."""
    arrays = [
        isinstance(item, h5py.Dataset)
        and h5py.check_ref_dtype(item.dtype) is h5py.Reference
        and "MATLAB_class" not in item.attrs
        for item in group.values()
    ]
    fields = {name: _value(file, item) for name, item in group.items()}
    shape = next(iter(fields.values())).shape if arrays and all(arrays) else (1, 1)
    structs = np.empty(shape, [(name, object) for name in fields])
    for name, value in fields.items():
        if shape != (1, 1):
            structs[name] = value
        else:
            structs[name][0, 0] = value[0, 0] if all(arrays) else value
    return structs
