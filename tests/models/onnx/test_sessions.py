"""Sessions run on what was asked for, take the declared types, and tell what onnxruntime refuses."""

import numpy as np
import pytest

from sambench.errors import ModelError, UsageError

pytest.importorskip("onnxruntime")

import onnxruntime
from tiny_graphs import HALF, Body, Port

from sambench.models.onnx.sessions import PROVIDERS, open_session


def doubling(tmp_path, kind=HALF):
    body = Body()
    body.op("Add", "x", "x", out="y")
    return body.write(tmp_path / "double.onnx", [Port("x", (1, "n"), kind)], [Port("y", (1, "n"), kind)])


def test_half_precision_goes_in_and_comes_out_as_float32(tmp_path):
    session = open_session(doubling(tmp_path), "model.encoder", "cpu")
    assert [str(port) for port in session.inputs.values()] == ["x (1, ?) float16"]
    made = session.run({"x": np.array([[1.5, 2.0]]), "unknown": np.zeros(1)}, ["y"])["y"]
    assert made.dtype == np.float32
    assert made.tolist() == [[3.0, 4.0]]
    told = session.describe()
    assert told["providers"] == ["CPUExecutionProvider"]
    assert told["onnxruntime"] == onnxruntime.__version__


def test_numbers_below_1e_38_are_zero_as_for_torch(tmp_path):
    body = Body()
    body.op("Mul", "x", "x", out="y")
    path = body.write(tmp_path / "square.onnx", [Port("x", (1, "n"))], [Port("y", (1, "n"))])
    session = open_session(path, "model.encoder", "cpu")
    made = session.run({"x": np.full((1, 64), 1e-20, np.float32)}, ["y"])["y"]  # 1e-40, which float32 holds
    assert (made.view(np.uint32) == 0).all()  # of their bits: in this mode 1e-40 itself is 0 to any comparison


def test_a_provider_that_is_not_there_is_refused_and_not_replaced(tmp_path):
    absent = [name for name, own in PROVIDERS.items() if own not in onnxruntime.get_available_providers()]
    assert absent
    with pytest.raises(UsageError, match=f"no provider {absent[0]} here") as error:
        open_session(doubling(tmp_path), "model.encoder", absent[0])
    assert "model.provider=cpu" in error.value.mend


def test_missing_inputs_and_failing_graphs_are_told(tmp_path):
    session = open_session(doubling(tmp_path), "model.encoder", "cpu")
    with pytest.raises(ModelError, match=r"inputs nothing is known for: x \(1, \?\) float16"):
        session.run({}, ["y"])
    with pytest.raises(ModelError, match="onnxruntime refuses the graph"):
        session.run({"x": np.zeros((2, 2, 2))}, ["y"])
    body = Body()
    body.op("NoSuchOperator", "x", out="y")
    path = body.write(tmp_path / "bad.onnx", [Port("x", (1,))], [Port("y", (1,))])
    with pytest.raises(ModelError, match="onnxruntime refuses the graph"):
        open_session(path, "model.encoder", "cpu")
