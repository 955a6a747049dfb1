"""Let the parity tests import the reference models beside them, and RITM's evaluation without albumentations."""

import sys
from pathlib import Path
from unittest.mock import MagicMock

sys.path.insert(0, str(Path(__file__).parent))
sys.modules.setdefault("ritm_annotation.data.datasets", MagicMock())
