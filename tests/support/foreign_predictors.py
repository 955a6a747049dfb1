"""Predictors with SamPredictor's interface that keep their weights in every place a fork may keep them."""

import functools
import types
from pathlib import Path

import torch

from sambench.models.sam.preprocess import LongestSide

SIDE = 64
REGISTRY = {}


class Transform:
    """Coordinates as segment_anything scales them, to a square of 64."""

    target_length = SIDE

    def apply_coords_torch(self, xy, size):
        return LongestSide(SIDE).to_model(xy, size)

    def apply_boxes_torch(self, boxes, size):
        return self.apply_coords_torch(boxes.view(-1, 2, 2), size).view(-1, 4)


def network(radius):
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, radius)
    torch.nn.init.zeros_(model.bias)
    return model


class Discs:
    """Discs around a prompt's mean point; the radius is the image's feature, which the weights make of its mean."""

    transform = Transform()
    device = torch.device("cpu")
    features = input_size = original_size = None

    def radius_of(self, mean):
        raise NotImplementedError

    def set_image(self, image):
        self.original_size = image.shape[:2]
        self.input_size = LongestSide(SIDE).frame(self.original_size).input_size
        with torch.no_grad():
            self.features = self.radius_of(torch.full((1, 1), 0.5 + float(image.mean()) / 510)).reshape(1, 1, 1, 1)

    def predict_torch(
        self, point_coords, point_labels, boxes=None, mask_input=None, multimask_output=True, return_logits=False
    ):
        places = [part for part in (point_coords, None if boxes is None else boxes.view(-1, 2, 2)) if part is not None]
        centre = torch.cat(places, 1).mean(1) / 4
        y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
        distance = ((x - centre[:, 0, None, None]) ** 2 + (y - centre[:, 1, None, None]) ** 2).sqrt()
        scales = (0.5, 1.0, 1.5) if multimask_output else (1.0,)
        low = torch.stack([self.features.reshape(()) * scale - distance for scale in scales], 1)
        full = torch.nn.functional.interpolate(low, (SIDE, SIDE), mode="bilinear", align_corners=False)
        full = full[..., : self.input_size[0], : self.input_size[1]]
        full = torch.nn.functional.interpolate(full, self.original_size, mode="bilinear", align_corners=False)
        return full, low.flatten(2).sigmoid().mean(2), low


class Plain(Discs):
    def __init__(self, model):
        self.model = model

    def radius_of(self, mean):
        return self.model(mean)


class ItselfAModule(Discs, torch.nn.Module):
    def __init__(self, model):
        torch.nn.Module.__init__(self)
        self.model = model

    def radius_of(self, mean):
        return self.model(mean)


class HandsOn:
    """What it does not have it asks its inner predictor for."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self.__dict__["_inner"], name)


class Slotted(Discs):
    __slots__ = ("__net", "also")

    def __init__(self, model):
        self.__net = model

    def radius_of(self, mean):
        return self.__net(mean)


class InTables(Discs):
    def __init__(self, model):
        self.parts = {"nets": [None, (model,)]}

    def radius_of(self, mean):
        return self.parts["nets"][1][0](mean)


class Asks(Discs):
    """Calls what it was given."""

    def __init__(self, call):
        self.call = call

    def radius_of(self, mean):
        return self.call(mean)


class Opaque(Discs):
    """Its weights lie where nobody can look: in the arguments of a compiled iterator, as in a session's memory."""

    def __init__(self, model):
        self.weight = float(model.weight.detach())

    def radius_of(self, mean):
        return mean * self.weight


class Registered(Discs):
    """A part is found, and its encoder lies in a table of its module's."""

    def __init__(self, name):
        self.name, self.head = name, network(1.0)

    def radius_of(self, mean):
        return self.head(REGISTRY[self.name](mean))


def delegating(model):
    inner = Plain(model)
    return types.SimpleNamespace(
        set_image=lambda image: inner.set_image(image),
        predict=lambda **asked: [part[0].numpy() for part in _predict(inner, **asked)],
    )


def _predict(inner, point_coords, multimask_output, **_):
    points = inner.transform.apply_coords_torch(torch.tensor(point_coords[None]), inner.original_size)
    _, iou, low = inner.predict_torch(points, None, multimask_output=multimask_output)
    return torch.nn.functional.interpolate(low, inner.original_size, mode="bilinear", align_corners=False), iou, low


def closing_over(model):
    def call(mean):
        return model(mean)

    return Asks(call)


def a_class_of_its_own(model):
    class Local(Discs):
        def radius_of(self, mean):
            return model(mean)

    return Local()


def in_a_global(model):
    global NETWORK
    NETWORK = model

    class Global(Discs):
        def radius_of(self, mean):
            return NETWORK(mean)

    return Global()


def registered(model):
    REGISTRY["one"] = model
    return Registered("one")


class Filling(Plain):
    """Answers at the image's size with everything, whatever the low resolution says."""

    def predict_torch(self, *args, **more):
        full, iou, low = super().predict_torch(*args, **more)
        return full.abs() + 1.0, iou, low


def filling():
    return Filling(network(3.0))


KINDS = {
    "plain": Plain,
    "module": ItselfAModule,
    "hands_on": lambda model: HandsOn(Plain(model)),
    "hands_on_twice": lambda model: HandsOn(HandsOn(ItselfAModule(model))),
    "slots": Slotted,
    "tables": InTables,
    "partial": lambda model: Asks(functools.partial(model.forward)),
    "bound": lambda model: Asks(model.forward),
    "closure": closing_over,
    "local_class": a_class_of_its_own,
    "global": in_a_global,
    "delegating": delegating,
    "scripted": lambda model: Asks(torch.jit.script(model)),
}
"""Kinds whose weights can be found."""

HIDDEN = {"opaque": Opaque, "registered": registered}
"""Kinds whose weights cannot, or not all."""


def build(kind="plain", radius=3.0, checkpoint=None):
    """Return a predictor of a kind, whose weights make discs of this radius."""
    radius = radius if checkpoint is None else float(Path(checkpoint).read_text())
    return {**KINDS, **HIDDEN}[kind](network(radius))
