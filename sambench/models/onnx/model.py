"""An exported model: `model=onnx model.encoder=FILE model.decoder=FILE`, each an ONNX graph or a torch checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from sambench.config.ranges import SHARED, check_range
from sambench.errors import UsageError
from sambench.models.base import PromptableModel, Question
from sambench.models.onnx.answers import AnswerRules, SingleAnswers
from sambench.models.onnx.contracts import Contract, recognise, roles_of
from sambench.models.onnx.decoders import Decoder, Graph, OnnxDecoder, PointDecoder
from sambench.models.onnx.encoders import Encoder, OnnxEncoder, OwnImage
from sambench.models.onnx.geometry import geometry_of
from sambench.models.onnx.other_decoders import EfficientSamDecoder, TransformersDecoder
from sambench.models.onnx.sessions import GraphSession, Port, Provider, open_session
from sambench.models.onnx.torch_halves import TorchDecoder, TorchEncoder
from sambench.models.sam.loading import load as load_sam
from sambench.models.sam.model import TransformersSam
from sambench.models.sam.token_rules import TokenRules
from sambench.types import Embedding, Masks, Prompts

PATCH = 16
"""Pixels of SAM's square a side of its embedding's cells."""

ORIGINAL = "original"
"""What stands for the checkpoint that was exported."""

MASKS: dict[Contract, int] = {"sam2": 3, "efficientsam": 3, "hf": 3, "hf2": 3, "hq": 1}
"""Masks that a contract's graphs give where their outputs do not say; 4 for all others."""


def load(
    encoder: str | None = None,
    decoder: str | None = None,
    folder: str | None = None,
    original: str | None = None,
    contract: Contract | Literal["auto"] = "auto",
    provider: Provider = "cpu",
    single_answers: SingleAnswers = "refuse",
    device: str = "cpu",
    dynamic_multimask: bool = True,
    hq_token_only: bool = False,
    decode_batch_size: int = 64,
) -> OnnxModel:
    """Open an exported model; every file is checked before any of it runs.

    Args:
        encoder: A graph from pixels to features; or a checkpoint, whose encoder torch runs; or, without a decoder, a
            graph in one piece.
        decoder: A graph from features and prompts to masks, or a checkpoint.
        folder: Where both lie, if their paths are not whole.
        original: The checkpoint that was exported, which "original" means as encoder or decoder.
        contract: How the decoder is asked; "auto" reads it off names and shapes.
        provider: onnxruntime's execution provider; refused where it is not there.
        single_answers: Where the graph gives no single mask: "refuse" tasks that ask for one, or answer the "best" of
            three by its score.
        device: Of a torch half.
        dynamic_multimask: As for `model=sam`.
        hq_token_only: As for `model=sam`, where the graph gives SAM-HQ's tokens one by one.
        decode_batch_size: Prompts at once, where the graph takes several.

    Raises:
        UsageError: No file, a package or the provider is missing.
        ModelError: A file cannot be used, or the halves do not fit each other.
    """
    tokens = TokenRules(dynamic_multimask=dynamic_multimask, hq_token_only=hq_token_only)
    first, second = (
        resolve_half(encoder, "encoder", folder, original),
        resolve_half(decoder, "decoder", folder, original),
    )
    if first is None:
        mend = "model.encoder=FILE.onnx model.decoder=FILE.onnx, or one graph that does both as model.encoder"
        raise UsageError("no encoder is given", where="model.encoder", mend=mend)

    def opened(path: str, where: str) -> GraphSession | None:
        return open_session(path, where, provider) if path.lower().endswith(".onnx") else None

    return put_together((first, second), opened, contract, single_answers, tokens, device, decode_batch_size)


def resolve_half(path: str | None, half: str, folder: str | None, original: str | None) -> str | None:
    """Return where a half lies: in the folder, if there is one, and in the original's place by the word "original".

    Raises:
        UsageError: There is no original.
    """
    if path == ORIGINAL:
        if original is None:
            mend = "add model.original=PATH, the checkpoint that was exported"
            raise UsageError("the original is not given", where=f"model.{half}=original", mend=mend)
        return original
    return path if path is None or folder is None else str(Path(folder) / path)


def put_together(
    paths: tuple[str, str | None],
    opened: Callable[[str, str], GraphSession | None],
    contract: Contract | Literal["auto"],
    single: SingleAnswers,
    tokens: TokenRules,
    device: str,
    batch: int,
) -> OnnxModel:
    """Open both halves and make a model of them.

    Args:
        paths: Encoder and decoder; None for a decoder in the encoder's graph.
        opened: (path, switch) -> a graph, None for a checkpoint.
        contract, single, tokens, device, batch: As for `load`.
    """
    check_range(batch, SHARED["decode_batch_size"], "decode_batch_size")

    def half(path: str, where: str) -> GraphSession | TransformersSam:
        graph = opened(path, where)
        if graph is not None:
            return graph
        dynamic, hq_only = tokens.dynamic_multimask, tokens.hq_token_only
        return load_sam(path, device=device, dynamic_multimask=dynamic, hq_token_only=hq_only)

    encoder, decoder = paths
    front = half(encoder, "model.encoder")
    back = front if decoder is None else half(decoder, "model.decoder")
    second: Decoder
    if isinstance(back, TransformersSam):
        second = TorchDecoder(back)
    else:
        second = open_decoder(back, contract, single, tokens, batch, _side_read(front))
    return OnnxModel(_first_half(front, second, decoder is None), second, _name(encoder, decoder))


