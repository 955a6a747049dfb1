"""`sambench plan`: what a run over the whole data set would take, projected from a small one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import own_words, read
from sambench.config.ranges import SHARED, Range
from sambench.config.run_config import DEVICES, WORKERS

if TYPE_CHECKING:
    from sambench.engine.pilot import Pilot


def main(words: list[str]) -> int:
    """Time a pilot and print its projection."""
    own, others = own_words(PLAN, words)
    values = read(PLAN, own)
    scorers = min(os.cpu_count() or 1, 16) if values["scorers"] == "auto" else values["scorers"]

    from sambench.config.compose import compose
    from sambench.engine.pilot import run_pilot
    from sambench.files.atomic import write_json

    given = any(word.startswith("limit=") for word in own)
    config = compose(others, also=[key.name for key in PLAN.keys])
    pilot = run_pilot(config, values["limit"], given)
    projected = projection(pilot, values["devices"], scorers)
    tell(values["format"], projected, lambda: text(projected))
    if values["json"] is not None:
        write_json(Path(values["json"]), projected)
    return 0


def projection(pilot: Pilot, devices: list[int], scorers: int) -> dict[str, Any]:
    """Return everything `sambench plan` tells, as JSON-like values; seconds and bytes unless the key says otherwise.

    Args:
        pilot: What was measured.
        devices: Numbers of devices.
        scorers: Scoring processes a device.
    """
    from sambench.engine.pilot import CHUNK, WARM_UP, project, wall_interval
    from sambench.engine.scaling import DEVICE_STAGES

    stages = {name: pilot.seconds([name]) for name in pilot.stages}
    on_device = pilot.seconds([name for name in DEVICE_STAGES if name in pilot.stages])
    walls = []
    for count in devices:
        projected = project(pilot, count, scorers * count)
        low, high = wall_interval(pilot, count, scorers * count)
        start = pilot.start_seconds
        walls.append(
            {
                "devices": count,
                "scorers": scorers * count,
                "wall_seconds": projected.wall + start,
                "wall_ci95": [low + start, high + start],
                "bottleneck": projected.bottleneck,
                "busy": dict(projected.busy),
            }
        )
    return {
        "run": pilot.label,
        "images": pilot.total,
        "pilot_images": pilot.images,
        "seconds_per_image": stages,
        "start_seconds": pilot.start_seconds,
        "device_hours": on_device * pilot.total / 3600,
        "scorer_cpu_hours": stages.get("score", 0.0) * pilot.total / 3600,
        "cache_bytes": pilot.cache_bytes * pilot.total,
        "output_bytes": pilot.output_bytes * pilot.total,
        "row_memory_bytes": pilot.row_bytes * pilot.total,
        "projections": walls,
        "assumptions": [
            f"the first {pilot.images} images stand for all {pilot.total}; {WARM_UP} warm-up images are not counted",
            f"every device and processor is like this machine's, and has its own {scorers} scoring process(es)",
            "steady state: no restarts; a stage takes no longer beside others than in the pilot, which runs alone",
            "the driver's share is writing rows to the journal; predictions passed between processes are not timed",
            f"intervals: 95 %, the pilot's parts of about {CHUNK} images resampled, not other machines",
            "no pictures; start-up (imports, opening data and model, compiling) is paid once, by all at the same time",
        ],
    }


def text(projection: dict[str, Any]) -> str:
    """Write a projection for people."""
    stages = "  ".join(f"{name} {seconds:.4f}" for name, seconds in projection["seconds_per_image"].items())
    lines = [
        f"{projection['run']}: {projection['images']} images, projected from {projection['pilot_images']}",
        f"seconds an image: {stages}; start-up {projection['start_seconds']:.1f} s",
        f"device time  {projection['device_hours']:.3f} h",
        f"scorer time  {projection['scorer_cpu_hours']:.3f} CPU-hours",
        f"embedding cache  {_size(projection['cache_bytes'])}",
        f"run folder   {_size(projection['output_bytes'])}",
        f"rows in memory at the end  {_size(projection['row_memory_bytes'])}",
        "",
        f"{'devices':>7}  {'scorers':>7}  {'wall':>10}  {'95 % interval':>23}  busiest",
    ]
    for item in projection["projections"]:
        low, high = (_time(value) for value in item["wall_ci95"])
        share = f"{item['bottleneck']} ({100 * item['busy'][item['bottleneck']]:.0f} %)"
        lines.append(
            f"{item['devices']:>7}  {item['scorers']:>7}  {_time(item['wall_seconds']):>10}  "
            f"{f'{low} to {high}':>23}  {share}"
        )
    return "\n".join([*lines, "", "assumptions:", *(f"  - {line}" for line in projection["assumptions"])])


def _time(seconds: float) -> str:
    return (
        f"{seconds:.1f} s"
        if seconds < 120
        else f"{seconds / 60:.1f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )


def _size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.2f} MB"


PLAN = Command(
    name="plan",
    summary="what the whole run would take, projected from its first images",
    main=main,
    takes_run_words=True,
    usage=(
        "plan task=NAME data=NAME model=NAME [limit=20] [devices=[1,8,64]] [scorers=auto] [json=FILE] [key=value ...]",
    ),
    about="""\
Runs the first images for real (in a temporary folder, with an embedding cache that starts empty), and projects from
their stage times what the whole data set takes: device-hours, scorers' CPU-hours, cache, output, memory for rows, and
the wall time and the busiest stage on each number of devices. Other keys are those of `sambench run`.""",
    keys=(
        Key(
            "limit",
            "images to time; all where the data has fewer and limit is left out",
            Annotated[int, Range(2, SHARED["limit"].most)] | None,
            example="20",
        ),
        Key("devices", "numbers of devices to project", Annotated[list[int], DEVICES], [1, 8, 64]),
        Key(
            "scorers",
            "scoring processes a device: auto is workers= of this machine; 0 scores in the devices' processes",
            Annotated[int, WORKERS],
            "auto",
            beside=("auto",),
        ),
        Key("json", "write the same as JSON", str | None, example="FILE", path="local"),
        FORMAT,
    ),
    result="data:PlanResult",
    examples=("sambench plan task=edges data=bsds500 data.root=/data limit=20 devices=[1,8]",),
)
