"""Headers of many images are read at once, in order, and never more of the file than that."""

import threading
import time

import pytest
from PIL import Image

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.images import orientation
from sambench.datasets.images.headers import opened, unlimited
from sambench.datasets.own.reader import CARD
from sambench.errors import DatasetError


class SlowDisk:
    """Images on a disk that answers after a while."""

    card, image_rules, images_there = CARD, ImageRules(), True

    def __init__(self, folder, seconds=0.0):
        self.folder, self.seconds, self.inside, self.most = folder, seconds, 0, 0
        self._lock = threading.Lock()

    def picture(self, key):
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(self.seconds)
        with self._lock:
            self.inside -= 1
        return Picture(self.folder / f"{key}.jpg", lambda: (6, 8))


@pytest.fixture
def keys(tmp_path):
    names = [f"{number:02}" for number in range(40)]
    for name in names:
        exif = Image.Exif()
        exif[0x0112] = 3 if int(name) % 3 == 0 else 1
        Image.new("RGB", (8, 6)).save(tmp_path / f"{name}.jpg", exif=exif)
    return names


def test_headers_are_read_at_once_and_told_in_order(tmp_path, keys):
    disk = SlowDisk(tmp_path, 0.005)
    assert orientation.orientations(disk, keys).ignored == keys[::3]
    assert disk.most > 1
    assert orientation.orientation_record(disk, keys)["orientations"] == {"turned": 0, "ignored": 14, "damaged": 0}


def test_the_first_fault_is_told_whatever_others_there_are(tmp_path, keys):
    for name in ("11", "12", "30"):
        (tmp_path / f"{name}.jpg").write_bytes(b"no image")
    with pytest.raises(DatasetError) as caught:
        orientation.orientations(SlowDisk(tmp_path), keys)
    assert caught.value.where == str(tmp_path / "11.jpg")


def test_pillows_limit_is_set_again_by_the_last_thread(tmp_path, keys):
    before = Image.MAX_IMAGE_PIXELS
    with unlimited():
        with unlimited(), opened(tmp_path / "00.jpg", CARD):
            assert Image.MAX_IMAGE_PIXELS is None
        assert Image.MAX_IMAGE_PIXELS is None
    assert before == Image.MAX_IMAGE_PIXELS
