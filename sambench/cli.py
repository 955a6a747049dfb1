"""The command line: one word chooses the command; nothing heavy is imported before it is needed."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sambench.commands import COMMANDS, PAGES
from sambench.config.local_configs import take_config_dirs
from sambench.config.spelling import nearest
from sambench.errors import SambenchError, UsageError
from sambench.files.faults import DEFECT, defect_report, told_refusals
from sambench.interrupts import plain_interrupts
from sambench.version import __version__

USAGE = """\
sambench: zero-shot evaluation of promptable segmentation models

  sambench run task=NAME [key=value ...]     run a task with a model on data (see `sambench run --help`)
  sambench score task=NAME data=NAME predictions=FOLDER
                                             score predictions made elsewhere
  sambench table NAME|all [runs=[A,B]] [format=md|csv|latex|html] [out=FOLDER]
                                             published tables beside measured rows
  sambench ablate NAME [key=value ...]       a sweep of one choice, its table and figure
  sambench gate baseline=RUN candidate=RUN   a verdict on two checkpoints, image by image
  sambench compare runs=[A,B,C]              every two of several checkpoints, and a ranking
  sambench power pilot=RUN effect=0.01       how many images a gate needs to see such a drop
  sambench report runs=[A,B] [out=FOLDER]    one HTML page of all that runs tell
  sambench plan task=NAME data=NAME [limit=20] [devices=[1,8,64]]
                                             what the whole run would take, projected from its first images
  sambench merge RUN RUN ... [out=FOLDER]    partial runs made on several machines (shard=1/4) become one
  sambench look RUN [count=3] [out=FOLDER]   pictures of a run's best, median and worst images
  sambench export bsds RUN [out=FOLDER]      the Berkeley benchmark's result files of a run
  sambench ls tasks|models|data|tables|runs  what there is
  sambench data list|check|show|export       datasets of masks: which are there, whole or not, how they look
  sambench cache ls|verify|prune             the embedding cache
  sambench COMMAND --help                    the page of each, and of parts of it: sambench data check --help
  sambench --version

Every command takes --config-dir FOLDER: configurations of your own and the code beside them (docs/plugins.md). What a
stored run or a frozen baseline names is never run unless it is registered or declared in such a folder.

examples:
  sambench run task=edges                                     the embedded model on the embedded data, no download
  sambench run task=edges data=bsds500 data.root=/data        the same on BSDS500
  sambench run --multirun task=edges task.nms_iou=0.5,0.7,0.9 a sweep
  sambench table edges
tab completion for bash:
  eval "$(sambench run -sc install=bash)"
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exits with 0; 1 where a gate found a regression; 2 on wrong usage, bad input or a machine's refusal; 3 where runs
    cannot be compared; 70 on a defect, whose traceback is in a file; 130 on Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with plain_interrupts(), told_refusals():
            code = dispatch(words)
            sys.stdout.flush()
    except SambenchError as error:
        print(f"sambench: {error}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        print("sambench: interrupted; what is done is kept, the same command goes on from there", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        code = 0
    except Exception as error:  # 1 means a regression, so no crash may end with it
        print(f"sambench: {defect_report(error)}", file=sys.stderr)
        code = DEFECT
    _let_go_of_output()
    sys.exit(code)


def _let_go_of_output() -> None:
    """Drop output that cannot be written any more, so that the interpreter does not try again when it ends."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def dispatch(words: list[str]) -> int:
    """Choose the command and run it; returns the exit code.

    Raises:
        UsageError: There is no such command.
    """
    if words[:1] == ["help"] and words[1:]:
        words = [*words[1:], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        print(USAGE)
        return 0 if words else 2
    if words[0] in ("--version", "version"):
        print(f"sambench {__version__}")
        return 0
    if words[0] in ("-sc", "--shell-completion"):
        return int(_resolve("sambench.commands.completion:main")(words[1:]))
    if words[0] not in COMMANDS:
        near = nearest(words[0], COMMANDS)
        raise UsageError(
            f"there is no command {words[0]!r}; there are {', '.join(COMMANDS)}",
            where=f"sambench {' '.join(words)}",
            mend=f"did you mean `sambench {near[0]}`?" if near else "`sambench --help` explains each",
        )
    rest = take_config_dirs(words[1:])
    if "-h" in rest or "--help" in rest:
        page = _resolve(PAGES[words[0]])
        print(page if isinstance(page, str) else page(rest))
        return 0
    return int(_resolve(COMMANDS[words[0]])(rest))


def _resolve(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    main()
