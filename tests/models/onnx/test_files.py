"""A graph is named by the bytes of all its files, and reads none outside its folder."""

import os

import numpy as np
import pytest

from sambench.errors import ModelError

pytest.importorskip("onnx")

import onnx

from sambench.models.onnx.files import read_onnx


def with_weights(folder, location="weights.bin", length=None, size=16, domain="", offset=0):
    """Write a graph that adds four numbers which lie in another file."""
    folder.mkdir(exist_ok=True)
    tensor = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[4])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": offset, "length": 16 if length is None else length}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    ports = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4]) for name in "xy"]
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"], domain=domain)
    graph = onnx.helper.make_graph([node], "g", ports[:1], ports[1:], initializer=[tensor])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    if size is not None:
        (folder / "weights.bin").write_bytes(np.arange(size // 4, dtype=np.float32).tobytes())
    return folder / "model.onnx"


def read(path):
    return read_onnx(path, "model.encoder")


def test_weights_beside_the_graph_are_part_of_its_identity(tmp_path):
    path = with_weights(tmp_path / "m")
    before = read(path)
    assert before.about["weights_in"] == ["weights.bin"]
    assert before.size_bytes == path.stat().st_size + 16
    graph = path.read_bytes()
    (tmp_path / "m" / "weights.bin").write_bytes(b"\1" * 16)
    assert path.read_bytes() == graph
    assert read(path).sha256 != before.sha256
    (tmp_path / "m" / "weights.bin").write_bytes(np.arange(4, dtype=np.float32).tobytes())
    assert read(path).sha256 == before.sha256


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "C:\\x.bin", "a/../../secret.bin", ""])
def test_weights_elsewhere_are_refused(tmp_path, location):
    (tmp_path / "secret.bin").write_bytes(b"0" * 64)
    with pytest.raises(ModelError, match="outside its folder"):
        read(with_weights(tmp_path / "m", location))


def test_a_link_out_of_the_folder_is_refused_and_a_cache_of_blobs_is_not(tmp_path):
    (tmp_path / "secret.bin").write_bytes(b"0" * 64)
    path = with_weights(tmp_path / "m", size=None)
    (tmp_path / "m" / "weights.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ModelError, match="outside its folder"):
        read(path)
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshot"
    with_weights(blobs)
    os.rename(blobs / "model.onnx", blobs / "1234")
    os.rename(blobs / "weights.bin", blobs / "5678")
    snapshot.mkdir()
    (snapshot / "model.onnx").symlink_to(blobs / "1234")
    (snapshot / "weights.bin").symlink_to(blobs / "5678")
    assert read(snapshot / "model.onnx").sha256 == read(with_weights(tmp_path / "plain")).sha256


def test_missing_and_short_weights_are_told(tmp_path):
    with pytest.raises(ModelError, match=r"'weights.bin' is not beside the graph"):
        read(with_weights(tmp_path / "a", size=None))
    with pytest.raises(ModelError, match=r"end at byte 16 of 'weights.bin', which has 12"):
        read(with_weights(tmp_path / "b", size=12))
    with pytest.raises(ModelError, match="lie at no number"):
        read(with_weights(tmp_path / "c", length="many"))
    with pytest.raises(ModelError, match="end at byte -4"):
        read(with_weights(tmp_path / "d", offset=-20))


def test_operators_of_others_and_files_that_are_no_graph_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"need native code: my\.ops"):
        read(with_weights(tmp_path / "m", domain="my.ops"))
    (tmp_path / "page.onnx").write_bytes(b"<!DOCTYPE html><html></html>")
    with pytest.raises(ModelError, match=r"no ONNX model|holds no graph"):
        read(tmp_path / "page.onnx")
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="holds no graph"):
        read(tmp_path / "empty.onnx")
    with pytest.raises(ModelError, match="no such file"):
        read(tmp_path / "absent.onnx")