def _first_half(front: GraphSession | TransformersSam, second: Decoder, alone: bool) -> Encoder:
    if alone:
        if isinstance(second, OnnxDecoder) and "pixels" in second.graph.roles:
            return OwnImage(second.graph.geometry)
        what = "the encoder alone answers no prompts"
        raise UsageError(what, where="model.decoder", mend="add model.decoder=FILE.onnx, or use model=sam")
    return (
        TorchEncoder(front) if isinstance(front, TransformersSam) else OnnxEncoder(front, second.contract, second.side)
    )


def open_decoder(
    session: GraphSession,
    contract: Contract | Literal["auto"],
    single: SingleAnswers,
    tokens: TokenRules,
    batch: int,
    encoder_side: int | None,
) -> OnnxDecoder:
    """Recognise a decoder, or a graph in one piece, and wrap it.

    Args:
        session: The graph.
        contract: Its contract, or "auto".
        single, tokens: As for `AnswerRules`.
        batch: Prompts at once.
        encoder_side: Of the encoder's square, where it is known.
    """
    roles = roles_of(session)
    recognised = recognise(session, roles) if contract == "auto" else contract
    geometry = geometry_of(recognised, _side_of(roles, recognised, encoder_side))
    graph = Graph(session, recognised, roles, geometry)
    kinds: dict[str, type[OnnxDecoder]] = {
        "hf": TransformersDecoder,
        "hf2": TransformersDecoder,
        "efficientsam": EfficientSamDecoder,
    }
    rules = AnswerRules(recognised, MASKS.get(recognised, 4), single, tokens)
    decoder = kinds.get(recognised, PointDecoder)(graph, rules, batch)
    decoder.rules = replace(rules, masks=decoder.count_masks() or rules.masks)
    return decoder


class OnnxModel(PromptableModel):
    """Two halves behind the suite's interface.

    Args:
        encoder: From an image to features.
        decoder: From features and prompts to masks.
        name: Short name.
    """

    libraries = ("numpy", "onnxruntime", "transformers")

    def __init__(self, encoder: Encoder, decoder: Decoder, name: str) -> None:
        self.encoder, self.decoder, self.name = encoder, decoder, name
        self.cacheable = not isinstance(encoder, OwnImage)
        self.fingerprint = hashlib.sha256(encoder.identity.encode()).hexdigest()
        description = decoder.describe()
        self.provenance = {
            "encoder": encoder.describe(),
            "decoder": description,
            "contract": decoder.contract,
            "decoder_fingerprint": hashlib.sha256(decoder.identity.encode()).hexdigest(),
            "notes": list(description["notes"]),
        }

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images one by one; see `PromptableModel.encode`."""
        return [Embedding(self.encoder(image), (image.shape[0], image.shape[1])) for image in images]

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer prompts; see `PromptableModel.decode`."""
        return self.decoder.decode(embedding, prompts, multimask)

    def refuses(self, question: Question) -> str | None:
        """Say why the decoder has no answer to a question, or None."""
        return self.decoder.refuses(question)


def _name(encoder: str, decoder: str | None) -> str:
    stems = [Path(path).name.removesuffix(".onnx") for path in (encoder, decoder) if path is not None]
    return "+".join(dict.fromkeys(stems))


def _side_read(front: GraphSession | TransformersSam) -> int | None:
    """Return the side of the square that an encoder reads, None where it may vary."""
    if isinstance(front, TransformersSam):
        return front.preprocessing.size
    ports = [port for port in front.inputs.values() if port.rank == 4]
    return ports[0].shape[-1] if len(ports) == 1 else None


def _side_of(roles: dict[str, Port], contract: Contract, encoder_side: int | None) -> int:
    """Return the side of the square that a decoder's coordinates are in.

    SAM 2's and its relatives' is the encoder's own; SAM's follows from the embedding, as EfficientViT-SAM's encoder
    reads a smaller square.
    """
    pixels = roles.get("pixels")
    if contract in ("sam2", "hf2") or pixels is not None:
        declared = None if pixels is None else pixels.shape[-1]
        return encoder_side or declared or 1024
    grid = roles["image_embedding"].shape[-1] if "image_embedding" in roles else None
    if grid is not None:
        return grid * PATCH
    return 1024 if contract == "efficientvit" else encoder_side or (256 if contract == "med2d" else 1024)
