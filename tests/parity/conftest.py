"""Let the parity tests import the reference models beside them, and two packages without what only training needs.

RITM's readers import classes of albumentations for augmentations, EdgeSAM's model those of mmdet for a detector that it
was once trained beside; none is used here.
"""

import sys
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parent))


TRAINING = ("albumentations", "mmdet", "mmengine", "projects")


class Training(MetaPathFinder, Loader):
    """Finds every module of these packages as one that has whatever class is asked of it."""

    def find_spec(self, name, path, target=None):
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in TRAINING else None

    def exec_module(self, module):
        module.__class__ = Anything
        vars(module)["SERIALIZABLE_REGISTRY"] = {}


class Anything(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *given, **named: None})


sys.meta_path.append(Training())
for _package in ("ritm_annotation.data.datasets", "edge_sam"):
    with suppress(ImportError):
        import_module(_package)
sys.meta_path.pop()
for _name in [name for name, module in sys.modules.items() if isinstance(module, Anything)]:
    del sys.modules[_name]
