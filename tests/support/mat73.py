"""Writes MATLAB files of version 7.3 as MATLAB itself lays them out in HDF5."""

import h5py
import numpy as np
import scipy.sparse

_CLASSES = {"float64": "double", "float32": "single", "bool": "logical"}


def write_mat73(path, variables):
    """Write variables: arrays, str, lists as cells, dicts as structs, tuples of dicts as struct arrays, sparse ones."""
    with h5py.File(path, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")
        for name, value in variables.items():
            _write(refs, file, name, value)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64 HDF5 schema 1.00 .".ljust(124) + b"\x00\x02IM")
    return path


def _write(refs, group, name, value):
    if isinstance(value, dict):
        item, kind = group.create_group(name), "struct"
        for field, inner in value.items():
            _write(refs, item, field, inner)
    elif isinstance(value, tuple):
        item, kind = group.create_group(name), "struct"
        for field in value[0]:
            item[field] = _references(refs, [one[field] for one in value])
    elif isinstance(value, list):
        group[name] = _references(refs, value)
        item, kind = group[name], "cell"
    elif scipy.sparse.issparse(value):
        value = scipy.sparse.csc_matrix(value)
        item, kind = group.create_group(name), _CLASSES[value.dtype.name]
        item["jc"] = value.indptr.astype(np.uint64)
        if value.nnz:
            item["ir"], item["data"] = value.indices.astype(np.uint64), value.data.astype(float)
        item.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
    elif isinstance(value, str):
        group[name] = np.array([[ord(one)] for one in value], np.uint16)
        item, kind = group[name], "char"
    elif value.size == 0:
        group[name] = np.array(value.shape, np.uint64)
        item, kind = group[name], _CLASSES.get(value.dtype.name, value.dtype.name)
        item.attrs["MATLAB_empty"] = np.uint8(1)
    else:
        group[name] = value.T.astype(np.uint8) if value.dtype == bool else value.T
        item, kind = group[name], _CLASSES.get(value.dtype.name, value.dtype.name)
    item.attrs["MATLAB_class"] = np.bytes_(kind)


def _references(refs, values):
    """Return (N, 1) references, MATLAB's row of N, to values stored apart."""
    found = np.empty((len(values), 1), h5py.ref_dtype)
    for place, value in enumerate(values):
        name = f"r{len(refs)}"
        _write(refs, refs, name, value)
        found[place, 0] = refs[name].ref
    return found
