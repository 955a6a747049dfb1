"""Ground truth whose files are named after their images, with more around the name: `a_mask.png` for `a.jpg`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from sambench.errors import DatasetError
from sambench.files.name_templates import filled, templates


def named_as_images(
    images: Mapping[str, Path], truths: Mapping[str, Path], folder: Path
) -> tuple[dict[str, Path], str | None]:
    """Name ground truth as its images, where one template (`*_mask`) fits all its files.

    Args:
        images: Images by their relative paths without endings.
        truths: Files of ground truth in the same way.
        folder: Where these lie, for messages.

    Returns:
        Ground truth by the names of images, and the template; as it was given, and None, where some file has an
        image's name already, or no template fits all.

    Raises:
        DatasetError: Several templates fit, which give images other files.
    """
    if not truths or any(name in images for name in truths):
        return dict(truths), None
    last = {name: name.rpartition("/")[2] for name in images}
    shared = Counter(last.values())
    answers = {part: name for name, part in last.items() if shared[part] == 1} | {name: name for name in images}
    fits = [template for template, number in templates(list(truths), answers).items() if number == len(truths)]
    if len(fits) > 1:
        what = (
            f"files of ground truth may be named {' or '.join(fits)}, * being the image, which give images other files"
        )
        raise DatasetError(what, where=folder, mend="name them as their images")
    if not fits:
        return dict(truths), None
    return {answers[filled(fits[0], name) or ""]: path for name, path in truths.items()}, fits[0]
