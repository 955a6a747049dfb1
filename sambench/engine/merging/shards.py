"""A run cut into parts by hand: every n-th sample from the k-th on, none padded and none repeated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sambench.errors import UsageError
from sambench.runs.seals import keys_sha256


@dataclass(frozen=True)
class Shard:
    """The `index`-th of `count` parts, counted from 1: `shard=INDEX/COUNT`."""

    index: int
    count: int

    def take(self, keys: Sequence[str]) -> list[str]:
        """Return every `count`-th sample id from the `index`-th on, in order.

        Raises:
            UsageError: There are fewer samples than that, so that the part is empty.
        """
        taken = list(keys[self.index - 1 :: self.count])
        if not taken:
            raise UsageError(
                f"part {self.index} of {self.count} of {len(keys)} sample(s) holds none",
                where=f"shard={self.index}/{self.count}",
                mend=f"cut the data into at most {len(keys)} part(s)",
            )
        return taken

    def record(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return what a part's `run.json` says of the whole it is cut from: `keys` are the whole's sample ids."""
        return {"index": self.index, "count": self.count, "samples": len(keys), "keys_sha256": keys_sha256(keys)}


def parse_shard(text: str) -> Shard:
    """Read `shard=INDEX/COUNT`.

    Raises:
        UsageError: It is not of that form, or the index is not from 1 to the count.
    """
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match and 1 <= int(match[1]) <= int(match[2]):
        return Shard(int(match[1]), int(match[2]))
    raise UsageError(
        f"shard is {text!r}, but takes a part and the number of parts, counted from 1",
        where="shard",
        mend="give shard=1/4, 2/4, 3/4 and 4/4 on four machines, then `sambench merge` their run folders",
    )
