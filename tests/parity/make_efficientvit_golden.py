"""Let EfficientViT-SAM's own script evaluate the scripted segmenter; writes tests/golden/efficientvit_sam.json.

    PYTHONPATH=tests/support python tests/parity/make_efficientvit_golden.py CHECKOUT/applications/efficientvit_sam

CHECKOUT is github.com/mit-han-lab/efficientvit at 8d60c1c. Its script asks a predictor on a GPU in a process group; the
predictor is the scripted one here, and nothing is gathered. Needs opencv and lvis.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

from scripted_masks import answers, write_set

GOLDEN = Path(__file__).parents[1] / "golden" / "efficientvit_sam.json"


class ScriptedPredictor:
    """EfficientViTSamPredictor's interface, as far as the script uses it."""

    def __init__(self, model):
        self.model = model

    def set_image(self, image):
        """Take any image: answers do not depend on it."""

    def predict(self, point_coords, point_labels, box, multimask_output):
        """Return masks (3, H, W) bool and their scores (3,)."""
        return *answers(point_coords, point_labels, box), None


def main(folder):
    """Write the script's own means of all, small, medium and large objects, in percent."""
    stand_ins = {
        "efficientvit.models.efficientvit.sam": {"EfficientViTSamPredictor": ScriptedPredictor},
        "efficientvit.sam_model_zoo": {"create_efficientvit_sam_model": None},
    }
    for name, members in stand_ins.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(members)
    sys.path.insert(0, folder)
    import eval_efficientvit_sam_model as script

    os.environ["WORLD_SIZE"] = "1"
    vars(script).update(sync_output=lambda _, output: output)
    model = SimpleNamespace(cuda=lambda rank: SimpleNamespace(eval=lambda: None))
    found = {}
    with tempfile.TemporaryDirectory() as place:
        write_set(Path(place))
        arguments = "coco", f"{place}/images", "box", f"{place}/instances.json"
        batches = [[one] for one in script.eval_dataset(*arguments)]
        found["box"] = script.get_iou_metric(script.run_box(model, batches, 0))
        for clicks in (1, 3, 5):
            found[f"{clicks} clicks"] = script.get_iou_metric(script.run_point(model, batches, clicks, 0))
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    print(GOLDEN.read_text())


if __name__ == "__main__":
    main(sys.argv[1])
