"""Which values a number may have, declared where the number is: `grid: Annotated[int, Range(1, 512)] = 16`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sambench.errors import UsageError


@dataclass(frozen=True)
class Range:
    """The numbers from `least` to `most`, both included; of a list, each number in it.

    Attributes:
        least, most: The ends.
        above: Whether `least` itself is left out.
    """

    least: float
    most: float
    above: bool = False

    def __contains__(self, value: float) -> bool:
        return (self.least < value if self.above else self.least <= value) and value <= self.most

    def __str__(self) -> str:
        return f"{'above' if self.above else 'from'} {self.least:g} to {self.most:g}"


SHARED: dict[str, Range] = {
    "limit": Range(1, 10**9),
    "max_pixels": Range(1, 10**11),
    "seed": Range(0, 2**32 - 1),
    "subset_seed": Range(0, 2**32 - 1),
    "encode_batch_size": Range(1, 4096),
    "decode_batch_size": Range(1, 65536),
}
"""Ranges of numbers that many tasks, models or data sets take."""

RESAMPLES = Range(100, 10**5)
"""How many resamples of the images stand behind intervals that a user asks for."""


class RangeError(UsageError):
    """A number out of its range."""


def check_range(value: Any, allowed: Range, where: str) -> None:
    """Refuse a number, or a list that holds one, that is out of its range; nothing is let pass.

    Raises:
        RangeError: The number is out of its range or none (NaN); or the list is empty or holds a number twice.
    """
    if value is None:
        return
    if isinstance(value, list | tuple):
        if not value or len(set(value)) < len(value):
            what = "holds a number twice" if value else "is empty"
            raise RangeError(f"{where} is {list(value)}, which {what}", where=where, mend=f"give numbers {allowed}")
        for item in value:
            check_range(item, allowed, where)
    elif not isinstance(value, bool) and value not in allowed:
        raise RangeError(f"{where} is {value}, but takes {allowed}", where=where, mend=f"give {where} {allowed}")


@contextmanager
def collecting(faults: list[UsageError]) -> Iterator[None]:
    """Add what is refused inside the block to a list, for `raise_faults`."""
    try:
        yield
    except UsageError as fault:
        faults.append(fault)


def raise_faults(faults: Sequence[UsageError]) -> None:
    """Raise one error of all that is wrong with what a user gave.

    Raises:
        UsageError: There is something; a `RangeError` where all of it is that.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        kind = RangeError if all(isinstance(fault, RangeError) for fault in faults) else UsageError
        what, where, mend = (
            sign.join(dict.fromkeys(str(getattr(fault, part)) for fault in faults if getattr(fault, part)))
            for part, sign in (("what", "; "), ("where", ", "), ("mend", "; "))
        )
        raise kind(what, where=where, mend=mend)
