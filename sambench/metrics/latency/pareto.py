"""Which of several models nobody beats on two axes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Standing = Literal["on", "off", "cannot tell"]


@dataclass(frozen=True)
class Value:
    """A number on one axis, turned so that more is better.

    Attributes:
        value: The number.
        low, high: Ends of its 95 % interval; the number itself where it has none, as a count.
    """

    value: float
    low: float
    high: float

    def surely_below(self, other: Value) -> bool:
        """Tell whether the other is better beyond both intervals, or both are the same number without any."""
        exact = self.low == self.high == other.low == other.high
        return self.high < other.low or exact

    def at_most(self, other: Value) -> bool:
        """Tell whether the other's number is at least as good."""
        return self.value <= other.value


def standings(points: Sequence[tuple[Value, Value]]) -> list[Standing]:
    """Say of each point whether it is on the front.

    A point is beaten where another is at least as good on both axes and better on one. That is sure where on both axes
    the other is surely better, or an equal count; else it cannot be told.

    Args:
        points: Two values each.

    Returns:
        "on": none is better in both. "off": one surely is. "cannot tell": one is, within the intervals.

    Example:
        >>> def exact(value):
        ...     return Value(value, value, value)
        >>> standings([(exact(1), exact(3)), (exact(2), exact(2)), (exact(1), exact(1))])
        ['on', 'on', 'off']
    """
    verdicts: list[Standing] = []
    for index, own in enumerate(points):
        better = [
            other
            for at, other in enumerate(points)
            if at != index
            and all(mine.at_most(theirs) for mine, theirs in zip(own, other, strict=True))
            and any(mine.value < theirs.value for mine, theirs in zip(own, other, strict=True))
        ]
        sure = any(all(mine.surely_below(theirs) for mine, theirs in zip(own, other, strict=True)) for other in better)
        verdicts.append("on" if not better else "off" if sure else "cannot tell")
    return verdicts
