"""File-system calls that fail or kill their process on demand: builds `fault_shim.c` and says what it should do."""

import ctypes
import errno
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

KINDS = ["open", "create", "read", "write", "sync", "name", "unlink"]
KINDS += ["mkdir", "meta", "map", "list", "stat", "lock", "close"]
"""As in `enum kind` of the C source."""

CHANGES = ("create", "write", "sync", "name", "unlink", "mkdir", "meta")

ERRORS = {
    errno.ENOSPC: ("create", "write", "sync", "name", "mkdir"),
    errno.EIO: tuple(KINDS),
    errno.EACCES: ("open", "create", "name", "unlink", "mkdir", "meta", "list", "stat"),
    errno.EROFS: ("create", "name", "unlink", "mkdir", "meta"),
    errno.EMFILE: ("open", "create", "list"),
    errno.ENOMEM: ("open", "create", "read", "write", "name", "unlink", "mkdir", "map", "list", "stat"),
}
"""Error -> the calls it is a documented answer of."""


@dataclass(frozen=True)
class Fault:
    """What becomes of the first call of some kinds from the `at`-th counted call on.

    Attributes:
        at: Counts from 1; 0 lets everything pass.
        kinds: Of the calls it may befall.
        do: "fail", "short", "before", "after" or "torn", as in the C source.
        error: The error of a call that fails.
        lasting: All later calls of these kinds fail as well.
    """

    at: int = 0
    kinds: tuple = tuple(KINDS)
    do: str = "fail"
    error: int = errno.EIO
    lasting: bool = False

    @property
    def kills(self):
        return self.do in ("before", "after", "torn")

    def __str__(self):
        what = f"killed {self.do}" if self.kills else f"{self.do} {errno.errorcode[self.error]}"
        return f"{what}{' from then on' if self.lasting else ''} at call {self.at}"


def build(folder):
    """Compile the shim into a folder; None where this machine cannot."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None or sys.platform != "linux":
        return None
    library = Path(folder) / "fault_shim.so"
    words = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-fno-builtin",
        "-o",
        library,
        Path(__file__).with_suffix(".c"),
        "-ldl",
    ]
    return library if subprocess.run(words, capture_output=True).returncode == 0 else None


def settings(fault, folders, scratch, first=False):
    """Return the environment that asks for a fault in calls below folders; counters and log go to `scratch`."""
    return {
        "FAULTS_FOLDERS": ":".join(os.path.realpath(folder) for folder in folders),
        "FAULTS_STATE": str(Path(scratch) / "state"),
        "FAULTS_LOG": str(Path(scratch) / "log"),
        "FAULTS_AT": str(fault.at),
        "FAULTS_KINDS": str(sum(1 << KINDS.index(kind) for kind in fault.kinds)),
        "FAULTS_DO": fault.do,
        "FAULTS_ERRNO": str(fault.error),
        "FAULTS_LASTING": str(int(fault.lasting)),
        "FAULTS_FIRST": str(int(first)),
    }


def arm(fault, folders, scratch):
    """Ask for a fault in this process, which was started with the shim preloaded; the counters begin anew."""
    os.environ.update(settings(fault, folders, scratch))
    ctypes.CDLL(None).faults_arm()


def disarm():
    """Let everything pass in this process from now on."""
    os.environ["FAULTS_FOLDERS"] = ""
    ctypes.CDLL(None).faults_arm()


def calls(scratch):
    """Return (kind, path, chosen) of every counted call, in order."""
    log = Path(scratch) / "log"
    lines = log.read_text(errors="surrogateescape").splitlines() if log.exists() else []
    told = [line.removeprefix("!").split(" ", 1) for line in lines]
    return [(kind, path, line.startswith("!")) for (kind, path), line in zip(told, lines, strict=True)]


def fired(scratch):
    """Tell whether the fault befell a call."""
    return struct.unpack("li", (Path(scratch) / "state").read_bytes()[:12])[1] == 1
