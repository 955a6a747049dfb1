"""The things the generated scenes show, each with nested parts, and the places they stand in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sambench.datasets.mini import shapes
from sambench.datasets.mini.scene import BACKGROUND, DETAIL, PART, Scene, add, finish, new_scene
from sambench.types import Size

_SCENERIES = {
    "coast": (("sky", (150, 180, 215)), ("sea", (70, 110, 135)), ("sand", (190, 170, 135))),
    "hills": (("sky", (185, 200, 215)), ("hill", (105, 120, 105)), ("meadow", (125, 135, 75))),
    "desert": (("sky", (205, 190, 170)), ("dune", (185, 145, 95)), ("sand", (160, 120, 80))),
    "night": (("sky", (45, 50, 75)), ("hill", (35, 40, 50)), ("meadow", (55, 65, 55))),
}


def paint_scenery(scene: Scene, scenery: str) -> None:
    """Lay two or three backgrounds one above the other, parted by uneven lines."""
    rng, (_, y) = scene.rng, scene.grid
    height, width = scene.top.shape
    (name, colour), *lower = _SCENERIES[scenery]
    add(scene, name, np.ones_like(y, bool), _near(colour, 10, rng), rng.uniform(4, 9), depth=BACKGROUND)
    for number, (name, colour) in enumerate(lower):
        level = height * (0.3 + 0.3 * number + rng.uniform(-0.06, 0.06))
        line = level + height * 0.03 * shapes.profile(width, rng.uniform(0.2, 1.2), rng)
        striped = name in ("sea", "dune")
        add(scene, name, y > line, _near(colour, 8, rng), rng.uniform(14, 26), depth=BACKGROUND, striped=striped)


def paint_pebble(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a stone with a band and a mark within the band; one in three hardly stands out."""
    rng = scene.rng
    local = shapes.turned(scene.grid, centre, rng.uniform(0, np.pi))
    body = shapes.blob(local, (reach, reach * rng.uniform(0.6, 0.9)), 0.22, rng)
    colour = _under(scene, body) + rng.normal(size=3) * 4 + rng.choice([-18, 18, 16, -70, 60, 75])
    colour = np.clip(colour, 30, 225)
    stone = add(scene, "pebble", body, colour, rng.uniform(8, 14))
    band = shapes.box((local[0] - reach * 0.2, local[1]), reach * 0.16, 2 * reach)
    vein = add(scene, "vein", band, _apart(colour, 33, rng), 7, parent=stone, depth=PART)
    spot = shapes.blob((local[0] - reach * 0.2, local[1]), (reach * 0.1, reach * 0.2), 0.2, rng)
    add(scene, "spot", spot, _apart(colour, 60, rng), 5, parent=vein, depth=DETAIL)


