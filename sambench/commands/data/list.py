"""`sambench data list`: every dataset of masks, whether it is there, and the data of other tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.lists import listed
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.config import registry
from sambench.files.paths import data_root
from sambench.tables.folding import terminal_width


def _list(words: list[str]) -> int:
    """Print a line for each dataset of masks."""
    from sambench.datasets.cards import MaskCard
    from sambench.datasets.sa23.catalog import CATALOG
    from sambench.tables.folding import folded_text

    values = read(LIST, words)
    root = values["root"]
    base = Path(root).expanduser() if root is not None else data_root()
    rows, datasets = [], []
    for name in [*CATALOG, *(name for name in registry.targets("datasets") if name not in CATALOG)]:
        card = getattr(registry.resolve("datasets", name, own_words=True), "card", None)
        if not isinstance(card, MaskCard) or not card.markers:
            continue
        row = CATALOG.get(name)
        masks = "" if row is None else f"{row.masks:,} {row.mask_type}"
        folder = _folder_text(base, card)
        rows.append([name, card.domain, masks, card.terms, card.home, folder])
        about: dict[str, Any] = {"name": name, "domain": card.domain, "licence": card.terms, "home": card.home}
        about |= {"masks": row and row.masks, "kind": row and row.mask_type}
        datasets.append({**about, "found": None if folder in ("?", "no") else folder})
    others = {name: line for name, line in registry.options("data").items() if name not in {row[0] for row in rows}}
    looked = f"looked in {base}" if base is not None else "nowhere to look: give root=FOLDER, or set SAMBENCH_DATA"
    heads = ["name", "domain", "masks (Table 7)", "licence", "home page", "found"]
    width = terminal_width()
    lines = [folded_text(heads, rows, ["left"] * 6, ("home page", "licence", "domain"), width)]
    lines += ["", "for other tasks too, and one's own:"]
    lines += [listed(others, "", width)]
    lines += ["", f"{looked}; what one mask is, and the layout: sambench data check NAME"]
    result = {"root": None if base is None else str(base), "datasets": datasets}
    result |= {"others": [{"name": name, "about": line} for name, line in others.items()]}
    tell(values["format"], result, "\n".join(lines))
    return 0


def _folder_text(base: Path | None, card: Any) -> str:
    from sambench.datasets.layout import DatasetAbsentError, find_folder

    if base is None:
        return "?"
    try:
        return str(find_folder(base, card).relative_to(base))
    except DatasetAbsentError:
        return "no"


LIST = Command(
    name="data list",
    summary="name, domain, masks, licence, home page, found or not",
    main=_list,
    runs_bare=True,
    about="""\
Prints every dataset of masks with its domain, number and kind of masks (the paper's table 7), licence and home page,
and the folder it was found in; below them the data of other tasks, and one's own.""",
    keys=(
        Key(
            "root",
            "where datasets lie, each in a folder of its own (default: SAMBENCH_DATA)",
            str | None,
            example="FOLDER",
            path="local",
        ),
        FORMAT,
    ),
    result="data:DataListResult",
    examples=("sambench data list root=/data",),
)
