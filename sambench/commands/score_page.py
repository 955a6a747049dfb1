"""The page of `sambench score --help`: which files each task reads, with which names, types and ranges."""

from __future__ import annotations

from collections.abc import Sequence

from sambench.commands.lists import choices

HELP = """\
sambench score: score predictions made elsewhere; no model is run

  sambench score task=NAME data=NAME predictions=PATH [key=value ...]

PATH is a folder with one file a sample, a results file, or the predictions/ folder of a stored run. A file is found by
the sample's id or its last part: BSDS500's test/100007 is 100007.png or test/100007.png; one more folder, beginning or
end that all files have (fused/100007_edge.png) is found and told. Files that answer no sample, and samples without a
file, are refused and listed.

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

data:
{data}

keys (and those of `sambench run --help`, but for model= and devices=):
  predictions=PATH         the folder or file, a path or URL
  predictions.nms=auto     edges: toolbox suppresses raw maps as published rows do, none scores maps as they are, auto
                           measures which it is (docs/predictions.md)
  predictions.names=*_edge edges, regions: how files are named, * being the sample's name; others are passed over
  allow_missing=true       score what is there where samples have no prediction, and say so
  data.root=FOLDER         where the data lies (or set SAMBENCH_DATA once)
  limit=20                 only the first 20 samples
  task.SWITCH=VALUE        another choice where the paper leaves one open, e.g. task.max_dist=0.011
  run.dir=FOLDER  run.overwrite=true  workers=4  illustrate=0  progress=off
flags: --multirun (-m), --cfg job, --config-dir FOLDER, as for `sambench run`

examples:
  sambench score task=edges data=bsds500 data.root=/data predictions=hed_png
  sambench score task=edges data=bsds500 data.root=/data predictions=hed_raw predictions.nms=toolbox
  sambench score task=regions data=bsds500 data.root=/data predictions=ucm2
  sambench score task=instances data=coco data.root=/data/coco predictions=detections.json
  sambench score task=proposals data=lvis data.root=/data/lvis predictions=proposals.json limit=100 allow_missing=true
"""


def page(words: Sequence[str]) -> str:
    """Return the page, with the list of data."""
    return HELP.format(data=choices("data"))
