"""Every family and task on a device that is not there; writes what the host waited for, as JSON.

`python dry_device.py pretended FILE FAMILY...` runs with real values, on any build of torch, and compares with the
CPU's answers; `fake` in its place runs under torch's FakeTensorMode with CUDA, on a build for CUDA, where what arrives
is zeros.
"""

import json
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from pretended_device import PretendedDevice, pretended_device
from pycocotools import mask as coco_mask
from sambench.tasks.edges import EdgesTask
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask
from sambench.tasks.proposals import ProposalsTask
from tiny_sams import tiny_model
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._pytree import tree_map_only

from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import GeneratorSettings
from sambench.masks.transfers import Arrival
from sambench.models.sam.checkpoints import load_checkpoint
from sambench.models.sam.model import TransformersSam
from sambench.types import Annotation, InstanceTruth, Prompts, Sample

SIZE = (37, 61)
BATCH = 4
GENERATOR = GeneratorSettings(
    points_per_side=3, points_per_batch=BATCH, pred_iou_thresh=0.0, stability_score_thresh=0.0
)
TASKS = {
    "points": PointsTask(clicks=(1, 2, 3)),
    "edges": EdgesTask(grid=3, sobel=5),
    "proposals": ProposalsTask(points_per_side=3, points_per_batch=BATCH),
    "instances": InstancesTask(passes=2),
}


def sample():
    """Return an image of noise with five objects."""
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    objects = []
    for number in range(5):
        mask = np.zeros(SIZE, np.uint8)
        mask[3 + number : 15 + 3 * number, 4 + 9 * number : 16 + 9 * number] = 1
        code = coco_mask.encode(np.asfortranarray(mask))
        objects.append(Annotation(number, 1, code, float(mask.sum())))
    return Sample("one", image, InstanceTruth(objects, 0))


def prompts(kind, fed=None):
    """Return five prompts, on the host but for logits that are fed back: points of several numbers, boxes."""
    points = torch.from_numpy(np.random.default_rng(1).uniform(0, 37, (5, 3, 2)).astype(np.float32))
    labels = torch.from_numpy(np.array([[1, 0, -1], [1, -1, -1], [1, 1, 0], [0, 1, -1], [1, -1, -1]]))
    corners = np.random.default_rng(2).uniform(0, 18, (5, 4)) + np.array([0, 0, 18, 18])
    boxes = torch.from_numpy(corners.astype(np.float32)) if "boxes" in kind else None
    return Prompts(points, labels, boxes, fed) if "points" in kind else Prompts(boxes_xyxy=boxes, mask_logits=fed)


def steps(model):
    """Return name -> call of what is done on a device, in order, and the number of batches that it is done in."""
    one, kept = sample(), {}
    predictor = Predictor(model, None, Stages(), BATCH)
    predictor._encode = lambda images: [kept["embedding"]]

    def encode():
        kept["embedding"] = model.encode([one.image])[0]

    def decode(kind, multimask=True):
        kept["masks"] = model.decode(kept["embedding"], prompts(kind), multimask)
        return kept["masks"]

    def fed_back():
        fed = kept["masks"].prompt_logits[:, 0].float()
        return model.decode(kept["embedding"], prompts("points", fed), False)

    found = {
        "encode": encode,
        "decode of points": lambda: decode("points"),
        "decode of boxes": lambda: decode("boxes", False),
        "decode of points and boxes": lambda: decode("points and boxes"),
        "decode of points and masks": fed_back,
        "generate": lambda: AutomaticMaskGenerator(predictor, GENERATOR).generate(one.image, kept["embedding"]),
    }
    return found | {name: lambda task=task: task.predict(one, predictor) for name, task in TASKS.items()}


