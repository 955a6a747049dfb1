"""Predictors with the signatures of the forks' own (exports.md, section 10): discs whose radius is their weight.

Each draws at low resolution and resizes as its fork does; what a fork gets wrong when it is asked in another way than
its own shows in the radius.
"""

import types

import numpy as np
import torch
import torch.nn.functional as F
from foreign_predictors import SIDE, Transform, network

from sambench.models.sam.preprocess import LongestSide

LOW = 16
SCALES = (1.0, 0.5, 1.2, 1.5)
"""Radii of the four tokens; a single answer is the first, several are the others."""


def discs(centre, radius, tokens, low=LOW, extra=None):
    """Return (B, M, low, low) logits and (B, M) IoU of discs around (B, 2) centres in low-resolution pixels."""
    y, x = torch.meshgrid(torch.arange(float(low)), torch.arange(float(low)), indexing="ij")
    distance = ((x - centre[:, 0, None, None]) ** 2 + (y - centre[:, 1, None, None]) ** 2).sqrt()
    logits = torch.stack([radius * SCALES[token] - distance for token in tokens], 1)
    if extra is not None:
        logits = logits + extra
    return logits, torch.tensor([0.3, 0.1, 0.9, 0.5])[list(tokens)].expand(len(centre), -1).clone()


def up(low, size, inside=None, square=SIDE, mode="bilinear"):
    """Resize logits to an image: at once, or by a square of which `inside` is cut out."""
    if inside is not None:
        low = F.interpolate(low, (square, square), mode="bilinear", align_corners=False)[..., : inside[0], : inside[1]]
    return F.interpolate(low, size, mode=mode, align_corners=False)


def middle(coords, boxes):
    places = [part for part in (coords, None if boxes is None else boxes.view(-1, 2, 2)) if part is not None]
    return torch.cat(places, 1).mean(1)


class Base:
    transform = Transform()
    device = torch.device("cpu")
    features = input_size = original_size = None

    def __init__(self, radius=4.0):
        self.model = network(radius)

    def set_image(self, image, image_format="RGB"):
        assert image_format == "RGB"
        self.original_size = image.shape[:2]
        self.input_size = LongestSide(SIDE).frame(self.original_size).input_size
        self.features = self.model(torch.ones(1, 1)).detach().reshape(1, 1, 1, 1)

    def answer(self, coords, boxes, masks, tokens, features=None):
        radius = (self.features if features is None else features).reshape(())
        low, iou = discs(middle(coords, boxes) * LOW / SIDE, radius, tokens, extra=masks)
        return up(low, self.original_size, self.input_size), iou, low


class SegmentAnything(Base):
    def predict_torch(
        self, point_coords, point_labels, boxes=None, mask_input=None, multimask_output=True, return_logits=False
    ):
        assert return_logits
        return self.answer(point_coords, boxes, mask_input, (1, 2, 3) if multimask_output else (0,))


class SamHq(Base):
    """One mask for both; the high-quality token's is smaller alone."""

    def set_image(self, image, image_format="RGB"):
        super().set_image(image)
        self.interm_features = [torch.zeros(1, 2, 2, 3)] * 2

    def predict_torch(
        self,
        point_coords,
        point_labels,
        boxes=None,
        mask_input=None,
        multimask_output=True,
        return_logits=False,
        hq_token_only=False,
    ):
        return self.answer(
            point_coords, boxes, mask_input, (1,) if hq_token_only else (3,) if multimask_output else (0,)
        )


class EdgeSam(Base):
    """Its features are handed back to it; its quality is the stability unless told otherwise."""

    def set_image(self, image, image_format="RGB"):
        super().set_image(image)
        return self.features

    def predict(
        self,
        features=None,
        point_coords=None,
        point_labels=None,
        box=None,
        mask_input=None,
        num_multimask_outputs=3,
        return_logits=False,
        use_stability_score=False,
    ):
        raise AssertionError("asked one by one")

    def predict_torch(
        self,
        features=None,
        point_coords=None,
        point_labels=None,
        boxes=None,
        mask_input=None,
        num_multimask_outputs=3,
        return_logits=False,
        use_stability_score=True,
    ):
        assert not use_stability_score
        tokens = {1: (0,), 3: (1, 2, 3), 4: (0, 1, 2, 3)}[num_multimask_outputs]
        return self.answer(point_coords, boxes, mask_input, tokens, features)


