"""Small replicas of the data sets of interactive segmentation, in their original formats and layouts."""

import numpy as np
from PIL import Image
from replicas import DOT, RING, SIZE, TWO, Replica, box, id_map, picture, png
from scipy.io import savemat

BAND = box(1, 15, 2, 21) & ~RING & ~box(5, 9, 6, 12)
"""Unknown pixels around the ring."""

HOLE = box(5, 9, 6, 12)


def single(root, folder, images, masks, ending="png"):
    """Two images with a mask each: a ring in three channels, and two parts in one."""
    first = picture(root / folder / images / "a.jpg")
    truth = root / folder / masks / f"a.{ending}"
    grey = np.zeros(SIZE, np.uint8)
    grey[RING] = 255
    truth.parent.mkdir(parents=True)
    Image.fromarray(np.repeat(grey[..., None], 3, 2)).save(truth)
    picture(root / folder / images / "b.2.jpg", seed=1)
    png(root / folder / masks / "b.2.png", TWO.astype(np.uint8) * 255)
    return Replica({"a": [RING], "b.2": [TWO]}, truth, first)


def grabcut(root):
    replica = single(root, "GrabCut", "data_GT", "boundary_GT", "bmp")
    marked = np.zeros(SIZE, np.uint8)
    marked[BAND], marked[RING] = 128, 255
    Image.fromarray(marked).save(replica.truth)
    return replica


def berkeley(root):
    replica = single(root, "Berkeley", "images", "masks")
    marked = np.zeros((*SIZE, 3), np.uint8)
    marked[BAND], marked[RING] = 128, 255
    png(replica.truth, marked)
    return replica


def davis(root):
    replica = single(root, "DAVIS", "img", "gt")
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[RING], colours[DOT] = (128, 0, 0), (0, 128, 0)  # two objects, scored as one
    png(replica.truth, colours)
    replica.masks["a"] = [RING | DOT]
    return replica


def coco_mval(root):
    replica = single(root, "COCO_MVal", "img", "gt")
    soft = np.zeros(SIZE, np.uint8)
    soft[box(1, 15, 2, 21)], soft[RING] = 90, 200
    png(replica.truth, soft)
    replica.masks["a"] = [box(1, 15, 2, 21)]
    return replica


def hqseg44k(root):
    masks, truth, image = {}, None, None
    folders = {
        "dis5k_vd": ("DIS5K/DIS-VD/im", "DIS5K/DIS-VD/gt"),
        "coift": ("thin_object_detection/COIFT/images", "thin_object_detection/COIFT/masks"),
        "hrsod": ("thin_object_detection/HRSOD/images", "thin_object_detection/HRSOD/masks_max255"),
        "thinobject5k": (
            "thin_object_detection/ThinObject5K/images_test",
            "thin_object_detection/ThinObject5K/masks_test",
        ),
    }
    for part, (images, truths) in folders.items():
        image = picture(root / "data" / images / "x.jpg")
        soft = np.zeros(SIZE, np.uint8)
        soft[box(1, 15, 2, 21)], soft[RING] = 3, 255
        truth = png(root / "data" / truths / "x.png", soft)
        masks[f"{part}/x"] = [box(1, 15, 2, 21)]
    return Replica(masks, truth, image)


def voc_palette():
    """The first colours of PASCAL VOC's palette, and void's."""
    colours = np.zeros((256, 3), np.uint8)
    for index in range(256):
        value = index
        for shift in range(8):
            for channel in range(3):
                colours[index, channel] |= ((value >> channel) & 1) << (7 - shift)
            value >>= 3
    return colours


def pascal_voc(root):
    folder = root / "VOCdevkit/VOC2012"
    image = picture(folder / "JPEGImages/2007_000033.jpg")
    ids = id_map((1, 2, 16))
    ids[BAND] = 255
    truth = folder / "SegmentationObject/2007_000033.png"
    truth.parent.mkdir(parents=True)
    drawn = Image.fromarray(ids, "P")
    drawn.putpalette(voc_palette().tobytes())
    drawn.save(truth)
    picture(folder / "JPEGImages/2007_000042.jpg")
    png(folder / "SegmentationObject/2007_000042.png", TWO.astype(np.uint8), palette=True)
    picture(folder / "JPEGImages/2007_000061.jpg")  # of another split
    names = folder / "ImageSets/Segmentation/val.txt"
    names.parent.mkdir(parents=True)
    names.write_text("2007_000042\n2007_000033\n")
    return Replica({"2007_000042": [TWO], "2007_000033": [RING, TWO, DOT]}, truth, image)


def sbd(root):
    folder = root / "benchmark_RELEASE/dataset"
    image = picture(folder / "img/2008_000002.jpg")
    truth = folder / "inst/2008_000002.mat"
    truth.parent.mkdir(parents=True)
    found = {"Segmentation": id_map(), "Categories": np.array([[3], [3], [7]], np.uint8)}
    savemat(truth, {"GTinst": found})
    picture(folder / "img/2008_000003.jpg")
    (folder / "val.txt").write_text("2008_000002\n")
    return Replica({"2008_000002": [RING, TWO, DOT]}, truth, image)


INTERACTIVE = {one.__name__: one for one in (grabcut, berkeley, davis, coco_mval, hqseg44k, pascal_voc, sbd)}
"""Name -> what writes its replica below a root."""