class Fake(FakeTensorMode):
    """Fakes CUDA alone: the host's own tensors stay real. A copy that stops host or device fails."""

    def __init__(self):
        super().__init__(allow_non_fake_inputs=True)
        self.loading = True

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        there = []
        tree_map_only(FakeTensor, there.append, (args, kwargs or {}))
        device = (kwargs or {}).get("device") or next((one for one in args if isinstance(one, torch.device)), None)
        if not there and (device is None or torch.device(device).type != "cuda"):
            return func(*args, **kwargs or {})
        if func._schema.name in ("aten::_to_copy", "aten::to") and not self.loading and device is not None:
            crosses = not there or torch.device(device).type == "cpu"
            waits = not (kwargs or {}).get("non_blocking", False) and not any(one is True for one in args)
            if crosses and waits:
                raise RuntimeError(f"{func} to {device} stops host and device")
        args, kwargs = tree_map_only(torch.Tensor, self._faked, (args, kwargs or {}))
        return super().__torch_dispatch__(func, types, args, kwargs)

    def _faked(self, tensor):
        return tensor if isinstance(tensor, FakeTensor) else self.from_tensor(tensor)


class NoEvent:
    """A CUDA event where there is no CUDA."""

    def record(self, stream):
        """Do nothing."""

    def synchronize(self):
        """Do nothing."""


def model_on(folder, device):
    """Return a family's model whose tensors lie on a device."""
    checkpoint = load_checkpoint(folder)
    if device.type == "cuda":
        for module in checkpoint.model.modules():
            for name, one in list(module._parameters.items()):
                if one is not None:
                    module._parameters[name] = torch.nn.Parameter(one.detach().to(device), requires_grad=False)
            for name, one in list(module._buffers.items()):
                if one is not None:
                    module._buffers[name] = one.to(device)
    return TransformersSam(checkpoint, device=device, decode_batch_size=BATCH)


def apart(one, other):
    """Return how far a device's answer is from the CPU's, between 0 and 1."""
    if isinstance(one, np.ndarray):
        return float(np.abs(one.astype(float) - other).max() / max(1.0, np.abs(other).max()))
    if hasattr(one, "logits"):
        return apart(one.logits.held.numpy(), other.logits.numpy())
    if hasattr(one, "clicked"):
        return apart(one.clicked.predicted_iou, other.clicked.predicted_iou)
    if hasattr(one, "rles"):
        if len(one.rles) != len(other.rles):
            return 1.0
        return float(np.mean(coco_mask.decode(list(one.rles)) != coco_mask.decode(list(other.rles))))
    return 0.0


def pretended(folder):
    """Run all steps with real values; gives what each waited for and how far it is from the CPU's answer."""
    expected = {name: call() for name, call in steps(model_on(folder, torch.device("cpu"))).items()}
    found, arrive = {}, Arrival.tensors
    with PretendedDevice() as mode:

        def tensors(arrival):
            with mode.arriving():
                return arrive(arrival)

        Arrival.tensors = tensors
        for name, call in steps(model_on(folder, pretended_device())).items():
            mode.counts.clear()
            try:
                answer = call()
                counts = +mode.counts
                found[name] = {"counts": counts, "apart": apart(answer, expected[name])}
            except Exception as error:
                found[name] = failure(error)
    Arrival.tensors = arrive
    return found


def fake(folder):
    """Run all steps without values, on CUDA."""

    def tensors(arrival):
        arrays = (np.zeros(one.shape, str(one.dtype).removeprefix("torch.")) for one in arrival._tensors)
        return tuple(torch.from_numpy(np.asarray(one if one.shape or one.dtype != bool else True)) for one in arrays)

    Arrival.tensors = tensors
    torch.cuda.Event, torch.cuda.current_stream = NoEvent, lambda device: None
    torch.Tensor.pin_memory = lambda self: self
    found = {}
    torch.nn.Module.to = torch.nn.Module.float = lambda module, *_, **__: module  # which is where it belongs
    with Fake() as mode:
        made = steps(model_on(folder, torch.device("cuda", 0)))
        mode.loading = False
        for name, call in made.items():
            try:
                call()
                found[name] = {}
            except Exception as error:
                found[name] = failure(error)
    return found


def failure(error):
    """Tell of an error and where it arose."""
    return {"error": f"{type(error).__name__}: {error}"[:500], "trace": traceback.format_exc(limit=-6)}


def main(how, out, *families):
    """Run families."""
    found = {}
    for family in families:
        with TemporaryDirectory() as folder:
            tiny_model(family).save_pretrained(folder)
            found[family] = {"pretended": pretended, "fake": fake}[how](folder)
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
