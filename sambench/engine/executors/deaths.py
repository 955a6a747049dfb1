"""Deaths of worker processes, counted by what they had at hand."""

from __future__ import annotations

from collections import Counter

from sambench.errors import RunError

DEATHS = 5
"""How often a sample may be at hand when a process dies before the run gives up."""


class Deaths(Counter[str]):
    """How often a process has died over each sample, or, by its own name, over none."""

    def count(self, worker: str, over: str | None, why: str = "most likely for lack of memory") -> None:
        """Count a death.

        Args:
            worker: Whose.
            over: The sample it had at hand, or None where it had none.
            why: What is known of the reason.

        Raises:
            RunError: It was one too many at the same place.
        """
        name = over if over is not None else worker
        self[name] += 1
        if self[name] >= DEATHS:
            raise RunError(
                f"{worker} of the run died {DEATHS} times at the same place, {why}",
                where=name,
                mend="give it more memory, or less to do at once (workers=1, prompt_batch=16, fewer devices); the same"
                " command goes on where it stopped",
            )
