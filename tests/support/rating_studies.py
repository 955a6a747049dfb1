"""A small rating study of two runs on generated scenes, and raters who answer it."""

from sambench.cli import dispatch


def planned(folder, *words, masks=4, raters=2):
    """Run the embedded model twice with different switches, and plan a study of both."""
    for name, first in (("a", "multimask"), ("b", "single")):
        assert (
            dispatch(
                [
                    "run",
                    "task=points",
                    "data=mini",
                    "data.kind=coco",
                    "limit=2",
                    "workers=0",
                    "task.clicks=[1]",
                    f"task.first_output={first}",
                    f"run.dir={folder / name}",
                ]
            )
            == 0
        )
    out = folder / "study"
    words = [f"runs=[{folder / 'a'},{folder / 'b'}]", f"out={out}", f"masks={masks}", f"raters={raters}", *words]
    assert dispatch(["rate", "plan", *words]) == 0
    return out