class TinySam(Base):
    """Three masks, whatever is asked."""

    def predict_torch(self, point_coords, point_labels, boxes=None, mask_input=None, return_logits=False):
        return self.answer(point_coords, boxes, mask_input, (1, 2, 3))


class EfficientVit(Base):
    """Its own transform, whose boxes need no size; no mask's square but the model's."""

    def __init__(self, radius=4.0):
        super().__init__(radius)
        self.model.image_size = (SIDE, SIDE // 2)

    @property
    def transform(self):
        return self

    def apply_coords_torch(self, coords, im_size=None):
        return LongestSide(SIDE).to_model(coords, self.original_size)

    def apply_boxes_torch(self, boxes):
        return self.apply_coords_torch(boxes.view(-1, 2, 2)).view(-1, 4)

    def predict_torch(
        self,
        point_coords=None,
        point_labels=None,
        boxes=None,
        mask_input=None,
        multimask_output=True,
        return_logits=False,
        image_index=None,
    ):
        assert image_index is None
        return self.answer(point_coords, boxes, mask_input, (1, 2, 3) if multimask_output else (0,))


class Sam2:
    """SAM2ImagePredictor's private halves; the decoder is found under another name."""

    device = torch.device("cpu")

    def __init__(self, radius=4.0):
        self.model = torch.nn.Module()
        self.model.head = network(radius)
        self._features = self._orig_hw = None

    def set_image(self, image):
        self._features = {"image_embed": self.model.head(torch.ones(1, 1)).detach()[None, None], "high_res_feats": []}
        self._orig_hw = [image.shape[:2]]

    def _prep_prompts(self, point_coords, point_labels, box, mask_logits, normalize_coords, img_idx=-1):
        height, width = self._orig_hw[img_idx]
        scale = torch.tensor([SIDE / width, SIDE / height])
        boxes = None if box is None else box.view(-1, 2, 2) * scale
        return mask_logits, None if point_coords is None else point_coords * scale, point_labels, boxes

    def _predict(
        self, point_coords, point_labels, boxes, mask_input, multimask_output=True, return_logits=False, img_idx=-1
    ):
        low, iou = discs(
            middle(point_coords, boxes) * LOW / SIDE,
            self._features["image_embed"].reshape(()),
            (1, 2, 3) if multimask_output else (0,),
            extra=mask_input,
        )
        return up(low, self._orig_hw[img_idx]), iou, low.clamp(-32, 32)


class Med2d:
    """An image stretched to a square, without a crop on the way back; asked one prompt at a time."""

    def __init__(self, radius=4.0):
        self.model = network(radius)
        self.model.image_size = SIDE

    def transforms(self, new_size):
        return new_size

    def set_image(self, image, image_format="RGB"):
        self.size = image.shape[:2]
        self.features = self.model(torch.ones(1, 1)).detach()

    def predict(
        self,
        point_coords=None,
        point_labels=None,
        box=None,
        mask_input=None,
        multimask_output=True,
        return_logits=False,
    ):
        scale = np.array([SIDE / self.size[1], SIDE / self.size[0]])
        coords = None if point_coords is None else torch.tensor(point_coords * scale)[None].float()
        boxes = None if box is None else torch.tensor(box.reshape(2, 2) * scale).reshape(1, 4).float()
        masks = None if mask_input is None else torch.tensor(mask_input)[None]
        tokens = (1, 2, 3) if multimask_output else (0,)
        low, iou = discs(middle(coords, boxes) * LOW / SIDE, self.features.reshape(()), tokens, extra=masks)
        full = F.interpolate(low, (SIDE, SIDE), mode="bilinear", align_corners=False)
        full = F.interpolate(full, self.size, mode="bilinear", align_corners=False)
        return full[0].numpy(), iou[0].numpy(), low[0].numpy()


class EfficientSam(torch.nn.Module):
    """One call over images of 0 to 1, points in their pixels; full-size masks are bicubic."""

    def __init__(self, radius=4.0):
        super().__init__()
        self.head = network(radius)

    def get_image_embeddings(self, batched_images):
        assert 0 <= float(batched_images.min()) <= float(batched_images.max()) <= 1
        return self.head(torch.ones(1, 1)).reshape(1, 1, 1, 1)

    def predict_masks(
        self,
        image_embeddings,
        batched_points,
        batched_point_labels,
        multimask_output,
        input_h,
        input_w,
        output_h=-1,
        output_w=-1,
    ):
        assert batched_point_labels.shape == batched_points.shape[:3]
        centre = batched_points[0].mean(1) / torch.tensor([input_w, input_h]) * LOW
        low, iou = discs(centre, image_embeddings.reshape(()), (1, 2, 3) if multimask_output else (0,))
        if output_h > 0:
            low = up(low, (output_h, output_w), mode="bicubic")
        return low[None], iou[None]


def sam3_pair(radius=4.0):
    """Return sam3's processor and model; the processor takes PIL images alone."""
    inner = Sam2(radius)

    class Processor:
        def set_image(self, image, state=None):
            width, height = image.size
            return {"original_height": height, "original_width": width}

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inst = inner.model

        def predict_inst(self, inference_state, **kwargs):
            inner.set_image(np.zeros((inference_state["original_height"], inference_state["original_width"], 3)))
            tensors = {
                name: None if kwargs[name] is None else torch.tensor(kwargs[name])[None].float()
                for name in ("point_coords", "box", "mask_input")
            }
            _, points, _, boxes = inner._prep_prompts(tensors["point_coords"], None, tensors["box"], None, True)
            found = inner._predict(points, None, boxes, tensors["mask_input"], kwargs["multimask_output"])
            return [part[0].numpy() for part in found]

    return Processor(), Model()


class Ultralytics:
    """ultralytics' Predictor: BGR images, prompts prepared apart, masks below a confidence dropped."""

    device = torch.device("cpu")
    imgsz = (SIDE, SIDE)

    def __init__(self, radius=4.0):
        self.model = network(radius)
        self.args = types.SimpleNamespace(conf=0.25)
        self.features = self.im = None

    def get_im_features(self, im):
        return self.model(torch.ones(1, 1)).detach().reshape(1, 1, 1, 1) + im[0, 0, 0]

    def set_image(self, image):
        assert image[..., 0].max() == 0, "an image that is red alone has no blue, which comes first"
        self.features = self.get_im_features(torch.from_numpy(image.copy())[None].float() * 0)[..., :1]

    def reset_image(self):
        self.im = self.features = None

    def _prepare_prompts(self, dst_shape, src_shape, bboxes=None, points=None, labels=None, masks=None):
        assert masks is None
        scale = min(dst_shape[0] / src_shape[0], dst_shape[1] / src_shape[1])
        scaled = [None if part is None else torch.as_tensor(part * scale).float() for part in (bboxes, points)]
        return scaled[0], scaled[1], labels, None

    def _inference_features(self, features, bboxes=None, points=None, labels=None, masks=None, multimask_output=False):
        tokens = (1, 2, 3) if multimask_output else (0,)
        low, iou = discs(middle(points, bboxes) * LOW / SIDE, features.reshape(()), tokens, extra=masks)
        return low.flatten(0, 1), iou.flatten(0, 1)

    def postprocess(self, preds, img, orig_imgs):
        low, iou = preds
        size = orig_imgs[0].shape[:2]
        kept = low[iou > self.args.conf][None]
        inside = LongestSide(SIDE).frame(size).input_size
        masks = up(kept, size, inside)[0] > 0
        return [types.SimpleNamespace(masks=types.SimpleNamespace(data=masks))]


PREDICTORS = {
    "segment_anything": SegmentAnything,
    "sam_hq": SamHq,
    "edge_sam": EdgeSam,
    "tiny_sam": TinySam,
    "efficientvit": EfficientVit,
    "sam2": Sam2,
    "med2d": Med2d,
    "efficient_sam": EfficientSam,
    "sam3": sam3_pair,
    "ultralytics": Ultralytics,
}
