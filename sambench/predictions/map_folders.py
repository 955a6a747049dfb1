"""Folders that hold one file a sample, made elsewhere and found by sample id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from sambench.errors import PredictionError, listing
from sambench.files.atomic import files_below, hidden
from sambench.files.name_templates import PLAIN, filled
from sambench.predictions.map_names import SWITCH, check_template, choose_template, names_of
from sambench.predictions.sample_files import files_fingerprint


class MapFolder:
    """A folder of files named by sample id or by its last part, as `sambench.predictions.reader.PredictionReader`.

    Args:
        folder: The folder.
        all_keys: Sample ids of the whole split; a file that answers none of them is a stranger.
        endings: Endings of its files in lower case, any case of which counts.
        names: A template of their names (`sambench.predictions.map_names`); files that it does not fit are passed over.
            None finds the one that fits all.

    Raises:
        PredictionError: The folder is not there, or how its files are named cannot be told.
        UsageError: `names` is no template.
    """

    missing_means: Literal["left out", "empty"] = "left out"

    def __init__(self, folder: Path, all_keys: Sequence[str], endings: Sequence[str], names: str | None = None) -> None:
        if names is not None:
            check_template(names)
        if not folder.is_dir():
            raise PredictionError(
                "the folder of predictions does not exist", where=folder, mend="give it as predictions=FOLDER"
            )
        self.folder, self.choices, self.notes = folder, dict[str, str](), list[str]()
        self._all_keys = list(all_keys)
        there = [path for path in files_below(folder) if path.suffix.lower() in endings and not hidden(path)]
        stems = {path: path.relative_to(folder).with_suffix("").as_posix() for path in there}
        template = names or choose_template(sorted(set(stems.values())), self._all_keys, folder)
        self._files: dict[str, list[Path]] = {}
        for path, stem in stems.items():
            if (name := filled(template, stem)) is not None:
                self._files.setdefault(name, []).append(path)
        passed = len(stems) - sum(map(len, self._files.values()))
        if template != PLAIN or passed:
            note = f"files are found as {template}, * being the sample's name ({SWITCH})"
            self.notes.append(note + (f"; {passed} files of other names are passed over" if passed else ""))

    def find(self, sample_id: str) -> Path | None:
        """Return the file that answers a sample, None where there is none.

        Raises:
            PredictionError: There are several.
        """
        for name in names_of(sample_id):
            if files := self._files.get(name):
                if len(files) > 1:
                    raise PredictionError(
                        f"{len(files)} files answer {sample_id}: {listing([path.name for path in files])}",
                        where=self.folder,
                        mend="keep one of them",
                    )
                return files[0]
        return None

    def path(self, sample_id: str) -> Path:
        """Return the file that answers a sample.

        Raises:
            PredictionError: There is none, or there are several.
        """
        file = self.find(sample_id)
        if file is None:
            mend = "add it, or score the rest with allow_missing=true"
            raise PredictionError(f"no prediction for {sample_id}", where=self.folder, mend=mend)
        return file

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a file, and the files (relative paths) that answer no sample.

        Raises:
            PredictionError: One file is found by the last part of several ids.
        """
        answered: dict[Path | None, str] = {}
        for key in self._all_keys:
            path = self.find(key)
            if path is not None and answered.setdefault(path, key) != key:
                message = f"{path.relative_to(self.folder)} would answer both {answered[path]} and {key}"
                mend = f"keep predictions in folders as the samples are, as in {key}{path.suffix}"
                raise PredictionError(message, where=self.folder, mend=mend)
        files = [path for files in self._files.values() for path in files]
        strangers = [str(path.relative_to(self.folder)) for path in files if path not in answered]
        return [key for key in keys if self.find(key) is None], sorted(strangers)

    def fingerprint(self) -> str:
        """Return a SHA-256 over names and bytes of all prediction files."""
        return files_fingerprint(self.folder, sorted(path for files in self._files.values() for path in files))
