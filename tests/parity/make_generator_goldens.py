"""Make tests/golden/generators.json: what the authors' automatic mask generators answer on small random weights.

Usage, in the environment that `run.sh` builds: python tests/parity/make_generator_goldens.py. segment_anything's,
segment_anything_hq's and MobileSAM's generators run over the small models of sam_small.npz and sam_hq_small.npz, sam2's
over Hiera-T; every number is kept to six digits. Of several images those are taken in which no logit of a mask comes so
close to a threshold that another order of sums could move a pixel across it.
"""

import json
from itertools import count
from pathlib import Path

import numpy as np
import reference_models as reference
import torch

GOLDEN = Path(__file__).parents[1] / "golden"
SIZES = [(24, 32), (32, 20)]
RAISED = {"sam": 1.0, "sam_hq": 0.5, "sam2": 0.5}
"""What is added to the estimates of quality, so that most lie between 0 and 1."""

MARGIN = 4e-6
"""How far from a threshold every logit of a model is, of the largest logit."""


def small(package, name: str) -> torch.nn.Module:
    """Return a small model of a package with the golden's weights and estimates of quality above zero."""
    model = (reference.small_sam_hq if name == "sam_hq" else reference.small_sam)()
    if package.__name__ == "mobile_sam":
        from mobile_sam import modeling

        state = model.state_dict()
        decoder = modeling.MaskDecoder(**reference.decoder_arguments(modeling))
        model = modeling.Sam(**reference.small_parts(modeling), mask_decoder=decoder)
        model.load_state_dict(state)
    model.mask_decoder.iou_prediction_head.layers[-1].bias.data += RAISED[name]
    return model.eval()


def generators() -> dict:
    """Return, by name, what makes a generator of settings, whose weights they are, and whether crops are affordable."""
    import mobile_sam
    import segment_anything
    import segment_anything_hq
    from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator
    from sam2.build_sam import build_sam2

    hiera = reference.randomise(build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", None, device="cpu"), 2)
    hiera.sam_mask_decoder.iou_prediction_head.layers[-1].bias.data += RAISED["sam2"]
    made = {
        package.__name__: (package.SamAutomaticMaskGenerator, small(package, weights), weights)
        for package, weights in (
            (segment_anything, "sam"),
            (segment_anything_hq, "sam_hq"),
            (mobile_sam, "sam"),
        )
    }
    return {**made, "sam2": (SAM2AutomaticMaskGenerator, hiera, "sam2")}


class Watched(torch.nn.Module):
    """Notes how close the full-size logits that a generator thresholds come to its thresholds."""

    def __init__(self, generator) -> None:
        super().__init__()
        self.margin = float("inf")
        ask = generator.predictor._predict if hasattr(generator, "use_m2m") else generator.predictor.predict_torch
        self.name, self.ask = ask.__name__, ask
        setattr(generator.predictor, self.name, self.watch)

    def watch(self, *given, **named):
        """Ask, and look at the logits."""
        answer = self.ask(*given, **named)
        logits = answer[0]
        near = min(float((logits - threshold).abs().min()) for threshold in (-1.0, 0.0, 1.0))
        self.margin = min(self.margin, near / float(logits.abs().max()))
        return answer


def answers(make, model, image: np.ndarray, settings: dict) -> tuple[list[dict], float]:
    """Return a generator's masks with areas above zero and the margin of its logits."""
    generator = make(model, output_mode="coco_rle", **settings)
    watched = Watched(generator)
    found = [mask for mask in generator.generate(image) if mask["area"] > 0]
    return found, watched.margin


def settings_for(make, model, image: np.ndarray, crops: bool) -> dict[str, dict]:
    """Return settings without filters, and some whose thresholds take away part of what these find."""
    off = {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0}
    found, _ = answers(make, model, image, {"points_per_side": 3, **off})
    iou, stability = (np.sort([mask[key] for mask in found]) for key in ("predicted_iou", "stability_score"))
    inside = [values[(values > 0) & (values < 1)] for values in (iou, stability)]
    between = [values[len(values) // 4 :][:2].mean() for values in inside]
    on = {"pred_iou_thresh": round(float(between[0]), 4), "stability_score_thresh": round(float(between[1]), 4)}
    on["box_nms_thresh"] = 0.8 if crops else 1.0  # Hiera-T's random masks reach over all of the image
    filtered = {"points_per_side": 2 if crops else 3, **on, "crop_n_layers": int(crops)}
    return {"filtered": filtered} if not crops else {"open": {"points_per_side": 2, **off}, "filtered": filtered}


def row(mask: dict) -> list:
    """Return predicted IoU, stability, area, box, point and crop of a mask, to six digits."""
    numbers = [mask["predicted_iou"], mask["stability_score"], mask["area"]]
    numbers += [*mask["bbox"], *mask["point_coords"][0], *mask["crop_box"]]
    return [round(float(number), 6) for number in numbers]


def main() -> None:
    """Write the golden."""
    cases = []
    for name, (make, model, weights) in generators().items():
        crops = weights != "sam2"
        for height, width in SIZES[: 1 if name in ("mobile_sam", "sam2") else 2]:
            settings = settings_for(make, model, reference.image(height, width), crops)
            for kind, chosen in settings.items():
                for seed in count():
                    found, margin = answers(make, model, reference.image(height, width, seed), chosen)
                    if margin > MARGIN and len(found) > 2:
                        break
                print(name, (height, width), kind, chosen, "seed", seed, "masks", len(found), f"margin {margin:.1e}")
                case = {"generator": name, "weights": weights, "raised": RAISED[weights], "size": [height, width]}
                cases.append({**case, "seed": seed, "settings": chosen, "masks": [row(mask) for mask in found]})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (GOLDEN / "generators.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
