"""The commands of the command line, one module each; each takes its words and returns an exit code."""

COMMANDS = {
    "run": "sambench.commands.run:main",
    "score": "sambench.commands.run:score",
    "table": "sambench.commands.table:main",
    "export": "sambench.commands.export:main",
    "ablate": "sambench.commands.ablate:main",
    "gate": "sambench.commands.gate:main",
    "compare": "sambench.commands.compare:main",
    "power": "sambench.commands.power:main",
    "report": "sambench.commands.report:main",
    "plan": "sambench.commands.plan:main",
    "merge": "sambench.commands.merge:main",
    "look": "sambench.commands.look:main",
    "ls": "sambench.commands.ls:main",
    "data": "sambench.commands.data:main",
    "cache": "sambench.commands.cache:main",
}
"""Command -> "module:function"."""

PAGES = {
    **{command: f"{target.partition(':')[0]}:HELP" for command, target in COMMANDS.items()},
    **{command: f"sambench.commands.{command}:page" for command in ("run", "table", "ablate", "gate")},
    **{command: f"sambench.commands.{command}:page" for command in ("ls", "cache")},
    "data": "sambench.commands.data_pages:page",
    "score": "sambench.commands.score_page:page",
}
"""Command -> "module:attribute" of what --help prints: a text, or a function of the words that returns one."""
