"""Forks of SAM by name, each through its authors' package: `model=tiny_sam model.checkpoint=PATH`.

sambench installs none of them; where a package is missing, what installs it is told.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from sambench.config.ranges import SHARED, check_range
from sambench.errors import ModelError, UsageError, listing
from sambench.models.checkpoint_files import read_levels
from sambench.models.devices import torch_device
from sambench.models.official.adapters import adapted
from sambench.models.official.model import OfficialModel, SingleAnswer

Build = Callable[[Any], tuple[torch.nn.Module, Callable[[Any], Any]]]
"""(the package) -> the network with random weights, and what makes a predictor of it."""


@dataclass(frozen=True)
class Fork:
    """One fork.

    Attributes:
        packages: Its package, or copies of it, in the order they are looked for.
        install: What installs it.
        build: Makes network and predictor.
    """

    packages: tuple[str, ...]
    install: str
    build: Build


def _registry(name: str) -> Build:
    """Return what builds a network that a package keeps in a registry as segment_anything does."""

    def build(package: Any) -> tuple[torch.nn.Module, Callable[[Any], Any]]:
        return package.sam_model_registry[name](), package.SamPredictor

    return build


def _efficientvit(size: str) -> Build:
    def build(package: Any) -> tuple[torch.nn.Module, Callable[[Any], Any]]:
        zoo = importlib.import_module(f"{package.__name__}.sam_model_zoo")
        sam = importlib.import_module(f"{package.__name__}.models.efficientvit.sam")
        network = zoo.create_efficientvit_sam_model(f"efficientvit-sam-{size}", pretrained=False)
        return network, sam.EfficientViTSamPredictor

    return build


def _efficient_sam(width: int, heads: int) -> Build:
    def build(package: Any) -> tuple[torch.nn.Module, Callable[[Any], Any]]:
        made = importlib.import_module(f"{package.__name__}.efficient_sam")
        return made.build_efficient_sam(encoder_patch_embed_dim=width, encoder_num_heads=heads), adapted

    return build


def _efficienttam(size: str) -> Build:
    """Return what builds a network from the package's own settings, without its `compose`'s global state.

    Its settings compile the image encoder, which takes minutes and does not work everywhere; here it stays as it is.
    """

    def build(package: Any) -> tuple[torch.nn.Module, Callable[[Any], Any]]:
        settings = Path(package.__path__[0]) / "configs" / "efficienttam" / f"efficienttam_{size}.yaml"
        predictor = importlib.import_module(f"{package.__name__}.efficienttam_image_predictor")
        network = OmegaConf.load(settings).model
        if "compile_image_encoder" in network:
            OmegaConf.update(network, "compile_image_encoder", False)
        return instantiate(network), predictor.EfficientTAMImagePredictor

    return build


_EFFICIENTVIT = "pip install efficientsam, or run where efficientvit of mit-han-lab/efficientvit is"
_EFFICIENTSAM = "run where efficient_sam of yformer/EfficientSAM is"
_EFFICIENTTAM = "run where efficient_track_anything of yformer/EfficientTAM is"

FORKS: dict[str, Fork] = {
    "tiny_sam": Fork(("tinysam",), "run where tinysam of xinghaochen/TinySAM is", _registry("vit_t")),
    **{
        f"efficientvit_sam_{size}": Fork(("efficientvit", "efficientsam"), _EFFICIENTVIT, _efficientvit(size))
        for size in ("l0", "l1", "l2", "xl0", "xl1")
    },
    **{
        f"efficient_sam_{size}": Fork(("efficient_sam",), _EFFICIENTSAM, _efficient_sam(*shape))
        for size, shape in (("ti", (192, 3)), ("s", (384, 6)))
    },
    **{
        f"efficienttam_{size}": Fork(("efficient_track_anything",), _EFFICIENTTAM, _efficienttam(size))
        for size in ("ti", "s")
    },
}

Name = Literal[
    "tiny_sam",
    "efficientvit_sam_l0",
    "efficientvit_sam_l1",
    "efficientvit_sam_l2",
    "efficientvit_sam_xl0",
    "efficientvit_sam_xl1",
    "efficient_sam_ti",
    "efficient_sam_s",
    "efficienttam_ti",
    "efficienttam_s",
]


def load(
    fork: Name,
    checkpoint: str | None,
    device: str = "auto",
    hq_token_only: bool = False,
    single_answer: SingleAnswer = "own",
    decode_batch_size: int = 64,
) -> OfficialModel:
    """Load a fork's checkpoint into its authors' network; every tensor of which must come from the file.

    Args:
        fork: Key of `FORKS`.
        checkpoint: The authors' file.
        device: "auto", "cpu", "cuda", "mps".
        hq_token_only, single_answer, decode_batch_size: As of `model=official`.

    Raises:
        UsageError: Its package is not here.
        ModelError: The checkpoint cannot be read, or is of another model.
    """
    check_range(decode_batch_size, SHARED["decode_batch_size"], "decode_batch_size")
    if checkpoint is None:
        raise ModelError("no checkpoint is given", where="model.checkpoint", mend="model.checkpoint=PATH")
    path, target = Path(checkpoint).expanduser(), torch_device(device)
    if not path.is_file():
        raise ModelError("the checkpoint does not exist", where=path, mend="model.checkpoint=PATH")
    package = _package(fork)
    network, predictor = FORKS[fork].build(package)
    strange = _fill(network, path, fork)
    network = network.to(target).eval()
    model = OfficialModel(
        predictor(network),
        f"{package.__name__}:{fork}",
        str(path),
        decode_batch_size,
        hq_token_only=hq_token_only,
        single_answer=single_answer,
    )
    model.name = fork
    if strange:
        model.provenance["layout"] = [f"{len(strange)} tensors without a place left out: {listing(strange, 3)}"]
    return model


def _package(fork: str) -> Any:
    """Import the package of a fork."""
    errors = []
    for name in FORKS[fork].packages:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            errors.append(f"{name}: {error}")
    what = f"the package of {fork} is not here ({'; '.join(errors)})"
    raise UsageError(what, where=f"model={fork}", mend=FORKS[fork].install)


def _fill(network: torch.nn.Module, path: Path, fork: str) -> list[str]:
    """Load a file's tensors, all of the network's; returns those of the file that have no place in it.

    Raises:
        ModelError: They are of another model.
    """
    tensors, _ = read_levels(path)
    expected = network.state_dict()
    missing = [name for name in expected if name not in tensors]
    strange = [name for name in tensors if name not in expected]
    shapes = [name for name in expected if name in tensors and tensors[name].shape != expected[name].shape]
    if missing or shapes:
        parts = {"missing": missing, "of another shape": shapes, "without a place": strange}
        text = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        what = f"the checkpoint is no {fork}: {text}"
        raise ModelError(what, where=path, mend="give the authors' file of this model")
    network.load_state_dict({name: tensors[name] for name in expected})
    return strange
