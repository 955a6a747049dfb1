"""Names of tasks, models and datasets, resolved only when they are used; plug-ins join by entry points."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

from sambench.config.local_configs import config_folders, declared_names
from sambench.config.spelling import nearest
from sambench.errors import UsageError

NamedKind = Literal["tasks", "models", "datasets"]

_BUILT_IN: dict[NamedKind, dict[str, str]] = {
    "tasks": {
        "annotators": "sambench.tasks.annotators:AnnotatorsTask",
        "concepts": "sambench.tasks.concepts:ConceptsTask",
        "edges": "sambench.tasks.edges:EdgesTask",
        "instances": "sambench.tasks.instances:InstancesTask",
        "latency": "sambench.tasks.latency:LatencyTask",
        "noise": "sambench.tasks.noise:NoiseTask",
        "points": "sambench.tasks.points:PointsTask",
        "proposals": "sambench.tasks.proposals:ProposalsTask",
        "regions": "sambench.tasks.regions:RegionsTask",
        "vocabulary": "sambench.tasks.vocabulary:VocabularyTask",
    },
    "models": {
        "colour_words": "sambench.models.words.model:ColourWords",
        "hierarchy": "sambench.models.hierarchy.model:HierarchyModel",
        "humans": "sambench.models.humans:Humans",
        "sam": "sambench.models.sam.loading:load",
        "medsam": "sambench.models.sam.medsam:load",
        "official": "sambench.models.official.factories:load",
        "fork": "sambench.models.forks:load",
        "object": "sambench.models.memory.wrap:load",
        "ritm": "sambench.models.clicks.load:ritm",
        "simpleclick": "sambench.models.clicks.load:simpleclick",
        "sobel": "sambench.models.edges.classical:Sobel",
        "canny": "sambench.models.edges.classical:Canny",
        "felz_hutt": "sambench.models.edges.classical:FelzHutt",
        "sam3": "sambench.models.text.sam3:load",
        "clipseg": "sambench.models.text.clipseg:ClipSeg",
        "owlv2": "sambench.models.text.owlv2:Owlv2",
        "grounding_dino": "sambench.models.text.grounding_dino:GroundingDino",
        "boxes_then_masks": "sambench.models.text.boxes_then_masks:BoxesThenMasks",
        "onnx": "sambench.models.onnx.model:load",
        "torchscript": "sambench.models.onnx.archives:load",
    },
    "datasets": {
        "mini": "sambench.datasets.mini.reader:Mini",
        "biped": "sambench.datasets.edges.edge_sets:biped",
        "multicue": "sambench.datasets.edges.edge_sets:multicue",
        "bsds500": "sambench.datasets.edges.bsds500:Bsds500",
        "coco": "sambench.datasets.coco:Coco",
        "lvis": "sambench.datasets.lvis:Lvis",
        "grabcut": "sambench.datasets.interactive.single_objects:grabcut",
        "berkeley": "sambench.datasets.interactive.single_objects:berkeley",
        "davis": "sambench.datasets.interactive.single_objects:davis",
        "coco_mval": "sambench.datasets.interactive.single_objects:coco_mval",
        "sbd": "sambench.datasets.interactive.sbd:sbd",
        "pascal_voc": "sambench.datasets.interactive.pascal_voc:pascal_voc",
        "hqseg44k": "sambench.datasets.interactive.hqseg44k:hqseg44k",
        "ade20k": "sambench.datasets.sa23.ade20k:ade20k",
        "bbbc038v1": "sambench.datasets.sa23.bbbc038v1:bbbc038v1",
        "bsds500_segments": "sambench.datasets.edges.bsds500_segments:bsds500_segments",
        "cityscapes": "sambench.datasets.sa23.cityscapes:cityscapes",
        "coco_concepts": "sambench.datasets.concepts.named:coco_concepts",
        "coco_masks": "sambench.datasets.sa23.coco_masks:coco_masks",
        "doors": "sambench.datasets.sa23.doors:doors",
        "dram": "sambench.datasets.sa23.dram:dram",
        "egohos": "sambench.datasets.sa23.egohos:egohos",
        "generic": "sambench.datasets.own.reader:own",
        "own": "sambench.datasets.own.reader:own",
        "gtea": "sambench.datasets.sa23.gtea:gtea",
        "hypersim": "sambench.datasets.sa23.hypersim:hypersim",
        "ibd": "sambench.datasets.sa23.ibd:ibd",
        "ishape": "sambench.datasets.sa23.ishape:ishape",
        "lvis_concepts": "sambench.datasets.concepts.named:lvis_concepts",
        "lvis_v05_masks": "sambench.datasets.sa23.coco_masks:lvis_v05_masks",
        "ndd20": "sambench.datasets.sa23.ndd20:ndd20",
        "ndispark": "sambench.datasets.sa23.ndispark:ndispark",
        "nyudv2": "sambench.datasets.edges.edge_sets:nyudv2",
        "ovis": "sambench.datasets.sa23.ovis:ovis",
        "pidray": "sambench.datasets.sa23.pidray:pidray",
        "plittersdorf": "sambench.datasets.sa23.plittersdorf:plittersdorf",
        "ppdls": "sambench.datasets.sa23.ppdls:ppdls",
        "sa23": "sambench.datasets.sa23.sa23:Sa23",
        "saco_gold": "sambench.datasets.concepts.saco:saco_gold",
        "saco_silver": "sambench.datasets.concepts.saco:saco_silver",
        "streets": "sambench.datasets.sa23.streets:streets",
        "timberseg": "sambench.datasets.sa23.timberseg:timberseg",
        "trashcan": "sambench.datasets.sa23.trashcan:trashcan",
        "visor": "sambench.datasets.sa23.visor:visor",
        "woodscape": "sambench.datasets.sa23.woodscape:woodscape",
        "zerowaste": "sambench.datasets.sa23.zerowaste:zerowaste",
    },
}


GROUPS: dict[NamedKind, str] = {"tasks": "task", "models": "model", "datasets": "data"}
"""Kind -> its group of the configuration."""

LISTS: dict[NamedKind, str] = {"tasks": "tasks", "models": "models", "datasets": "data"}
"""Kind -> what `sambench ls` calls it."""


@cache
def targets(kind: NamedKind) -> dict[str, str]:
    """Map every known name to its "module:attribute", without importing any of them.

    Raises:
        UsageError: A plug-in claims a name that is already taken; both places are named.
    """
    known = dict(_BUILT_IN[kind])
    for point in entry_points(group=f"sambench.{kind}"):
        if point.name in known and known[point.name] != point.value:
            raise UsageError(
                f"two {kind} are called {point.name!r}: {known[point.name]} and {point.value} ({_package(point)})",
                where=f"entry-point group sambench.{kind}",
                mend="rename the plug-in's entry point, or uninstall one of the two packages",
            )
        known[point.name] = point.value
    return known


def resolve(kind: NamedKind, name: str, own_words: bool = False) -> Callable[..., Any]:
    """Import what a name stands for; the one place where a name becomes code.

    Args:
        kind: Which registry to look in.
        name: A registered name, or a "module:attribute".
        own_words: Whether the user wrote the name, or chose a configuration that holds it, on this command line. A name
            that a stored record or a file holds is registered, or declared in a folder that the user named with
            `--config-dir`; anything else could run any function of any module.

    Raises:
        UsageError: The name is unknown (near matches are shown), is none that a record may hold, or what it points to
            cannot be imported.
    """
    if not isinstance(name, str):
        raise UsageError(
            f"the name of a {kind[:-1]} is {name!r}, which is no text",
            where=f"{GROUPS[kind]}.name",
            mend=f"`sambench ls {LISTS[kind]}` lists names; your own is package.module:attribute",
        )
    if ":" in name and not own_words and name not in declared_names(GROUPS[kind]):
        raise UsageError(
            f"a stored record names the {kind[:-1]} {name!r}, which is not a registered name",
            where=f"{GROUPS[kind]}.name={name}",
            mend="if you trust it, give its folder of configurations yourself: --config-dir FOLDER; or install"
            f" it with an entry point of the group sambench.{kind}",
        )
    target = name if ":" in name else targets(kind).get(name)
    if target is None:
        near = nearest(name, targets(kind), count=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"unknown {kind[:-1]} {name!r}; known: {', '.join(sorted(targets(kind)))}",
            where=f"{GROUPS[kind]}={name}",
            mend=f"{hint}`sambench ls {LISTS[kind]}` lists choices; your own is named as package.module:attribute",
        )
    module, _, attribute = target.partition(":")
    try:
        value = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"{kind[:-1]} {name!r} cannot be imported: {error}",
            where=target,
            mend="install the package that holds it, or run from the folder that does",
        ) from error
    return value


def config_file(group: str, name: str) -> Traversable | None:
    """Return the YAML file of a choice of a group: the project's, a plug-in's, or one of a `--config-dir` folder.

    Args:
        group: "table", "ablation" or "gate".
        name: The choice.

    Raises:
        UsageError: Several places have it, so that it could not be told which is meant.
    """
    paths = [path for folder in _folders(group) if (path := folder / f"{name}.yaml").is_file()]
    if len(paths) > 1:
        raise UsageError(
            f"there are several {group}/{name}.yaml: {' and '.join(map(str, paths))}",
            where=f"{group} {name}",
            mend="give the file of your own another name",
        )
    return paths[0] if paths else None


def options(group: str) -> dict[str, str]:
    """Map every choice of a configuration group to the comment in the first line of its YAML file.

    Args:
        group: "task", "model", "data", "table", "ablation" or "gate".

    Plug-ins' choices follow the built-in ones, those of `--config-dir` come last; a plug-in whose configuration cannot
    be found is warned about.
    """
    choices: dict[str, str] = {}
    for folder in _folders(group):
        choices |= _choices(folder)
    return choices


@cache
def configuration_plugins() -> tuple[EntryPoint, ...]:
    """Return the entry points of plug-ins' configurations, looked for once, as all packages are read for it."""
    return tuple(entry_points(group="sambench.configs"))


def _folders(group: str) -> list[Traversable]:
    """Return where files of a group may lie: the project's own, those of plug-ins, those of `--config-dir`."""
    folders: list[Traversable] = []
    for package in ["sambench.configs", *(point.value for point in configuration_plugins())]:
        try:
            folders.append(files(package) / group)
        except ImportError as error:
            warnings.warn(f"the configuration of plug-in {package} cannot be found: {error}", stacklevel=3)
    return [*folders, *(folder / group for folder in config_folders())]


def _choices(folder: Traversable) -> dict[str, str]:
    """Map the YAML files of a folder to the comment in their first line."""
    comments: dict[str, str] = {}
    for item in sorted(folder.iterdir(), key=lambda item: item.name) if folder.is_dir() else ():
        if item.name.endswith(".yaml"):
            first = item.read_text(encoding="utf-8").partition("\n")[0]
            comments[item.name.removesuffix(".yaml")] = first.removeprefix("#").strip() if first[:1] == "#" else ""
    return comments


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown package"
