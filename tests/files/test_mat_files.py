import h5py
import numpy as np
import pytest
import scipy.sparse
from mat73 import write_mat73
from scipy.io import savemat

from sambench.files.mat_files import MAX_CELLS, full, mat_names, read_mat

MAP = np.arange(12.0).reshape(3, 4)
SPARSE = scipy.sparse.csc_matrix(np.where(MAP % 5 == 0, MAP, 0))


def both(tmp_path, variables):
    """Read variables back from a file of each version."""
    savemat(tmp_path / "old.mat", {name: _old(value) for name, value in variables.items()})
    write_mat73(tmp_path / "new.mat", variables)
    assert sorted(mat_names(tmp_path / "new.mat")) == sorted(mat_names(tmp_path / "old.mat")) == sorted(variables)
    return read_mat(tmp_path / "old.mat"), read_mat(tmp_path / "new.mat")


def _old(value):
    if isinstance(value, list):
        cells = np.empty((1, len(value)), object)
        for place, one in enumerate(value):
            cells[0, place] = _old(one)
        return cells
    if isinstance(value, tuple):
        structs = np.empty((1, len(value)), [(name, object) for name in value[0]])
        for place, one in enumerate(value):
            for name, inner in one.items():
                structs[0, place][name] = inner
        return structs
    return value


@pytest.mark.parametrize("array", [MAP, MAP.astype(np.uint8), MAP > 4, MAP.astype(np.float32), MAP[:, :0]])
def test_numbers_are_as_matlab_shows_them_in_either_version(tmp_path, array):
    for found in both(tmp_path, {"a": array}):
        np.testing.assert_array_equal(found["a"], array)
        assert found["a"].shape == array.shape
    assert read_mat(tmp_path / "new.mat")["a"].dtype == (array.dtype if array.size else np.float64)


def test_texts_are_no_numbers(tmp_path):
    for found in both(tmp_path, {"made_by": "net"}):
        assert found["made_by"].tolist() == ["net"]


def test_cells_of_structs_arrays_of_structs_and_single_ones(tmp_path):
    one, two = {"A": MAP, "B": MAP > 3}, {"A": MAP + 1, "B": MAP > 5}
    for found in both(tmp_path, {"cells": [one, two], "array": (one, two), "single": one, "row": (two,)}):
        for place, wanted in enumerate((one, two)):
            cell, struct = found["cells"][0, place], found["array"][0, place]
            assert sorted(cell.dtype.names) == ["A", "B"]
            for name, value in wanted.items():
                np.testing.assert_array_equal(cell[name][0, 0], value)
                np.testing.assert_array_equal(struct[name], value)
        np.testing.assert_array_equal(found["single"]["A"][0, 0], MAP)
        np.testing.assert_array_equal(found["row"]["A"][0, 0], MAP + 1)


@pytest.mark.parametrize("matrix", [SPARSE, SPARSE > 0, SPARSE * 0])
def test_sparse_matrices_are_filled_in(tmp_path, matrix):
    matrix = scipy.sparse.csc_matrix(matrix)
    matrix.eliminate_zeros()
    for found in both(tmp_path, {"s": matrix}):
        assert found["s"].shape == (3, 4)
        np.testing.assert_array_equal(full(found["s"]), matrix.toarray())
    assert full(read_mat(tmp_path / "new.mat")["s"]).dtype == matrix.dtype


def test_sparse_matrices_that_no_map_is_are_told():
    side = 2 * int(MAX_CELLS**0.5)
    with pytest.raises(ValueError, match=f"sparse matrix of {side} x {side}, which is too large"):
        full(scipy.sparse.csc_matrix((side, side)))
    broken = SPARSE.copy()
    broken.indices[0] = 3
    with pytest.raises(ValueError, match="damaged sparse matrix"):
        full(broken)


def test_only_what_is_asked_for_is_read(tmp_path):
    old, new = tmp_path / "old.mat", tmp_path / "new.mat"
    savemat(old, {"a": MAP, "b": MAP})
    write_mat73(new, {"a": MAP, "b": MAP})
    for path in (old, new):
        assert list(read_mat(path, ["b"])) == ["b"]
        assert read_mat(path, ["c"]) == {}


def test_objects_of_classes_hold_no_numbers(tmp_path):
    path = write_mat73(tmp_path / "a.mat", {"result": MAP})
    with h5py.File(path, "r+") as file:
        file["table"] = np.ones((6, 2), np.uint32)
        file["table"].attrs["MATLAB_object_decode"] = 3
        file["loose"] = "text"
    found = read_mat(path)
    assert found["table"].size == found["loose"].size == 0
    np.testing.assert_array_equal(found["result"], MAP)


def test_a_cut_file_of_version_7_3_says_so(tmp_path):
    path = write_mat73(tmp_path / "a.mat", {"result": MAP})
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="without its HDF5 content"):
        read_mat(path)
