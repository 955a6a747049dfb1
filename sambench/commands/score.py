"""`sambench score`: predictions made elsewhere are scored, no model is run."""

from __future__ import annotations

from sambench.commands.grammar.declaration import Command, Key, keys_like
from sambench.commands.grammar.lists import choices
from sambench.commands.grammar.output import FORMAT
from sambench.commands.grammar.words import SHOWN_FLAGS, part_format
from sambench.commands.run import COMMON, check_task, run_words, type_of
from sambench.config.spelling import nearest
from sambench.errors import UsageError

ABOUT = """\
PATH is a folder with one file a sample, a results file, or the predictions/ folder of a stored run. A file is found by
the sample's id or its last part: BSDS500's test/100007 is 100007.png or test/100007.png; one more folder, beginning or
end that all files have (fused/100007_edge.png) is found and told. Files that answer no sample, and samples without a
file, are refused and listed. Keys are those of `sambench run`, but for model= and devices=.

what is read:
  edges       .png .jpg .jpeg .tif .tiff .bmp
                         one channel, or equal ones: 8 bits / 255, 16 bits / 65535, TIFF of floats in [0, 1]
              .npy       (H, W): bool, uint8 / 255, uint16 / 65535, or floats in [0, 1]; other integers are refused
              .mat       ucm2 (2H + 1, 2W + 1), segs (a cell of label maps), result, or its only map; sparse, v7.3 too
              Bright edges on black, at the image's own size.
  regions     .mat       segs (a cell of (H, W) label maps), or ucm2
              .npy       (T, H, W) or (H, W) integer label maps, or a contour map (2H + 1, 2W + 1) of floats
  instances   FILE.json  COCO's results list: image_id, category_id, score, and segmentation or bbox [x, y, w, h]
  proposals   FILE.json  the same; category_id may be left out
              segmentation is run-length code at the image's size, bbox lies in the image, score is a finite number.
  points      FOLDER     the predictions/ folder of a run of points: masks after each number of clicks
"""


def main(words: list[str]) -> int:
    """Score predictions made elsewhere."""
    form, words = part_format(SCORE, words)
    check_task(words, "score")
    if not any(word.startswith(("predictions=", "predictions.path=")) for word in words):
        meant = next((word for word in words if nearest(word.partition("=")[0], ["predictions"])), None)
        raise UsageError(
            "no predictions were given",
            where="sambench score" if meant is None else meant,
            mend="add predictions=FOLDER; to predict with a model use `sambench run`"
            if meant is None
            else f"write predictions={meant.partition('=')[2] or 'FOLDER'}",
        )
    return run_words(words, form)


def _lists() -> str:
    return f"data:\n{choices('data')}"


SCORE = Command(
    name="score",
    summary="score predictions made elsewhere",
    main=main,
    takes_run_words=True,
    usage=("score task=NAME data=NAME predictions=PATH [key=value ...]",),
    about=ABOUT,
    lists=_lists,
    result="runs:RunResult",
    keys=(
        Key("task", "what the predictions are of", str, example="NAME", required=True),
        Key("data", "the data that they answer", str, example="NAME"),
        Key("predictions", "the folder or file, a path or URL", str, example="PATH", required=True, path="url"),
        Key(
            "predictions.nms",
            "edges: toolbox suppresses raw maps as published rows do, none scores maps as they are, auto measures "
            "which it is (docs/predictions.md)",
            type_of("predictions.nms"),
            example="auto",
            choices=("auto", "toolbox", "none"),
        ),
        Key(
            "predictions.names",
            "edges, regions: how files are named, * being the sample's name; others are passed over",
            type_of("predictions.names"),
            example="*_edge",
        ),
        Key(
            "allow_missing",
            "score what is there where samples have no prediction, and say so",
            type_of("allow_missing"),
            example="true",
        ),
        *keys_like(
            COMMON,
            ("data.root", "limit", "task.SWITCH", "run.dir", "run.overwrite", "workers", "illustrate", "progress"),
        ),
        FORMAT,
    ),
    flags=SHOWN_FLAGS,
    examples=(
        "sambench score task=edges data=bsds500 data.root=/data predictions=hed_png",
        "sambench score task=edges data=bsds500 data.root=/data predictions=hed_raw predictions.nms=toolbox",
        "sambench score task=regions data=bsds500 data.root=/data predictions=ucm2",
        "sambench score task=instances data=coco data.root=/data/coco predictions=detections.json",
        "sambench score task=proposals data=lvis data.root=/data/lvis predictions=proposals.json limit=100 "
        "allow_missing=true",
    ),
)
