"""A user's own data for every task, in whatever form it was annotated: `data=own`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol

from sambench.datasets.base import Dataset, card_with_notes
from sambench.datasets.cards import MaskCard
from sambench.datasets.edges.boundary_data import BoundaryDataset
from sambench.datasets.formats.label_maps import Colours
from sambench.datasets.formats.sources import RegionSource
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.layout import IMAGE_ENDINGS, Fault, holds, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.official_files import own_card
from sambench.datasets.own.forms import FORMS, OwnFiles, by_annotator, find_own
from sambench.datasets.own.instances import instance_file
from sambench.datasets.own.names import named_as_images
from sambench.datasets.own.phrases import own_phrases
from sambench.datasets.own.sources import coco_source, own_source, placed_below
from sambench.datasets.reading import data_error, select
from sambench.errors import DatasetError, UsageError, listing
from sambench.prompts.category_names import Names
from sambench.prompts.concepts import ConceptTruth
from sambench.types import BoundaryTruth

CARD = MaskCard(
    name="own",
    title="one's own data",
    home="the user's own files",
    terms="the user's own",
    layout="""
images/ANY/NAME.jpg  and one of
  labels/ANY/NAME.json   LabelMe files (or beside the images)
  labels/ANY/NAME.png    id images: one value an object, 0 none; for edges boundary maps of two values
  groundTruth/ANY/NAME.mat   files as BSDS500 has them, for edges and regions
  annotations.json       a COCO JSON or a project of the VGG Image Annotator (annotations=FILE)
  phrases.csv            columns image, phrase, mask, for concepts; or JSON in SA-Co's form
