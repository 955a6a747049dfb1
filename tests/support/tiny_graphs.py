"""Tiny ONNX graphs in exporters' own names, ranks and types, whose answers reveal what they were asked."""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, HALF, INT64, INT32 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.INT32


@dataclass
class Port:
    """An input or output: its name, shape (texts vary) and type."""

    name: str
    shape: tuple
    type: int = FLOAT


class Body:
    """Nodes and constants of a graph, written down one after the other."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, value, dtype=np.int64):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def op(self, kind, *inputs, out=None, **attributes):
        self.count += 1
        out = out or f"v{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def floats(self, name):
        return self.op("Cast", name, to=FLOAT)

    def write(self, path, inputs, outputs, opset=17, domains=()):
        infos = [
            [helper.make_tensor_value_info(port.name, port.type, port.shape) for port in ports]
            for ports in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "tiny", *infos, initializer=self.constants)
        opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
        return str(path)


@dataclass
class Asked:
    """What a revealing decoder was asked, read off the first row of an answer's logits."""

    features: list = field(default_factory=list)
    xy: np.ndarray = None
    labels: list = None
    rest: list = None


def decoder(path, features, points, labels, masks, scores, extra=(), number=4, side=16, others=(), rank=4):
    """Write a decoder whose masks' first rows are: each feature's mean, points, labels, and every extra input's mean.

    Mask m of a prompt has 1000 m added, and a score of m / 10. `masks` and `scores` are the outputs' names; `others`
    are further outputs as (Port, kind), kind "full" for masks at the size of `orig_im_size`, "area" or "stability".
    """
    body = Body()
    axis = len(points.shape) - 3
    prompts = body.op("Gather", body.op("Shape", points.name), body.constant([axis]), axis=0)
    flat = body.op("Concat", prompts, body.constant([-1]), axis=0)
    one = body.op("Concat", prompts, body.constant([1]), axis=0)
    parts = [body.op("Expand", body.op("Reshape", _mean(body, port), body.constant([1, 1])), one) for port in features]
    parts += [body.op("Reshape", body.floats(port.name), flat) for port in (points, labels)]
    for port in extra:
        if port.name == "orig_im_size":
            row = body.op("Reshape", body.floats(port.name), body.constant([1, 2]))
            parts.append(body.op("Expand", row, body.op("Concat", prompts, body.constant([2]), axis=0)))
        elif port.name == "input_boxes":
            parts.append(body.op("Reshape", body.floats(port.name), flat))
        else:
            parts.append(body.op("Expand", body.op("Reshape", _mean(body, port), body.constant([1, 1])), one))
    row = body.op("Concat", *parts, axis=1)
    length = body.op("Gather", body.op("Shape", row), body.constant([1]), axis=0)
    left = body.op("Concat", prompts, body.op("Sub", body.constant([side * side]), length), axis=0)
    zeros = body.op("ConstantOfShape", left)
    plane = body.op("Concat", row, zeros, axis=1)
    shape = body.op("Concat", prompts, body.constant([1, side, side]), axis=0)
    plane = body.op("Reshape", plane, shape)
    steps = body.constant(1000.0 * np.arange(number).reshape(1, number, 1, 1), np.float32)
    low = body.op("Add", plane, steps)
    table = body.constant(np.arange(number, dtype=np.float32)[None] / 10, np.float32)
    score = body.op("Expand", table, body.op("Concat", prompts, body.constant([number]), axis=0))
    if rank == 5:
        low, score = (body.op("Unsqueeze", one, body.constant([0])) for one in (low, score))
    outputs = []
    for port, value in ((masks, low), (scores, score)):
        body.op("Cast", value, out=port.name, to=port.type)
        outputs.append(port)
    for port, kind in others:
        if kind == "full":
            side_of = body.op("Cast", "orig_im_size", to=INT64)
            whole = body.op("Concat", body.constant([1, number]), side_of, axis=0)
            body.op("Expand", body.constant(np.full((1, 1, 1, 1), 7.0), np.float32), whole, out=port.name)
        else:
            value = np.full((1, number), 0.5, np.float32) if kind == "stability" else np.ones((1, number), np.int64)
            body.op("Identity", body.constant(value, value.dtype), out=port.name)
        outputs.insert(0 if kind == "full" else len(outputs), port)
    return body.write(path, [*features, points, labels, *extra], outputs)


def _mean(body, port):
    return body.op("ReduceMean", body.floats(port.name), keepdims=0)


def encoder(path, pixels, outputs):
    """Write an encoder whose k-th output holds k plus the mean of what it was given, its first channel the first pixel.

    An output's shape gives its own.
    """
    body = Body()
    given = body.floats(pixels.name)
    mean = body.op("ReduceMean", given, keepdims=0)
    first = body.op("Gather", body.op("Reshape", given, body.constant([-1])), body.constant(0), axis=0)
    for k, port in enumerate(outputs):
        shape = body.constant(list(port.shape))
        value = body.op("Add", mean, body.constant(float(k), np.float32))
        whole = body.op("Expand", value, shape)
        corner = np.zeros(port.shape, np.float32)
        corner.flat[0] = 1.0
        corner = body.constant(corner, np.float32)
        rest = body.op("Mul", whole, body.op("Sub", body.constant(1.0, np.float32), corner))
        made = body.op("Add", rest, body.op("Mul", corner, first))
        body.op("Cast", made, out=port.name, to=port.type)
    return body.write(path, [pixels], outputs)


def asked(masks, prompt, features, points, count=2):
    """Read what a decoder was asked off the answer to a prompt: N points after the means of its features."""
    row = masks.logits[prompt, 0].flatten().double().numpy()
    row = row - 1000 * round(float(row[-1]) / 1000)
    xy = row[features : features + count * points].reshape(points, count)
    end = features + count * points
    return Asked(row[:features].tolist(), xy, row[end : end + points].tolist(), row[end + points :].tolist())
