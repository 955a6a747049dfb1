"""Let EdgeSAM's own script score the boxes of the scripted segmenter; writes tests/golden/edgesam.json.

    PYTHONPATH=tests/support ENV/bin/python tests/parity/make_edgesam_golden.py CHECKOUT

in the parity environment, which has the package edge_sam; CHECKOUT is github.com/chongzhou96/EdgeSAM at 57a997a. Its
script wants a GPU, mmengine and mmdet; `.cuda()` returns the tensor here, and of the libraries it uses only what
gathers results and makes batches of one image, which stands here in a few lines.
"""

import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import conftest  # noqa: F401  imports edge_sam without what only training needs
import edge_sam
import torch
from scripted_masks import box_logits, write_set

GOLDEN = Path(__file__).parents[1] / "golden" / "edgesam.json"


class ScriptedSam:
    """What the script uses of a SAM: the boxes go through the prompt encoder to the mask decoder."""

    mask_threshold = 0.0

    class Images:
        """The image encoder."""

        img_size = 1024

        def __call__(self, images):
            return images

    def __init__(self):
        asked = {"get_dense_pe": lambda own: None, "__call__": lambda own, boxes, **others: (boxes, None)}
        self.image_encoder, self.prompt_encoder = self.Images(), type("PromptEncoder", (), asked)()

    def mask_decoder(self, sparse_prompt_embeddings, **others):
        """Return logits (N, 1, 256, 256) and scores (N, 1)."""
        return torch.from_numpy(box_logits(sparse_prompt_embeddings)), torch.ones(len(sparse_prompt_embeddings), 1)

    def load_state_dict(self, state, strict):
        """Take nothing."""

    def to(self, device):
        """Stay."""

    def eval(self):
        """Stay."""


def in_lists(batch):
    """Make a batch of one (image, annotations) as mmengine's pseudo_collate does: a list of one in every place."""
    ((image, annotations),) = batch
    info = {key: [value] for key, value in annotations["info"].items()}
    return [image], {**{key: [value] for key, value in annotations.items()}, "info": info}


def module(name, **members):
    """Put a module of a name and members where imports look."""
    sys.modules[name] = made = ModuleType(name)
    vars(made).update(members)


def from_file(name, path):
    """Import a file as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def main(checkout):
    """Write the script's own mean of all boxes, in percent."""
    results = []
    module("mmengine")
    module(
        "mmengine.dataset",
        pseudo_collate=in_lists,
        worker_init_fn=print,
        DefaultSampler=lambda dataset, shuffle: torch.utils.data.SequentialSampler(dataset),
    )
    told = {"get_dist_info": None, "get_rank": lambda: 0, "init_dist": None, "is_distributed": None}
    module("mmengine.dist", collect_results=lambda found, size, device: results.extend(found) or found, **told)
    module("mmengine.utils", ProgressBar=lambda total: SimpleNamespace(update=lambda: None))
    module("mmdet")
    module("mmdet.structures")
    module("mmdet.structures.bbox", bbox_overlaps=None)
    module("torch.utils.tensorboard", SummaryWriter=None)
    module("kornia")
    module("kornia.contrib", distance_transform=None)
    dataset = from_file("coco_dataset", f"{checkout}/training/data/coco_dataset.py").COCODataset
    module("training")
    module("training.data", COCODataset=dataset, SA1BDataset=None)
    vars(edge_sam).update(build_sam_from_config=lambda *given, **named: ScriptedSam())
    torch.Tensor.cuda = lambda tensor, **how: tensor
    script = from_file("eval_mIoU", f"{checkout}/evaluation/eval_mIoU.py")
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        data = Path("datasets/coco")
        write_set(data)
        (data / "images").rename(data / "trainval")
        (data / "annotations").mkdir()
        (data / "instances.json").rename(data / "annotations/instances_val2017.json")
        Path("sam.yaml").write_text("MODEL:\n  TYPE: rep_vit_m1\n")
        torch.save({}, "weights.pth")
        words = ["sam.yaml", "--dataset", "coco", "--checkpoint", "weights.pth", "--device", "cpu", "--out-name", "all"]
        script.main(script.parser.parse_args(words))
    ious = torch.cat(results)
    mean = 100 * float(ious[~ious.isnan()].double().mean())
    GOLDEN.write_text(json.dumps({"box": mean, "objects": int((~ious.isnan()).sum())}, indent=1) + "\n")
    print(GOLDEN.read_text())


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