def paint_leaf(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a leaf with a darker half and a thin midrib."""
    rng = scene.rng
    local = shapes.turned(scene.grid, centre, rng.uniform(0, np.pi))
    kind, colour = _pick({"green": (95, 140, 60), "brown": (170, 120, 45), "red": (150, 65, 40)}, 15, rng)
    leaf = add(scene, f"{kind} leaf", shapes.lens(local, reach * 1.2, reach * 0.5), colour, rng.uniform(6, 12))
    add(scene, "leaf half", local[1] > 0, colour - rng.uniform(15, 35), 9, parent=leaf, depth=PART)
    add(scene, "midrib", np.abs(local[1]) < 1.4, colour + 40, 4, parent=leaf, depth=DETAIL)


def paint_ring(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a ring one can see through, with a patch on it."""
    rng = scene.rng
    local = shapes.turned(scene.grid, centre, rng.uniform(0, np.pi))
    hole = shapes.blob(local, (reach * 0.55, reach * 0.5), 0.03, rng)
    outer = shapes.blob(local, (reach, reach * 0.92), 0.03, rng)
    kind, colour = _pick({"red": (200, 80, 50), "blue": (60, 75, 95), "cream": (225, 205, 160)}, 15, rng)
    ring = add(scene, f"{kind} ring", outer & ~hole, colour, rng.uniform(5, 10))
    sector = np.abs(np.arctan2(local[1], local[0])) < rng.uniform(0.4, 0.8)
    add(scene, "patch", sector, _apart(colour, 52, rng), 6, parent=ring, depth=PART)


def paint_house(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a house front: roof, door, and windows with bars."""
    rng = scene.rng
    local = shapes.turned(scene.grid, centre, rng.uniform(-0.06, 0.06))
    walls = shapes.box(local, reach * 0.8, reach * 0.6)
    roof = shapes.gable((local[0], local[1] + reach * 0.58), reach, reach * rng.uniform(0.5, 0.8))
    kind, colour = _pick({"pale": (200, 185, 160), "brick": (165, 110, 90), "grey": (140, 150, 155)}, 15, rng)
    house = add(scene, f"{kind} house", walls | roof, colour, rng.uniform(6, 12), striped=bool(rng.integers(2)))
    add(scene, "roof", roof, _near((125, 75, 60), 20, rng), 10, parent=house, depth=PART, striped=True)
    door = shapes.box((local[0], local[1] - reach * 0.3), reach * 0.13, reach * 0.31)
    add(scene, "door", door, colour - 70, 5, parent=house, depth=PART)
    for side in (-0.45, 0.45):
        at = local[0] - side * reach, local[1] + reach * 0.1
        window = add(
            scene, "window", shapes.box(at, reach * 0.18, reach * 0.2), colour - 85, 5, parent=house, depth=PART
        )
        bars = (np.abs(at[0]) < 1.2) | (np.abs(at[1]) < 1.2)
        add(scene, "window bar", bars, colour + 25, 3, parent=window, depth=DETAIL)


def paint_flower(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a flower: petals around a speckled heart, on a thin stalk."""
    rng = scene.rng
    x, y = scene.grid
    bend = reach * 0.3 * np.sin((y - centre[1]) / (reach * 1.5))
    stalk = (np.abs(x - centre[0] - bend) < 2) & (y > centre[1]) & (y < centre[1] + 3 * reach)
    petals = int(rng.integers(5, 8))
    local = shapes.turned(scene.grid, centre, rng.uniform(0, np.pi))
    radius = reach * (0.72 + 0.28 * np.abs(np.cos(petals / 2 * np.arctan2(local[1], local[0]))))
    head = np.hypot(*local) < radius
    kind, colour = _pick({"yellow": (225, 195, 70), "pink": (205, 110, 150), "white": (235, 230, 220)}, 12, rng)
    flower = add(scene, f"{kind} flower", stalk | head, _near((75, 105, 50), 10, rng), 7)
    crown = add(scene, "petals", head, colour, 10, parent=flower, depth=PART)
    heart = np.hypot(*local) < reach * 0.3
    add(scene, "heart", heart, _near((120, 80, 40), 15, rng), 14, parent=crown, depth=DETAIL)


def paint_post(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a thin upright post with a lighter cap."""
    rng = scene.rng
    local = shapes.turned(scene.grid, centre, rng.uniform(-0.08, 0.08))
    width = rng.uniform(2.2, 5.0)
    kind, colour = _pick({"wooden": (85, 70, 55), "steel": (190, 185, 180)}, 15, rng)
    post = add(scene, f"{kind} post", shapes.box(local, width, reach * 1.7), colour, 8)
    cap = shapes.box((local[0], local[1] + reach * 1.5), width + 1, reach * 0.2)
    add(scene, "cap", cap, colour + 45, 5, parent=post, depth=PART)


def paint_wire(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a thin wire that sags across the whole width."""
    rng = scene.rng
    along = scene.grid[0][0] / scene.top.shape[1] - rng.uniform(0.3, 0.7)
    heights = centre[1] * 0.6 - reach * along**2 * 2 + 15 * along * rng.normal()
    add(scene, "wire", shapes.strand(scene.grid, heights, rng.uniform(2.2, 3.2)), _near((50, 45, 45), 10, rng), 4)


def paint_gravel(scene: Scene, centre: tuple[float, float], reach: float) -> None:
    """Paint a crowd of small stones that nobody would mark one by one."""
    rng = scene.rng
    heap = np.zeros(scene.top.shape, bool)
    for _ in range(24):
        at = centre[0] + rng.normal() * reach * 0.7, centre[1] + rng.normal() * reach * 0.3
        window = _around(centre, 3 * reach, at, 10)
        grid = scene.grid[0][window], scene.grid[1][window]
        u, v = shapes.turned(grid, at, rng.uniform(0, np.pi))
        heap[window] |= np.abs(u) ** 2.5 + np.abs(1.3 * v) ** 2.5 < rng.uniform(3, 7) ** 2.5
    add(scene, "pebble", heap, _under(scene, heap) + rng.choice([-45, 45]), 9, crowd=True)


def _around(centre: tuple[float, float], reach: float, at: tuple[float, float], radius: int) -> tuple[slice, slice]:
    """Return the rows and columns `radius` pixels around `at` (x, y) that lie within `reach` of `centre` (x, y)."""
    x, y = (
        slice(max(0, int(middle - reach), int(here) - radius), max(0, min(int(middle + reach), int(here) + radius + 2)))
        for middle, here in zip(centre, at, strict=True)
    )
    return y, x


_THINGS: dict[str, Callable[[Scene, tuple[float, float], float], None]] = {
    "pebble": paint_pebble,
    "leaf": paint_leaf,
    "ring": paint_ring,
    "house": paint_house,
    "flower": paint_flower,
    "post": paint_post,
    "wire": paint_wire,
    "gravel": paint_gravel,
}

_FLOATING = ("leaf", "ring", "wire")
"""Things that may be anywhere; the others stand on the ground."""


def paint_scene(number: int, size: Size) -> tuple[Scene, np.ndarray]:
    """Compose scene `number`.

    Returns:
        The scene with its layers, and its picture as (H, W, 3) uint8 RGB.
    """
    scene = new_scene(size, number)
    rng = scene.rng
    paint_scenery(scene, list(_SCENERIES)[number % len(_SCENERIES)])
    kinds = [list(_THINGS)[(number + offset) % len(_THINGS)] for offset in range(6)]
    kinds += ["pebble", "pebble", *rng.choice(list(_THINGS), 4)]
    height, width = size
    slots, lows = rng.permutation(len(kinds)), rng.uniform(0.08, 0.95, len(kinds))
    # Distance down the picture stands for nearness: the nearer, the larger, and painted later over what is behind.
    for low, slot, kind in sorted(zip(lows, slots, kinds, strict=True)):
        level = low if kind in _FLOATING else 0.4 + 0.55 * low
        centre = width * (slot + rng.uniform()) / len(kinds), height * level
        _THINGS[kind](scene, centre, min(size) * rng.uniform(0.07, 0.12) * (0.7 + level))
    return scene, finish(scene)


def _near(colour: tuple[int, int, int], spread: float, rng: np.random.Generator) -> np.ndarray:
    return np.array(colour, np.float64) + rng.normal(size=3) * spread


def _pick(palette: dict[str, tuple[int, int, int]], spread: float, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Choose a variety and a colour (3,) near its own."""
    kind = list(palette)[rng.integers(len(palette))]
    return kind, _near(palette[kind], spread, rng)


def _apart(colour: np.ndarray, step: float, rng: np.random.Generator) -> np.ndarray:
    """Return a colour (3,) `step` grey levels darker or lighter, away from black and white where these are near."""
    light = colour.mean() < 80 or (colour.mean() < 180 and rng.integers(2))
    return colour + (step if light else -step)


def _under(scene: Scene, mask: np.ndarray) -> np.ndarray:
    """Return the mean colour (3,) that is now where `mask` will be painted."""
    return scene.image[mask].mean(axis=0) if mask.any() else np.full(3, 128.0)