""",
    splits=("all",),
    own=True,
    domain="own",
    mask="each annotation of a COCO JSON, id of an id image, shape or group of a LabelMe file, or region of a VIA file",
)

_ONE_FILE_OF_ALL = ("coco", "via")
_INSTANCE_TASKS = ("proposals", "instances")


class Reads(Protocol):
    """A task, as far as data are concerned.

    Attributes:
        name: Its name.
        target: The kind of ground truth that it reads.
    """

    name: ClassVar[str]
    target: ClassVar[type]


@reader_of(CARD)
def own(
    root: str | Path | None = None,
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    labels: str | Path | None = None,
    split: str = "all",
    title: str | None = None,
    colours: Colours = "code",
    ignore: tuple[int, ...] = (0,),
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "all",
    subset_seed: int = 0,
    allow_damaged: bool = False,
    check_images: bool = True,
    boxes_only: bool = False,
    names: Names = "name",
    for_task: Reads | None = None,
) -> Dataset:
    """own: one's own images with COCO JSON, LabelMe, VIA, id images, or boundaries (.mat, images); for every task.

    Args:
        root: The folder that paths are relative to; without it they are relative to the working directory.
        annotations: The file or folder of ground truth; what it holds tells the form. Looked for below the root
            (labels/, annotations/, groundTruth/, masks/, the one JSON file there, the root) where it is left out.
        images: The folder of images; `images/` below the root, or else beside the ground truth, where it is left out.
        labels: Another word for `annotations`.
        split: A name for this part; it is not looked for.
        title: Name of the data in tables; that of the root folder, or of the annotations, where it is left out.
        colours: What id images with colour channels mean: "code" makes each colour an object, "first" reads red.
        ignore: Ids of id images that are no objects, as background and void.
        limit, ids, subset, subset_seed: As `Choice`; a subset is taken for points alone.
        allow_damaged: Leave out masks of a COCO JSON that cannot be decoded, with their number in the title.
        check_images: Refuse data without its images; False where only the ground truth is needed.
        boxes_only: Keep annotations of a COCO JSON that have a box and no mask, as tasks that score boxes do.
        names: How categories of a COCO JSON become phrases (`coco_concepts`).
        for_task: What reads the data: edges and regions read boundaries, proposals and instances images without objects
            too, concepts phrases, and points, or nothing that is told, masks.

    Raises:
        DatasetError: Nothing of the kind is there, or it is damaged.
        UsageError: A choice is unknown, or neither a root nor annotations are given.
    """
    if annotations is not None and labels is not None:
        raise UsageError("both annotations and labels are given", where="data.labels", mend="give one of them")
    annotations = annotations if annotations is not None else labels
    if for_task is not None and issubclass(for_task.target, ConceptTruth):
        return own_phrases(
            CARD,
            root,
            annotations,
            images,
            split=split,
            title=title,
            names=names,
            limit=limit,
            ids=ids,
            allow_damaged=allow_damaged,
            check_images=check_images,
        )
    files = find_own(root, annotations, images, CARD)
    card = own_card(CARD, title or files.title)
    lines = files.form == "mat" if for_task is None else issubclass(for_task.target, BoundaryTruth)
    form = "boundary maps" if lines and files.form == "ids" else FORMS[files.form]
    card = MaskCard(**{**card.__dict__, "note": f"own data, {form}"})
    if lines:
        return _boundaries(files, card, split, limit, ids, check_images)
    if files.form == "mat":
        what = f"{'points' if for_task is None else for_task.name} needs masks, but these are {FORMS['mat']}"
        raise UsageError(what, where=files.truth, mend="choose task=edges or regions, or data=bsds500_segments")
    instances = for_task is not None and for_task.name in _INSTANCE_TASKS
    locate = placed_below(files.images, files.root, check_images, deeper=check_images or images is not None)
    if instances and files.form == "coco":
        return InstanceDataset(
            files.truth,
            locate,
            root=files.root,
            split=split,
            card=card,
            limit=limit,
            ids=ids,
            check_images=check_images,
            boxes_only=boxes_only,
            allow_damaged=allow_damaged,
            form="own coco",
        )
    source: RegionSource
    if files.form == "coco":
        source = coco_source(card, files.truth, locate, allow_damaged, check_images)
    else:
        look = check_images or images is not None or files.images != files.truth.parent
        source = own_source(files, card, colours, ignore, by_label=instances, look=look)
    if instances:
        return _instances(source, files, split, limit, ids)
    choice = Choice(limit, ids, subset, subset_seed)
    return MaskDataset(source, root=files.root, split=split, choice=choice, form="own")


def _instances(
    source: RegionSource, files: OwnFiles, split: str, limit: int | None, ids: Ids | None
) -> InstanceDataset:
    """Draw the objects of the wanted images, those without any included."""
    _refuse(source.faults, source.card, files.root)
    wanted = select(list(source.items), ids=ids, limit=limit, where=files.root)
    content, notes = instance_file(source, wanted, files.truth)
    truths = {"": source.shared, **{key: source.items[key].truths for key in wanted}}
    return InstanceDataset(
        content,
        lambda entry: (entry.file_name, source.items[str(entry.id)].image),
        root=files.root,
        split=split,
        card=card_with_notes(source.card, notes),
        limit=limit,
        ids=wanted,
        check_images=source.images_there,
        truths=truths,
        form=f"own {source.rules}",
        drawn=source.drawn,
    )


def _boundaries(
    files: OwnFiles, card: MaskCard, split: str, limit: int | None, ids: Iterable[str | int] | None, check_images: bool
) -> BoundaryDataset:
    """Pair images with files of boundaries of the same names."""
    if files.form in _ONE_FILE_OF_ALL or files.form == "labelme":
        what = f"edges and regions need boundaries, but these are {FORMS[files.form]}"
        raise UsageError(
            what, where=files.truth, mend="give a folder of .mat files, or of boundary maps, or task=points"
        )
    truths = tree(files.truth, (".mat",) if files.form == "mat" else IMAGE_ENDINGS)
    image_files = tree(files.images) if files.images.is_dir() and files.images != files.truth else {}
    if check_images and not image_files:
        raise data_error(card, f"no images: {holds(files.images)}", files.images)
    drawn: dict[str, tuple[Path, ...]] = {key: (path,) for key, path in truths.items()}
    if image_files and (alone := pair(image_files, truths)[1]):
        drawn, note = _named(image_files, truths, files)
        bare = [Fault(str(path), "image has no ground truth") for key, path in image_files.items() if key not in drawn]
        _refuse(bare if drawn else alone, card, files.root)
        card = replace(card, note=f"{card.note}, {note}")
    return BoundaryDataset(
        image_files, drawn, root=files.root, split=split, card=card, whole=len(drawn), limit=limit, ids=ids, form="own"
    )


def _named(
    images: dict[str, Path], truths: dict[str, Path], files: OwnFiles
) -> tuple[dict[str, tuple[Path, ...]], str]:
    """Tell by names which images files of boundaries belong to; none where they do not, and words on the names."""
    drawn = by_annotator(images, truths, files.root)
    if drawn:
        counts = sorted({len(paths) for paths in drawn.values()})
        return drawn, f"files of {' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} annotators an image"
    named, template = named_as_images(images, truths, files.truth)
    return {} if template is None else {key: (path,) for key, path in named.items()}, f"files named {template}"


def _refuse(faults: list[Fault], card: MaskCard, root: Path) -> None:
    """Refuse files that stand alone: what is missing would be left out of the score."""
    if faults:
        message = listing([f"{fault.where}: {fault.what}" for fault in faults], 5)
        mend = f"bring the missing files, or take the others away; {card.title} may be laid out as{card.layout}"
        raise DatasetError(f"{len(faults)} files do not fit together: {message}", where=root, mend=mend.rstrip())
