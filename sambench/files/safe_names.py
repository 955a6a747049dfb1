"""Names from data as names of files: safe on every system, one file an id, and never outside their folder.

An id whose parts are names of files on Linux, macOS and Windows alike is its own name. Any other becomes one part,
what can be read of it and a hash of all of it, and so does an id that looks like such a name: two ids never share one.
Ids that differ by case alone keep their names, as ordinary data has them; `check_apart` refuses them where the disk
cannot keep such names apart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from sambench.errors import DatasetError, RunError, listing

LONGEST_PART, LONGEST = 200, 1000
"""Bytes of a part and of a whole name. Disks allow 255 a part; the rest is for the file's ending and for the prefix of
its temporary name (`sambench.files.atomic.atomic_path`)."""

_RESERVED = frozenset('<>:"|?*\\')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_OF_A_SECOND_FILE = "_matches"
"""What a second picture's name ends in: a sample of such a name would share it with another."""
_HASHED = re.compile(r"~[0-9a-f]{32}", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, marks that some disks leave out when they compare, halves of pairs, and separators of lines."""

_FILE_ENDINGS = (".png", ".npy", ".mat", ".gz", ".txt")
"""Endings of files that are written by name; a folder of such a name could take the place of a file."""


def safe_name(name: str) -> str:
    """Turn an id from data into a relative name of a file, with forward slashes and without ending.

    Args:
        name: Any text: a sample id, a path, a name in a record.

    Returns:
        The id itself where it is safe, else what can be read of it with a hash; different for different ids.
    """
    return name if _is_safe(name) else f"{readable(name)}~{_digest(name)}"


def safe_part(name: str) -> str:
    """As `safe_name`, for a single part: a slash is no separator."""
    return name if "/" not in name and _is_safe(name) else f"{readable(name)}~{_digest(name)}"


def readable(text: str, longest: int = 60) -> str:
    """Return letters, digits, "_" and "-" of a text, everything else as "_"; different texts may give the same."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", text).strip("_")[:longest].rstrip("_") or "name"


def stored_names(name: str) -> tuple[str, ...]:
    """Return the relative names under which a file of an id is looked for.

    The first is the one it is written under. Other tools name it by the id as it is, which is looked for where it stays
    inside its folder and is no name that `safe_name` gives to another id.
    """
    plain = [] if fault_of(name + ".json.gz") or _HASHED.search(name) else [name]
    return tuple(dict.fromkeys([safe_name(name), *plain]))


def fault_of(name: str) -> str | None:
    """Say how a relative name leads out of the folder it is meant for, on any system; None where it does not."""
    if not name or "\0" in name:
        return "is no name of a file"
    if name[0] in "/\\" or re.match(r"[A-Za-z]:", name):
        return "is absolute"
    parts = re.split(r"[/\\]", name)
    if ".." in parts:
        return "leads to a folder above"
    return "is too long" if _size(name) > 4000 or max(map(_size, parts)) > 255 else None


def inside(folder: Path, name: str) -> Path:
    """Join a folder and a relative name, to write there.

    Raises:
        RunError: The name, or a symbolic link on the way, leads out of the folder.
    """
    fault = fault_of(name)
    path = folder / name
    if fault is None:
        try:
            if not path.resolve().is_relative_to(folder.resolve()):
                fault = "leads through a link out of the folder"
        except (OSError, RuntimeError, ValueError) as error:  # as a circle of links
            fault = f"cannot be followed: {error}"
    if fault is not None:
        raise RunError(
            f"{name!r} cannot be written, as it {fault}",
            where=folder,
            mend="remove what lies there, or choose another folder",
        )
    return path


def file_inside(folder: Path, name: str, ending: str) -> Path:
    """Return the file below a folder that an id from data is written to (`safe_name`, `inside`)."""
    return inside(folder, safe_name(name) + ending)


def faults_of(names: Iterable[str]) -> str:
    """Say which of the names that are to be written below one folder lead out of it, and how; nothing where none does.

    Args:
        names: Relative names, as a manifest gives them.
    """
    kinds: dict[str, list[str]] = {}
    for name in names:
        if fault := fault_of(name):
            kinds.setdefault(fault, []).append(name)
    return "; ".join(f"{quoted(own)} {fault}" for fault, own in kinds.items())


def printable(text: str) -> str:
    """Return a text from data as it is told: one line, with marks for what would move or colour what is printed."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def quoted(names: Sequence[str]) -> str:
    """Join names for a message, as they are written in Python, so that none can break or colour its line."""
    return listing([repr(name if len(name) <= 80 else f"{name[:77]}...") for name in names], 5)


def check_text(ids: Iterable[str], where: object) -> None:
    """Refuse sample ids that are no valid Unicode, as names of files in another encoding; they cannot be stored.

    Raises:
        DatasetError: There is such an id.
    """
    halves = [name for name in ids if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name)]
    if halves:
        raise DatasetError(
            f"{len(halves)} sample ids are no valid Unicode: {quoted(halves)}",
            where=where,
            mend="rename these files, or mend their names in the annotation file",
        )


def check_apart(ids: Iterable[str], folder: Path, where: object) -> None:
    """Refuse sample ids that differ by case alone where the disk does not tell their files apart.

    Args:
        ids: The sample ids.
        folder: An existing folder on the disk that is written to.
        where: The data.

    Raises:
        DatasetError: Two ids would share a file.
    """
    seen: dict[str, str] = {}
    alike = []
    for name in ids:
        if seen.setdefault(unicodedata.normalize("NFC", safe_name(name).casefold()), name) != name:
            alike.append(name)
    if alike and not _tells_cases_apart(folder):
        raise DatasetError(
            f"{len(alike)} sample ids differ by case alone from others, and this disk takes them for one: "
            f"{quoted(alike)}",
            where=where,
            mend="choose run.dir=FOLDER on a disk that tells them apart, or rename them",
        )


def _is_safe(name: str) -> bool:
    if not name.isascii():
        if not unicodedata.is_normalized("NFC", name):
            return False
        if not _INVISIBLE.isdisjoint(map(unicodedata.category, name)):
            return False
    elif not name.isprintable():
        return False
    if not _RESERVED.isdisjoint(name) or _HASHED.search(name):
        return False
    *folders, last = parts = name.split("/")
    if last.lower().endswith(_OF_A_SECOND_FILE):
        return False
    if any(folder.lower().endswith(_FILE_ENDINGS) for folder in folders) or _size(name) > LONGEST:
        return False
    return all(_is_safe_part(part) for part in parts)


def _is_safe_part(part: str) -> bool:
    return (
        bool(part)
        and part[0] not in ". "
        and part[-1] not in ". "
        and not _DEVICES.fullmatch(part)
        and (_size(part) <= LONGEST_PART)
    )


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _digest(name: str) -> str:
    """Return 128 bits of the SHA-256 of a text, halves of pairs included."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _tells_cases_apart(folder: Path) -> bool:
    """Tell whether a disk keeps names apart that differ by case alone, by making such a file for a moment."""
    probe = folder / f".{uuid.uuid4().hex}.case"
    probe.touch()
    try:
        return not probe.with_suffix(".CASE").exists()
    finally:
        probe.unlink(missing_ok=True)
