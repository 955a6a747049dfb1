"""The commands of the command line, one module each; each takes its words and returns an exit code."""

COMMANDS = {
    "run": "sambench.commands.run:main",
    "score": "sambench.commands.run:score",
    "table": "sambench.commands.table:main",
    "export": "sambench.commands.export:main",
    "ablate": "sambench.commands.ablate:main",
    "gate": "sambench.commands.gate:main",
    "report": "sambench.commands.report:main",
    "plan": "sambench.commands.plan:main",
    "merge": "sambench.commands.merge:main",
    "look": "sambench.commands.look:main",
    "ls": "sambench.commands.ls:main",
    "data": "sambench.commands.data:main",
    "cache": "sambench.commands.cache:main",
}
"""Command -> "module:function"."""
