"""The nearest of the names there are, for messages about one that is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sambench.errors import UsageError

SHOW = "`sambench run task=NAME --cfg job` shows every key with its value"
"""What a message says where no name is near."""


def nearest(name: object, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the known names that resemble a name, the most alike first; case and the sign between words count little.

    Args:
        name: What was written.
        known: The names there are.
        count: At most this many are returned.
    """
    plain: dict[str, str] = {}
    for one in known:
        plain.setdefault(_plain(one), one)
    return [plain[one] for one in difflib.get_close_matches(_plain(str(name)), plain, n=count)]


def choose(what: str, name: object, known: Iterable[str], where: object, write: str = "{}") -> UsageError:
    """Return the error of a name that is none of those there are.

    Args:
        what: What it should be the name of, as in "table".
        name: What was written.
        known: The names there are.
        where: Where it was written.
        write: What to write, with {} for the name, as in "sambench table {}".
    """
    names = list(known)
    near = nearest(name, names)
    mend = f"use {write.format(near[0])}" if near else f"use one of {', '.join(names)}"
    return UsageError(f"there is no {what} {str(name)!r}", where=where, mend=mend)


def check_keys(read: Iterable[object], known: Iterable[str], where: object) -> None:
    """Refuse a key of a description that is none of those it may have.

    Args:
        read: The keys it has.
        known: Those it may have.
        where: The file, and the part of it.

    Raises:
        UsageError: There is such a key; the nearest is named.
    """
    names = list(known)
    for key in read:
        if key not in names:
            near = nearest(key, names)
            what = f"there is no key {key!r}; there are {', '.join(names)}"
            raise UsageError(what, where=where, mend=f"write {near[0]}" if near else f"take {key} out")


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
