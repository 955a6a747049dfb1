"""The nearest of the names there are, for messages about one that is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

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


def choose_value(key: str, value: object, known: Iterable[str]) -> UsageError:
    """Return the error of a key's value that is none of those it takes.

    Args:
        key: The key, as in "to".
        value: What was written.
        known: The values there are.
    """
    names = list(known)
    near = nearest(value, names)
    mend = f"use {key}={near[0]}; there are {', '.join(names)}" if near else f"use one of {', '.join(names)}"
    return UsageError(f"{key}={value} is not known", where=key, mend=mend)


def matching(patterns: Sequence[str], names: Sequence[str], what: str, where: str, more: str = "") -> list[str]:
    """Return the names that patterns such as "AR*" choose, in the names' order; none where there is no pattern.

    Args:
        patterns: What was written.
        names: The names there are, at least one.
        what: What they are, as in "the judged metrics".
        where: The key it was written to.
        more: What else mends a pattern that fits none.

    Raises:
        UsageError: A pattern fits none; the nearest name is told.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            near = (*nearest(pattern, names), names[0])[0]
            message = f"{pattern!r} is none of {what}: {', '.join(names)}"
            raise UsageError(message, where=where, mend=f"use {where}={near}{more}")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


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
