"""Make the goldens of the fast suite from the reference implementations: python tests/parity/make_goldens.py.

Runs in the environment that `run.sh` builds. Writes into tests/golden:
- sam_small.npz and sam_hq_small.npz: weights (half precision, exact), an image, prompts, and the references' answers;
- original_names.json: tensor names and shapes of the published checkpoints' architectures.
"""

import json
from pathlib import Path

import numpy as np
import reference_models as reference
import torch

FOLDER = Path(__file__).parent.parent / "golden"
HEIGHT, WIDTH, BATCH = 90, 131, 2
KINDS = ("points", "boxes", "masks", "points+boxes+masks")


def small_golden(model: torch.nn.Module, predictor_class: type) -> dict[str, np.ndarray]:
    """Return weights, image, prompts and answers of a small model."""
    predictor = predictor_class(model)
    image = reference.image(HEIGHT, WIDTH)
    predictor.set_image(image)
    golden = {"image": image, "embedding": predictor.features[0].numpy()}
    golden |= {f"weights/{name}": tensor.half().numpy() for name, tensor in model.state_dict().items()}
    golden |= {name: part.numpy() for name, part in asked("points+boxes+masks").items()}
    for kind in KINDS:
        for multimask in (True, False):
            full, iou, low = reference.ask_sam(predictor, asked(kind), multimask)
            key = f"{kind}/{'multi' if multimask else 'single'}"
            golden |= {f"{key}/logits": low.numpy(), f"{key}/iou": iou.numpy()}
            if kind == "points+boxes+masks":
                golden[f"{key}/masks"] = np.packbits(full.numpy() > 0)
                golden[f"{key}/unsure"] = np.packbits(np.abs(full.numpy()) <= 1e-3)
    return golden


def asked(kind: str) -> dict:
    """Return the prompts of a kind."""
    return reference.prompts(kind, HEIGHT, WIDTH, 32, batch=BATCH)


def manifests() -> dict[str, dict[str, list[int]]]:
    """Return names and shapes of published architectures' tensors, by "family variant"."""
    from sam2.build_sam import build_sam2
    from segment_anything import sam_model_registry
    from segment_anything_hq import sam_model_registry as hq_registry

    built = {
        "sam vit_b": sam_model_registry["vit_b"](),
        "sam_hq vit_b": hq_registry["vit_b"](),
        "sam2 2.1_hiera_tiny": build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", None, device="cpu"),
    }
    return {
        name: {key: list(tensor.shape) for key, tensor in model.state_dict().items()} for name, model in built.items()
    }


def main() -> None:
    """Write all goldens."""
    import segment_anything
    import segment_anything_hq

    for name, model, package in (
        ("sam_small", reference.small_sam(), segment_anything),
        ("sam_hq_small", reference.small_sam_hq(), segment_anything_hq),
    ):
        np.savez_compressed(FOLDER / f"{name}.npz", **small_golden(model, package.SamPredictor))
    (FOLDER / "original_names.json").write_text(json.dumps(manifests(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
