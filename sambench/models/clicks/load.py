"""RITM's and SimpleClick's checkpoints through their authors' package: `model=ritm` and `model=simpleclick`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import torch

from sambench.config.ranges import Range
from sambench.errors import ModelError, UsageError, listing
from sambench.files.atomic import file_sha256
from sambench.models.checkpoint_pickles import mend_for, unsafe_names
from sambench.models.clicks.model import ClickModel
from sambench.models.devices import torch_device

PACKAGES = ("isegm", "ritm_annotation")
"""The authors' package, as it lies in their repository, and RITM's on PyPI."""

INSTALL = {
    "ritm": "pip install --no-deps ritm-annotation, or run where isegm of SamsungLabs/ritm_interactive_segmentation is",
    "simpleclick": "run where isegm of uncbiag/SimpleClick is (PYTHONPATH=SimpleClick)",
}

Kind = Literal["ritm", "simpleclick"]


def ritm(
    checkpoint: str | None,
    device: str = "auto",
    flip: bool = True,
    zoom: bool = True,
    zoom_size: Annotated[int, Range(32, 4096)] = 400,
    package: str | None = None,
) -> ClickModel:
    """Load RITM; see `_load`."""
    zooming = {"target_size": zoom_size, "skip_clicks": 1} if zoom else None
    return _load("ritm", checkpoint, device, flip, zooming, package)


def simpleclick(
    checkpoint: str | None,
    device: str = "auto",
    flip: bool = True,
    zoom: bool = True,
    zoom_size: Annotated[int, Range(32, 4096)] = 448,
    package: str | None = None,
) -> ClickModel:
    """Load SimpleClick, whose network reads images of one size, so that it zooms from the first click on; see `_load`.

    Raises:
        UsageError: Without its zoom.
    """
    if not zoom:
        what = "SimpleClick's network reads images of one size alone, which its zoom gives it"
        raise UsageError(what, where="model.zoom", mend="leave model.zoom out")
    return _load("simpleclick", checkpoint, device, flip, {"target_size": (zoom_size,) * 2, "skip_clicks": -1}, package)


def _load(
    kind: Kind, checkpoint: str | None, device: str, flip: bool, zoom: dict[str, Any] | None, package: str | None
) -> ClickModel:
    """Load a checkpoint of the authors' into their own network and predictor.

    Args:
        kind: Whose.
        checkpoint: The authors' file: a configuration that names a class of theirs, and its tensors.
        device: "auto", "cpu", "cuda", "mps".
        flip: Whether answers are averaged with those of the mirrored image, as in the published figures.
        zoom: Arguments of their `ZoomIn`, or None.
        package: The package, one of `PACKAGES` by default.

    Raises:
        ModelError: The checkpoint is none of theirs, or does not fill the network.
        UsageError: Their package is not here.
    """
    if checkpoint is None:
        mend = "model.checkpoint=PATH, as coco_lvis_h32_itermask.pth"
        raise ModelError("no checkpoint is given", where="model.checkpoint", mend=mend)
    path, target = Path(checkpoint).expanduser(), torch_device(device)
    serialization, predictors, name = _package(kind, package)
    held = _held(path)
    for class_name in _classes(held["config"]):
        if class_name.partition(".")[0] not in (*PACKAGES, name, "torch"):
            what = f"the checkpoint's configuration names {class_name}, which is no class of the authors' package"
            raise ModelError(what, where=path, mend="download it again from its authors")
    given = (
        {"eval_ritm": kind == "ritm"} if "eval_ritm" in inspect.signature(serialization.load_model).parameters else {}
    )
    net = serialization.load_model(held["config"], **given)
    expected = net.state_dict()
    missing = [key for key in expected if key not in held["state_dict"]]
    strange = [key for key in held["state_dict"] if key not in expected]
    if missing or strange:
        what = f"the tensors do not fit: {len(missing)} are missing, {len(strange)} have no place"
        what += f" ({listing([*missing, *strange], 3)})"
        raise ModelError(what, where=path, mend="download it again from its authors")
    net.load_state_dict(held["state_dict"])
    net = net.to(target).eval().requires_grad_(False)
    predictor = predictors.get_predictor(net, "NoBRS", target, with_flip=flip, zoom_in_params=zoom)
    provenance: dict[str, object] = {
        "checkpoint": str(path),
        "sha256": file_sha256(path),
        "package": name,
        "device": str(target),
        "flip": flip,
        "zoom": zoom,
    }
    return ClickModel(predictor, f"{kind}_{path.stem}", provenance, factory=f"{name}:get_predictor")


def _held(path: Path) -> dict[str, Any]:
    """Read the file's configuration and tensors, never its code."""
    if not path.is_file():
        raise ModelError("the checkpoint does not exist", where=path, mend="model.checkpoint=PATH")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may fail anywhere in the readers
        names = unsafe_names(path)
        what = f"the checkpoint cannot be read: {str(error).splitlines()[0][:200]}"
        raise ModelError(what, where=path, mend=mend_for(path, names) if names else "download it again") from error
    if not isinstance(held, dict) or not {"config", "state_dict"} <= held.keys():
        what = "the checkpoint has no configuration beside its tensors, as RITM's and SimpleClick's have"
        raise ModelError(what, where=path, mend="give the authors' file, as coco_lvis_h32_itermask.pth")
    return held


def _classes(config: Any) -> Iterator[str]:
    """Return every class that a configuration names."""
    yield str(config.get("class", ""))
    for parameter in config.get("params", {}).values():
        if isinstance(parameter, dict) and parameter.get("type") == "class":
            yield str(parameter.get("value"))


def _package(kind: Kind, package: str | None) -> tuple[Any, Any, str]:
    """Return the authors' modules that build networks and make predictors, with their package's name."""
    errors = []
    for name in (package,) if package else PACKAGES:
        try:
            loaded = [
                importlib.import_module(f"{name}.{part}") for part in ("utils.serialization", "inference.predictors")
            ]
            return loaded[0], loaded[1], name
        except ImportError as error:
            errors.append(f"{name}: {error}")
    what = f"the package of the authors of {kind} is not here ({'; '.join(errors)})"
    raise UsageError(what, where=f"model={kind}", mend=INSTALL[kind])
