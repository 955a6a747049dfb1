"""`sambench masks`: two sets of masks against each other, and the images of a study that corrects masks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sambench.commands.comparing.explain import tell_written
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, json_of, tell
from sambench.commands.grammar.words import read
from sambench.config import registry
from sambench.config.ranges import SHARED, Range
from sambench.errors import UsageError

if TYPE_CHECKING:
    from sambench.datasets.base import Dataset


def main(words: list[str]) -> int:
    """Compare two sets, or write the file of a study."""
    from sambench.explain.mask_pairs import compare_sets
    from sambench.explain.mask_pairs_output import print_pairs, write_pairs
    from sambench.explain.mask_sets import open_sets
    from sambench.explain.mask_study import write_study

    of_data = [word for word in words if word.startswith("data.")]
    values = read(MASKS, [word for word in words if word not in of_data])
    study, b, out = values["sample"], values["b"], values["out"]
    if study is not None and (b is not None or out is None):
        wrong = "sample= draws images of a alone" if b is not None else "no file was given for the drawn images"
        raise UsageError(wrong, where="sambench masks", mend="sambench masks sample=500 a=PREDICTIONS out=study.json")
    if study is None and b is None:
        raise UsageError("no b was given to hold a against", where="sambench masks", mend="add b=PREDICTIONS|truth")
    dataset = _dataset(values["data"], of_data)
    if study is not None:
        masks = open_sets([values["a"]], dataset)[0]
        images, count = write_study(masks, study, values["seed"], Path(out))
        text = f"{out}: {images} of {len(masks.images)} images, {count} masks"
        fields = {"a": values["a"], "b": None, "figures": {}, "images": images, "masks": count, "notes": []}
        tell(values["format"], {**fields, "files": [out]}, text)
        return 0
    if values["a"] == b:
        raise UsageError("a set of masks is held against itself", where="b", mend="give another set")
    a_set, b_set = open_sets([values["a"], b], dataset)
    finding = compare_sets(a_set, b_set, values["seed"])
    written = [] if out is None else write_pairs(finding, Path(out), values["count"])
    if values["format"] == JSON:
        figures = {name: {"value": one.value, "ci95": list(one.ci95)} for name, one in finding.figures.items()}
        fields = {"a": values["a"], "b": b, "figures": figures, "images": len(finding.images), "notes": finding.notes}
        print(json_of({**fields, "masks": len(finding.pairs), "files": list(map(str, written))}))
        return 0
    print_pairs(finding)
    return tell_written(written)


def _dataset(name: str | None, words: list[str]) -> Dataset | None:
    """Open the data that words name, as masks of objects without categories."""
    from sambench.api.calls import compose
    from sambench.config.resolve import build
    from sambench.engine.building import open_dataset

    if name is None:
        if words:
            raise UsageError("data= names no data", where=words[0], mend=f"add data=NAME before {words[0]}")
        return None
    config = compose(["task=proposals", f"data={name}", *words], also=[key.name for key in MASKS.keys])
    task = build("tasks", "task", config["task"], own_words=True)
    return open_dataset(config["data"], task, pixels=False, own_words=True)


MASKS = Command(
    name="masks",
    summary="two sets of masks against each other: which share agrees",
    main=main,
    usage=(
        "masks a=PREDICTIONS b=PREDICTIONS|truth [data=NAME] [data.root=FOLDER] [out=FOLDER]",
        "masks sample=500 a=PREDICTIONS [data=NAME] [data.root=FOLDER] out=study.json",
    ),
    about="""\
Matches the masks of two sets one to one on each image and tells which share of the pairs has an IoU above .9 and above
.75 (section 5.4 of the paper), their mean IoU and boundary IoU, with 95 % intervals over images, and what is unmatched.

PREDICTIONS is a finished run or its predictions folder, a COCO results list, or a COCO JSON with images and
annotations, as annotation tools write it. Results lists and truth need data=, or a run beside them.

With sample= it draws images at random and writes their masks as COCO JSON for an annotation tool; b= takes the
corrected file back. docs/masks.md tells the whole of it.""",
    keys=(
        Key("a", "masks", str, example="PREDICTIONS", required=True, path="url"),
        Key(
            "b",
            "masks that they are held against; truth: the data's own",
            str | None,
            example="PREDICTIONS",
            path="url",
        ),
        Key(
            "data",
            "the data; further words as data.root=FOLDER",
            str | None,
            example="NAME",
            names=partial(registry.options, "data"),
        ),
        Key("sample", "how many images a study draws", Annotated[int, Range(1, 10_000_000)] | None, example="500"),
        Key("seed", "of the draw, and of the resampling", Annotated[int, SHARED["seed"]], 0),
        Key("count", "pictures: of the worst pairs, and of masks without a partner", Annotated[int, Range(0, 1000)], 3),
        Key(
            "out",
            "writes index.html, pairs.csv, images.csv, summary.csv and pictures into a folder; with sample= the study's"
            " file",
            str | None,
            example="FOLDER",
            path="local",
        ),
        FORMAT,
    ),
    result="verdicts:MasksResult",
    examples=(
        "sambench masks a=results/proposals/a b=truth",
        "sambench masks a=found.json b=truth data=coco data.root=/data out=agreement",
        "sambench masks sample=500 a=results/proposals/a out=study.json",
        "sambench masks a=study.json b=corrected.json",
    ),
)
