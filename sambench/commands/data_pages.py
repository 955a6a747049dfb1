"""The pages of `sambench data --help`: one of all its commands, and one of each."""

from __future__ import annotations

from collections.abc import Sequence

HELP = """\
sambench data: what there is, whether it is whole, how it looks

  sambench data list [root=FOLDER]             name, domain, masks, licence, home page, found or not
  sambench data check NAME [root=FOLDER] [split=...] [limit=100] [task=edges] [out=findings.csv]
                                               layout, counts against the paper's, every image and mask, as the
                                               task reads them (own data: points where no task is named)
  sambench data show NAME [count=12] [out=NAME.png]
                                               a sheet of images with masks and centre clicks, or boundaries
  sambench data export NAME [out=NAME.json]    COCO JSON with run-length codes (BSDS500: of its segments)

root is SAMBENCH_DATA where it is left out. Every key of configs/data/NAME.yaml can be given, as masks=instance.
`check` exits with 1 where a file is damaged or missing, 0 where all is well or only left out by rule.
`sambench data check --help` and so on tell more of each.

examples:
  sambench data list root=/data
  sambench data check bbbc038v1 root=/data
"""

PAGES = {
    "list": """\
sambench data list [root=FOLDER]

Prints every dataset of masks with its domain, number and kind of masks (the paper's table 7), licence and home page,
and the folder it was found in; below them the data of other tasks, and one's own.

  root=FOLDER    where datasets lie, each in a folder of its own; SAMBENCH_DATA where it is left out

example:
  sambench data list root=/data
""",
    "check": """\
sambench data check NAME [key=value ...]

Looks for a dataset's layout, counts its images and masks and holds the counts against the paper's, and reads every
image and mask. Exits with 1 where a file is damaged or missing, 0 where all is well or only left out by rule.

  root=FOLDER         where it lies (default: SAMBENCH_DATA); NAME=own takes any folder of your own
  split=NAME          the split, where there are several
  limit=100           only the first 100 samples
  out=findings.csv    every finding as a line of CSV; the first of each kind are printed
  other keys          those of configs/data/NAME.yaml, as masks=instance

examples:
  sambench data check bbbc038v1 root=/data
  sambench data check own root=my_photos out=findings.csv
  sambench data check sa23 root=/data limit=50
""",
    "show": """\
sambench data show NAME [count=12] [seed=0] [out=NAME.png] [key=value ...]

Draws a sheet of images with their masks and the centre clicks that task points starts from, or with their boundaries.

  count=12        images on the sheet
  seed=0          of the order in which images are taken
  out=NAME.png    the picture
  other keys      root=FOLDER, split=NAME and the rest of configs/data/NAME.yaml

example:
  sambench data show gtea root=/data count=24 out=gtea.png
""",
    "export": """\
sambench data export NAME [out=NAME.json] [key=value ...]

Writes a dataset's masks (BSDS500: its segments) as COCO JSON with run-length codes; file names are relative to its
folder.

  out=NAME.json    the file
  other keys       root=FOLDER, split=NAME, limit=100 and the rest of configs/data/NAME.yaml

example:
  sambench data export gtea root=/data out=gtea.json
""",
}
"""Command -> its page."""


def page(words: Sequence[str]) -> str:
    """Return the page of one of the commands, or of all."""
    return next((PAGES[word] for word in words[:1] if word in PAGES), HELP)
