"""Which exporter's contract a decoder's inputs and outputs follow, read off their names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sambench.errors import ModelError
from sambench.models.onnx.sessions import GraphSession, Port

Contract = Literal["meta", "hq", "edgesam", "efficientvit", "med2d", "sam2", "efficientsam", "hf", "hf2"]

ROLES: dict[str, tuple[str, ...]] = {
    "pixels": ("pixel_values", "batched_images"),
    "points": ("point_coords", "batched_point_coords", "input_points"),
    "labels": ("point_labels", "batched_point_labels", "input_labels"),
    "boxes": ("input_boxes",),
    "mask": ("mask_input",),
    "has_mask": ("has_mask_input",),
    "size": ("orig_im_size",),
    "interm_embeddings": ("interm_embeddings",),
    "image_positional_embeddings": ("image_positional_embeddings",),
    "high_res_0": ("high_res_feats_0", "high_res_features1", "image_embeddings.0"),
    "high_res_1": ("high_res_feats_1", "high_res_features2", "image_embeddings.1"),
    "image_embedding": ("image_embeddings", "image_embed", "image_embedding", "image_embeddings.2", "embeddings"),
}
"""What an input is for -> the names exporters give it."""

FEATURES = ("image_embedding", "high_res_1", "high_res_0", "interm_embeddings", "image_positional_embeddings")
"""Roles that the encoder fills; the first three by rising side."""

CONCEPT = ("language_mask", "language_features", "box_masks")
"""Inputs of SAM 3's detector of concepts, which takes no clicks."""

CUT_OUT = ("xtl", "ytl", "xbr", "ybr")
"""Outputs of CVAT's variant, whose masks are cut to their boxes."""

HF = {"hf", "hf2"}


def roles_of(session: GraphSession) -> dict[str, Port]:
    """Return role -> input, by name; where a graph has names of its own (ONNX-SAM2's), by shape.

    Raises:
        ModelError: Inputs that cannot be told.
    """
    by_role = {role: session.inputs[name] for role, names in ROLES.items() for name in names if name in session.inputs}
    left = [port for port in session.inputs.values() if port not in by_role.values()]
    features = [port for port in left if port.rank == 4 and port.shape[1] != 1]
    named = [role for role in FEATURES[:3] if role not in by_role]
    ordered = sorted(features, key=lambda port: port.shape[-1] or 0)
    by_role |= dict(zip(named, ordered, strict=False))
    for port in left:
        if port not in features and (role := _by_shape(port)) is not None and role not in by_role:
            by_role[role] = port
    return by_role


def _by_shape(port: Port) -> str | None:
    if port.rank == 3 and port.shape[-1] == 2:
        return "points"
    if port.rank == 2:
        return "labels"
    if port.rank == 4:
        return "mask"
    if port.rank == 1:
        return "size" if port.shape[0] == 2 or "int" in port.type else "has_mask"
    return None


def recognise(decoder: GraphSession, roles: Mapping[str, Port]) -> Contract:
    """Return the contract of a decoder, or of a graph in one piece.

    Raises:
        ModelError: It is of none that takes clicks; lists its inputs and outputs.
    """
    if any(name in decoder.inputs for name in CONCEPT):
        raise _unknown(decoder, "it is SAM 3's detector of concepts, which takes no clicks")
    if any(name in decoder.outputs for name in CUT_OUT):
        raise _unknown(decoder, "it is CVAT's variant, which cuts its masks to their boxes")
    if "points" not in roles or "labels" not in roles:
        raise _unknown(decoder, "it takes no points with labels")
    points = roles["points"]
    if points.name == "batched_point_coords":
        return "efficientsam"
    if points.name == "input_points":
        return "hf2" if "high_res_0" in roles else "hf"
    if "image_embedding" not in roles:
        raise _unknown(decoder, "it takes no embedding of an image")
    if "interm_embeddings" in roles:
        return "hq"
    if "high_res_0" in roles:
        return "sam2"
    if "mask" not in roles and "size" not in roles:
        return "edgesam" if "scores" in decoder.outputs else "efficientvit"
    embedding, mask = roles["image_embedding"].shape, roles["mask"].shape if "mask" in roles else ()
    return "med2d" if embedding[-1:] == (16,) and mask[-1:] == (64,) else "meta"


def read_ports(decoder: GraphSession, roles: Mapping[str, Port], contract: str) -> tuple[str, str, bool]:
    """Return the outputs with the masks' logits and with their scores, and whether the logits are of low resolution.

    Names do not tell: of a decoder exported with extra metrics "low_res_masks" holds stability scores.
    """
    rank = 5 if contract in HF or "pixels" in roles else 4
    scores = next((one for one in decoder.outputs.values() if one.rank == rank - 2 and "int" not in one.type), None)
    named = [one for one in decoder.outputs.values() if one.name in ("iou_predictions", "scores", "iou_scores")]
    scores = named[0] if named else scores
    if contract == "efficientsam":
        return _efficientsam_ports(decoder, scores)
    masks = [one for one in decoder.outputs.values() if one.rank == rank]
    if not masks:
        masks = [one for one in decoder.outputs.values() if one is not scores and one.rank in (0, 4, 5)]
    if scores is None or not masks:
        raise _unknown(decoder, "no output has the form of masks, or none that of their scores")
    low = [one for one in masks if one.name.startswith(("low_res", "pred_masks"))]
    chosen = low[0] if low else masks[-1]
    return chosen.name, scores.name, "size" not in roles or bool(low) or len(masks) > 1


def _efficientsam_ports(decoder: GraphSession, scores: Port | None) -> tuple[str, str, bool]:
    low = [one for one in decoder.outputs.values() if one.rank == 4]
    full = [one for one in decoder.outputs.values() if one.rank == 5]
    if scores is None or not (low or full):
        raise _unknown(decoder, "no output has the form of EfficientSAM's masks, or none that of their scores")
    return (low or full)[0].name, scores.name, bool(low)


def _unknown(decoder: GraphSession, why: str) -> ModelError:
    sides = {"inputs": decoder.inputs, "outputs": decoder.outputs}
    text = "; ".join(f"{side}: {', '.join(map(str, ports.values()))}" for side, ports in sides.items())
    return ModelError(
        f"the decoder follows no contract that is known: {why}; {text}",
        where=decoder.file.path,
        mend="docs/exports.md lists the contracts; another decoder can be scored by two functions of your own",
    )
