"""The commands of the command line, one module each, which declares its words and does what they say.

`COMMANDS` is the one list of them; CONTRIBUTING.md says how one is added.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sambench.commands.grammar.declaration import Command

COMMANDS = {
    "run": "sambench.commands.run:RUN",
    "score": "sambench.commands.score:SCORE",
    "table": "sambench.commands.table:TABLE",
    "reproduce": "sambench.commands.reproduce:REPRODUCE",
    "export": "sambench.commands.exporting.export:EXPORT",
    "ablate": "sambench.commands.ablate:ABLATE",
    "gate": "sambench.commands.comparing.gate:GATE",
    "compare": "sambench.commands.comparing.compare:COMPARE",
    "latency": "sambench.commands.comparing.latency:LATENCY",
    "pareto": "sambench.commands.comparing.pareto:PARETO",
    "parity": "sambench.commands.comparing.parity:PARITY",
    "power": "sambench.commands.comparing.power:POWER",
    "explain": "sambench.commands.comparing.explain:EXPLAIN",
    "masks": "sambench.commands.comparing.masks:MASKS",
    "leaderboard": "sambench.commands.leaderboard:LEADERBOARD",
    "report": "sambench.commands.report:REPORT",
    "view": "sambench.commands.view:VIEW",
    "plan": "sambench.commands.plan:PLAN",
    "merge": "sambench.commands.merge:MERGE",
    "look": "sambench.commands.look:LOOK",
    "rate": "sambench.commands.rate:RATE",
    "ls": "sambench.commands.ls:LS",
    "diff": "sambench.commands.comparing.diff:DIFF",
    "rm": "sambench.commands.rm:RM",
    "data": "sambench.commands.data.command:DATA",
    "cache": "sambench.commands.cache:CACHE",
}
"""Command -> "module:attribute" of its declaration."""


def command_of(word: str) -> "Command":
    """Return what a command of `COMMANDS` declares; its module is imported only now."""
    module, _, name = COMMANDS[word].partition(":")
    command: Command = getattr(importlib.import_module(module), name)
    return command
