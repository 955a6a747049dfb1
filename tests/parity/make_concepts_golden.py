"""Let SAM 3's own evaluator score the pairs of `concept_pairs`; writes tests/golden/concepts.json.

    PYTHONPATH=tests/support python tests/parity/make_concepts_golden.py CHECKOUT/sam3/eval [lvis_val_100.json]

CHECKOUT is github.com/facebookresearch/sam3 at 99d02f2; only cgf1_eval.py of it is imported. Names and numbers are its
own; -1 is what it says where it divided 0 by 0. With LVIS v0.5's file of 100 images their pairs (`concept_lvis`) are
scored as well, into tests/golden/concepts_lvis.json. Needs tqdm.
"""

import json
import sys
from pathlib import Path

from concept_lvis import lvis_pairs, perfect
from concept_official import evaluator_of, official
from concept_pairs import cases, coded

GOLDEN = Path(__file__).parents[1] / "golden"


def main(folder, lvis=None):
    """Write the figures of all cases, of masks and of boxes."""
    evaluators = evaluator_of(folder)
    kinds = ("segm", "bbox")
    made = {name: [coded(pair) for pair in pairs] for name, pairs in cases().items()}
    found = {name: {kind: official(evaluators, pairs, kind) for kind in kinds} for name, pairs in made.items()}
    (GOLDEN / "concepts.json").write_text(json.dumps(found, indent=1) + "\n")
    if lvis is not None:
        pairs = lvis_pairs(lvis)
        made = {"made up": pairs, "perfect": perfect(pairs)}
        found = {name: {kind: official(evaluators, pairs, kind) for kind in kinds} for name, pairs in made.items()}
        (GOLDEN / "concepts_lvis.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
