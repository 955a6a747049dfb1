"""Small replicas of the 23 datasets, written in their original formats and layouts with their quirks."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

SIZE = (30, 40)
"""(height, width) of most images."""


@dataclass
class Replica:
    """What was written.

    Attributes:
        masks: Expected masks by sample id, in order; images without masks are not among them.
        truth: A file of ground truth, to be damaged.
        image: An image, to be damaged or removed.
        left_out: Sample ids without masks.
        settings: Switches the reader needs.
    """

    masks: dict
    truth: Path
    image: Path
    left_out: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)


def box(top, bottom, left, right, size=SIZE):
    """A mask of rows top..bottom-1 and columns left..right-1."""
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = True
    return mask


def corners(top, bottom, left, right):
    """The same as a COCO polygon."""
    return [left, top, right, top, right, bottom, left, bottom]


RING = box(2, 14, 3, 20) & ~box(5, 9, 6, 12)
TWO = box(18, 26, 2, 10) | box(18, 26, 20, 33)
DOT = box(0, 1, 39, 40)


def id_map(values=(1, 2, 3), dtype=np.uint8, background=0):
    """A ring, a mask of two parts and a single pixel."""
    ids = np.full(SIZE, background, dtype)
    for mask, value in zip((RING, TWO, DOT), values, strict=True):
        ids[mask] = value
    return ids


def picture(path, size=SIZE, mode="RGB", seed=0):
    """Write a photograph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"RGB": 3, "RGBA": 4, "L": 0}[mode]
    pixels = np.random.default_rng(seed).integers(0, 255, (*size, channels) if channels else size, np.uint8)
    Image.fromarray(pixels, mode).save(path, format="JPEG" if path.suffix.lower() == ".jpg" else "PNG")
    return path


def png(path, pixels, palette=False):
    """Write an id image: 8 or 16 bit, RGB, or with a palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    if palette:
        image = Image.fromarray(pixels, "P")
        image.putpalette(np.random.default_rng(1).integers(0, 255, 768, np.uint8).tobytes())
    image.save(path, format="PNG")
    return path


def twin(path):
    """Write the `._` file that macOS archives hold beside another."""
    (path.parent / f"._{path.name}").write_bytes(b"\0\5\26\7 no image")


def dump(path, content, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))
    return path


def coco(images, annotations, categories=("thing", "other")):
    """A COCO file; images are (id, name), annotations (id, image id, category, segmentation)."""
    return {
        "info": {},
        "licences": [],
        "images": [{"id": i, "file_name": n, "height": SIZE[0], "width": SIZE[1]} for i, n in images],
        "annotations": [
            {
                "id": i,
                "image_id": im,
                "category_id": c,
                "segmentation": s,
                "area": 1.0,
                "bbox": [0, 0, 1, 1],
                "iscrowd": 0,
            }
            for i, im, c, s in annotations
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(categories, 1)],
    }


def code(mask, form="string"):
    """A mask as a run-length code: compressed string or list of runs."""
    packed = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    if form == "string":
        return {"size": list(mask.shape), "counts": packed["counts"].decode()}
    flat = np.concatenate(([0], mask.ravel(order="F").astype(int), [1 - int(mask.ravel(order="F")[-1])]))
    ends = np.flatnonzero(np.diff(flat)) if not flat[1] else np.concatenate(([0], np.flatnonzero(np.diff(flat))))
    runs = np.diff(np.concatenate(([0], ends)))
    assert runs.sum() == mask.size
    return {"size": list(mask.shape), "counts": runs.tolist()}


def ade20k(root, release="2021"):
    folder = root / "ADE20K_2021_17_01/images/ADE" if release == "2021" else root / "ADE20K_2016_07_26/images"
    image = picture(folder / "validation/urban/street/ADE_val_00000007.jpg")
    colours = np.zeros((*SIZE, 3), np.uint8)
    for mask, number, blue in ((RING, 2978, 10), (TWO, 2978, 5), (DOT, 300, 255)):
        colours[mask] = number // 256 * 10, number % 256, blue
    truth = png(image.with_name("ADE_val_00000007_seg.png"), colours)
    part = np.zeros((*SIZE, 3), np.uint8)
    part[3:5, 4:10] = 0, 77, 128
    png(image.with_name("ADE_val_00000007_parts_1.png"), part)
    # In label order: class 300 before 2978, and object 5 before 10.
    masks = [DOT, TWO, RING, box(3, 5, 4, 10)]
    picture(folder / "validation/street/ADE_val_00000009.jpg")
    png(folder / "validation/street/ADE_val_00000009_seg.png", np.zeros((*SIZE, 3), np.uint8))
    if release == "2021":
        ade_instances(image, [(RING, 0, []), (TWO, 0, 9), (DOT, 0, []), (box(3, 5, 4, 10), 1, []), (None, 0, [])])
        dump(folder / "validation/street/ADE_val_00000009.json", {"annotation": {"object": []}})
    empty = ["validation/street/ADE_val_00000009"]
    return Replica({"validation/urban/street/ADE_val_00000007": masks}, truth, image, empty)


def ade_instances(image, objects):
    """Write ADE20K's JSON, in Latin-1 and with gaps in the ids, and one PNG an object: 255 seen, 128 hidden."""
    records = []
    for number, (mask, level, has_parts) in enumerate(objects):
        number = 2 * number
        name = f"{image.stem}/instance_{number:03}_{image.stem}.png"
        pixels = np.zeros(SIZE, np.uint8)
        pixels[25:30, 30:40] = 128
        if mask is not None:
            pixels[mask] = 255
        png(image.parent / name, pixels)
        parts = {"hasparts": has_parts, "ispartof": [], "part_level": level}
        polygon = {"x": [1, 2], "y": [3, 4], "click_date": "12-Jan-10"}
        named = {"name": "café, bistrô", "name_ndx": 2978, "raw_name": "café", "crop": "0", "occluded": []}
        records.append({"id": number, **named, "parts": parts, "instance_mask": name, "polygon": polygon})
    content = {"annotation": {"filename": image.name, "imsize": [*SIZE, 3], "object": records}}
    dump(image.with_suffix(".json"), content, "latin-1")


def bbbc038v1(root):
    folder = root / "stage1_train"
    masks, first = {}, None
    for number, name in enumerate(("0c2550a23b8a0f29", "00ae65c1c6631ae6", "ffff000011112222")):
        image = picture(folder / name / "images" / f"{name}.png", mode="RGBA", seed=number)
        own = [RING, TWO, DOT][: 3 - number] if number < 2 else []
        for mask, digest in zip(own, ("aa11", "bb22", "cc33"), strict=False):
            path = png(folder / name / "masks" / f"{digest}.png", mask.astype(np.uint8) * 255)
            first = first or (path, image)
        twin(png(folder / name / "masks" / "ee55.png", np.zeros(SIZE, np.uint8)))  # A nucleus without a pixel.
        if own:
            masks[f"stage1_train/{name}"] = own
    twin(folder / "0c2550a23b8a0f29/images/0c2550a23b8a0f29.png")
    return Replica(dict(sorted(masks.items())), *first, ["stage1_train/ffff000011112222"])


def cityscapes(root):
    name = "frankfurt/frankfurt_000000_000294"
    image = picture(root / f"leftImg8bit/val/{name}_leftImg8bit.png")
    ids = np.full(SIZE, 3, np.uint16)  # Out of the region of interest.
    ids[0:2] = 7  # Road.
    ids[RING], ids[TWO] = 26001, 26002
    ids[27:29, 0:9] = 26  # A group of cars.
    ids[27:29, 20:25], ids[27:29, 30:35] = 29001, 11  # A caravan is void; a building.
    truth = png(root / f"gtFine/val/{name}_gtFine_instanceIds.png", ids)
    png(root / f"gtFine/val/{name}_gtFine_labelIds.png", np.zeros(SIZE, np.uint8))
    void = "lindau/lindau_000001_000019"
    picture(root / f"leftImg8bit/val/{void}_leftImg8bit.png")
    png(root / f"gtFine/val/{void}_gtFine_instanceIds.png", np.full(SIZE, 4, np.uint16))
    masks = [box(0, 2, 0, 40), box(27, 29, 30, 35), RING, TWO]
    return Replica({f"val/{name}": masks}, truth, image, [f"val/{void}"])


def doors(root):
    folder = root / "DOORS/Segmentation/DS1/DS"
    for name, mask in (("00001", RING), ("00002", np.zeros(SIZE, bool)), ("00010", TWO)):
        image = picture(folder / "img" / f"{name}.png")
        truth = png(folder / "mask" / f"{name}.png", np.repeat(mask[..., None] * np.uint8(255), 3, 2))
    (folder / "T.txt").write_bytes(b"00010.png\r\n00001.png\r\n")
    return Replica({"DS1/00001": [RING], "DS1/00010": [TWO]}, truth, image, ["DS1/00002"])


def dram(root):
    folder = root / "DRAM_processed"
    ids = id_map((15, 12, 255))
    ids[28:30, 0:5] = 1  # Aeroplane: not among the classes.
    masks = {}
    places = ("expressionism/egon_schiele/1", "realism/gustave_courbet/1", "unseen/ukiyo_e/hokusai/wave")
    for number, place in enumerate(places):
        image = picture(folder / "test" / f"{place}.jpg", seed=number)
        truth = png(folder / "labels" / f"{place}.png", ids, palette=True)
        masks[f"test/{place}"] = [TWO, RING]
    picture(folder / "test/realism/gustave_courbet/2.jpg")
    png(folder / "labels/realism/gustave_courbet/2.png", np.zeros(SIZE, np.uint8), palette=True)
    (folder / "test/realism.txt").write_text("realism/gustave_courbet/1\n")
    return Replica(masks, truth, image, ["test/realism/gustave_courbet/2"])


def egohos(root):
    folder = root / "egohos_dataset/train"
    for name in ("ego4d_0001_12", "thu_3", "thu_4", "epic_P01"):
        image = picture(folder / "image" / f"{name}.jpg")
    truth = png(folder / "label/ego4d_0001_12.png", id_map((1, 6, 9)))  # 9 is no relation.
    png(folder / "label/thu_3.png", np.repeat(id_map((2, 3, 8))[..., None], 3, 2))  # Three equal channels.
    png(folder / "label/thu_4.png", np.zeros(SIZE, np.uint8))
    png(folder / "label/epic_P01.png", id_map())
    png(folder / "contact/thu_3.png", np.zeros(SIZE, np.uint8))
    image = folder / "image/ego4d_0001_12.jpg"
    masks = {"train/ego4d_0001_12": [RING, TWO], "train/thu_3": [RING, TWO, DOT]}
    return Replica(masks, truth, image, ["train/thu_4"])


def gtea(root):
    folder = root / "hand2K_dataset/GTEA"
    image = picture(folder / "Images/S1_Cheese_C1_0001.JPG")
    picture(folder / "Images/S1_Cheese_C1_0002.jpg")
    picture(folder / "Images/S2_Tea_C1_0003.jpg")
    truth = png(folder / "Masks/S1_Cheese_C1_0001.png", id_map((85, 170, 255)))
    png(folder / "Masks/S1_Cheese_C1_0002.png", np.zeros(SIZE, np.uint8))
    png(folder / "Masks/S2_Tea_C1_0003.png", id_map((2, 1, 0)), palette=True)
    (folder / "Masks/Thumbs.db").write_bytes(b"x")
    masks = {"S1_Cheese_C1_0001": [RING, TWO, DOT], "S2_Tea_C1_0003": [TWO, RING]}
    return Replica(masks, truth, image, ["S1_Cheese_C1_0002"])


def hypersim(root):
    import h5py

    def write(scene, frame, ids):
        place = root / scene / "images"
        image = picture(place / f"scene_cam_00_final_preview/frame.{frame:04}.tonemap.jpg")
        path = place / f"scene_cam_00_geometry_hdf5/frame.{frame:04}.semantic_instance.hdf5"
        path.parent.mkdir(exist_ok=True)
        with h5py.File(path, "w") as file:
            file.create_dataset("dataset", data=ids, compression="gzip", compression_opts=9)
        return path, image

    truth, image = write("ai_001_001", 0, id_map((1, 7, 300), np.int16, background=-1))
    write("ai_001_001", 1, np.full(SIZE, -1, np.int16))
    write("ai_001_001", 2, id_map((1, 2, 3), np.int16, background=-1))
    write("ai_020_003", 0, id_map((1, 2, 3), np.int16, background=-1))
    lines = ["scene_name,camera_name,frame_id,included_in_public_release,exclude_reason,split_partition_name"]
    lines += [f"ai_001_001,cam_00,{frame},{'False,bad' if frame == 2 else 'True,'},train" for frame in range(3)]
    (root / "metadata_images_split_scene_v1.csv").write_text("\n".join(lines) + "\n")
    key = "ai_001_001/scene_cam_00/frame."
    return Replica({f"{key}0000": [RING, TWO, DOT]}, truth, image, [f"{key}0001"])


def ibd(root):
    image = picture(root / "IBD/train/185-2400-5600-OR.jpg")
    truth = png(root / "IBD/train_labels/185-2400-5600-OR.png", id_map((1, 700, 65535), np.uint16))
    picture(root / "IBD/train/s143.jpg")
    coloured = np.zeros((*SIZE, 3), np.uint8)
    coloured[RING], coloured[TWO] = (0, 0, 200), (90, 3, 0)
    png(root / "IBD/train_labels/s143.png", coloured)
    return Replica({"185-2400-5600-OR": [RING, TWO, DOT], "s143": [RING, TWO]}, truth, image)


def ishape(root):
    masks = {}
    for part in ("antenna", "branch", "fence", "hanger", "log", "wire"):
        place = root / "ishape_dataset" / part / "val"
        image = picture(place / "image/0001.png")
        truth = png(place / "instance_map/0001.png", id_map((1000, 1999, 5), np.uint16))
        masks[f"{part}/val/0001"] = [RING, TWO]
    return Replica(masks, truth, image)


def lvis_v05_masks(root):
    content = coco(
        [(9, "COCO_val2014_000000000009.jpg"), (25, "COCO_val2014_000000000025.jpg")],
        [(5, 9, 2, [corners(2, 14, 3, 20)]), (6, 9, 1, [corners(18, 26, 2, 10), corners(18, 26, 20, 33)])],
    )
    for one in content["annotations"]:
        del one["iscrowd"]
    for one in content["images"]:
        one |= {"neg_category_ids": [1], "not_exhaustive_category_ids": []}
    truth = dump(root / "lvis_v0.5_val.json", content)
    image = picture(root / "val2017/000000000009.jpg")
    picture(root / "val2017/000000000025.jpg")
    masks = {"val2017/000000000009": [box(2, 14, 3, 20), TWO]}
    return Replica(masks, truth, image, ["val2017/000000000025"])


def via_region(polygon, shape="polyline", **attributes):
    xs, ys = polygon[::2], polygon[1::2]
    named = {"name": shape, "all_points_x": xs, "all_points_y": ys}
    return {"shape_attributes": named, "region_attributes": attributes}


def ndd20(root):
    above = [via_region(corners(2, 14, 3, 20), object="dolphin", species="BND", id="7"), via_region([1, 1, 5, 5])]
    below = [via_region([*corners(18, 26, 2, 10), 2, 18], object="dolphin")]
    for part, regions in (("ABOVE", above), ("BELOW", below)):
        entry = {"filename": "1.jpg", "size": 1234, "regions": regions, "file_attributes": {}}
        truth = dump(root / f"NDD20/{part}_LABELS.json", {"1.jpg1234": entry})
        image = picture(root / f"NDD20/{part}/1.{'JPG' if part == 'ABOVE' else 'jpg'}")
    return Replica({"ABOVE/1": [box(2, 14, 3, 20)], "BELOW/1": [box(18, 26, 2, 10)]}, truth, image)


def streets(root):
    folder = root / "vehicleannotations"
    name = "Delany at Ryan North-5.jpg"
    regions = {
        "0": via_region(corners(-4, 6, -3, 5), "polygon", vehicle_type="car"),
        "1": via_region(corners(10, 20, 30, 44), "polygon", vehicle_type="truck"),
        "2": via_region(corners(40, 50, 50, 60), "polygon", vehicle_type="car"),  # Wholly outside.
    }
    entries = {}
    for key, own in ((name, regions), ("IL 60 at Milwaukee-1.jpg", {})):
        entry = {"fileref": "", "size": 9, "filename": key, "base64_img_data": "", "file_attributes": {}}
        entries[f"{key}9"] = {**entry, "regions": own}
        picture(folder / "images" / key)
    truth = dump(folder / "annotations/vehicle-annotations.json", entries)
    masks = {"Delany at Ryan North-5": [box(0, 6, 0, 5), box(10, 20, 30, 40)]}
    return Replica(masks, truth, folder / "images" / name, ["IL 60 at Milwaukee-1"])


def ndispark(root):
    folder = root / "ndis_park/train"
    content = coco([(1, "64_.jpg"), (2, "69_.jpg")], [(0, 1, 2, [corners(18, 26, 2, 10)]), (1, 1, 2, code(RING))])
    truth = dump(folder / "train_coco_annotations.json", content)
    picture(folder / "imgs/69_.jpg")
    image = picture(folder / "imgs/64_.jpg")
    return Replica({"train/64_": [box(18, 26, 2, 10), RING]}, truth, image, ["train/69_"])


def ovis(root):
    folder = root / "OVIS"
    names = [f"0a1b/img_000000{number}.jpg" for number in (1, 2, 3)]
    for name in names:
        image = picture(folder / "train" / name)
    track = {"video_id": 1, "iscrowd": 0, "height": 1, "width": 1, "bboxes": [], "areas": []}
    tracks = [
        {**track, "id": 4, "category_id": 2, "segmentations": [code(RING), None, code(TWO, "list")]},
        {**track, "id": 9, "category_id": 1, "segmentations": [code(TWO), None, code(np.zeros(SIZE, bool))]},
    ]
    video = {"id": 1, "file_names": names, "width": SIZE[1], "height": SIZE[0], "length": 3}
    categories = [{"id": 1, "name": "Person"}, {"id": 2, "name": "Bird"}]
    truth = dump(
        folder / "annotations_train.json", {"videos": [video], "annotations": tracks, "categories": categories}
    )
    masks = {"0a1b/img_0000001": [RING, TWO], "0a1b/img_0000003": [TWO]}
    return Replica(masks, truth, image, ["0a1b/img_0000002"])


def ppdls(root):
    folder = root / "Plant_Phenotyping_Datasets/Plant"
    image = picture(folder / "Ara2012/ara2012_plant001_rgb.png", mode="RGBA")
    truth = png(folder / "Ara2012/ara2012_plant001_label.png", id_map((1, 2, 27)), palette=True)
    png(folder / "Ara2012/ara2012_plant001_fg.png", np.zeros(SIZE, np.uint8))
    picture(folder / "Tobacco/tobacco_plant001_rgb.png")
    png(folder / "Tobacco/tobacco_plant001_label.png", id_map((3, 1, 2)), palette=True)
    (folder / "Tobacco/Leaf_counts.csv").write_text("tobacco_plant001, 3\n")
    picture(folder / "Ara2013-Canon/ara2013_plant001_rgb.png")
    masks = {"Ara2012/ara2012_plant001": [RING, TWO, DOT], "Tobacco/tobacco_plant001": [TWO, DOT, RING]}
    return Replica(masks, truth, image)


def pidray(root):
    segmentations = [corners(2, 14, 3, 20)], code(TWO)
    annotations = [(number, 1, number, one) for number, one in enumerate(segmentations, 1)]
    truth = dump(root / "pidray/annotations/xray_test_hard.json", coco([(1, "xray_hard00000.png")], annotations))
    twin(truth)
    image = picture(root / "pidray/hard/xray_hard00000.png")
    twin(image)
    return Replica({"hard/xray_hard00000": [box(2, 14, 3, 20), TWO]}, truth, image)


def plittersdorf(root):
    folder = root / "plittersdorf_instance_segmentation_coco"
    masks = {}
    for split in ("train", "val", "test"):
        # The hole's contour is a further polygon, which the union fills.
        segmentation = [corners(2, 14, 3, 20), corners(5, 9, 6, 12)]
        name = f"20200101_{split}_42.jpg"
        truth = dump(folder / f"{split}.json", coco([(1, name)], [(1, 1, 1, segmentation)], ["animal"]))
        image = picture(folder / "images" / name)
        image.with_suffix(".exr").write_bytes(b"disparity")
        masks[f"{split}/{Path(name).stem}"] = [box(2, 14, 3, 20)]
    return Replica(masks, truth, image)


def timberseg(root):
    folder = root / "y5npsm3gkj-2/original"
    content = coco([(0, "images/log_1.png")], [(0, 0, 1, [corners(2, 14, 3, 20)]), (1, 0, 1, [corners(3, 3, 2, 9)])])
    truth = dump(folder / "coco_annotation.json", content)
    dump(folder / "coco_annotation_rotated.json", {"images": []})
    image = picture(folder / "images/log_1.png")
    return Replica({"original/images/log_1": [box(2, 14, 3, 20)]}, truth, image)


def trashcan(root):
    folder = root / "dataset/instance_version"
    names = [f"vid_000002_frame000003{number}.jpg" for number in (7, 8)]
    over = [30.0, 18.0, 40.998, 18.0, 40.998, 30.5, 30.0, 30.5]
    content = coco([(1, names[0]), (2, names[1])], [(1, 1, 1, [corners(2, 14, 3, 20)]), (2, 1, 2, [over])])
    truth = dump(folder / "instances_train_trashcan.json", content)
    for name in names[::-1]:
        image = picture(folder / "train" / name)
    masks = {f"train/{names[0][:-4]}": [box(2, 14, 3, 20), box(18, 30, 30, 40)]}
    return Replica(masks, truth, image, [f"train/{names[1][:-4]}"])


def visor(root):
    folder = root / "GroundTruth-SparseAnnotations"
    size = (1080, 1920)

    def square(top, bottom, left, right):
        return [
            [left + 0.6, top + 0.2],
            [right + 0.0, top + 0.9],
            [right + 0.9, bottom + 0.4],
            [left + 0.1, bottom + 0.5],
        ]

    entities = [
        {
            "id": "a",
            "name": "left hand",
            "class_id": 300,
            "segments": [square(100, 500, 200, 700), square(200, 300, 300, 400)],
        },
        {"id": "b", "name": "pan", "class_id": 5, "segments": [square(0, 9, 0, 9), square(50, 60, 50, 60)]},
        {"id": "c", "name": "knife", "class_id": 6, "segments": []},
        {
            "id": "d",
            "name": "pan",
            "class_id": 5,
            "segments": [[[1.0, 1.0], [2.0, 2.0]], square(900, 1079, 1900, 1919)],
        },
    ]
    frames = []
    for number, own in ((123, entities), (456, [])):
        name = f"P01_01_frame_{number:010}.jpg"
        image_path = f"P01_01/Part_001/P01_01_seq_00001/{name}"
        told = {"image_path": image_path, "name": name, "subsequence": "P01_01_seq_00001", "video": "P01_01"}
        frames.append({"image": told, "annotations": own})
        place = folder / "rgb_frames/val/P01/P01_01" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size[::-1], (number % 256, 9, 9)).save(place)
    truth = dump(folder / "annotations/val/P01_01.json", {"info": {}, "video_annotations": frames})
    hand = box(100, 501, 200, 701, size) & ~box(201, 300, 301, 400, size)
    pan = box(0, 10, 0, 10, size) | box(50, 61, 50, 61, size)
    masks = {"P01_01/P01_01_frame_0000000123": [hand, pan, box(900, 1080, 1900, 1920, size)]}
    image = folder / "rgb_frames/val/P01/P01_01/P01_01_frame_0000000123.jpg"
    return Replica(masks, truth, image, ["P01_01/P01_01_frame_0000000456"])


def woodscape(root):
    image = picture(root / "rgb_images/00000_FV.png")
    polygons = [
        ("car", 1, [[3, 2], [19, 2], [19, 13], [3, 13]]),
        ("ego_vehicle", 2, [[10, 8], [30, 8], [30, 20], [10, 20]]),
        ("void", 0, [[0, 25], [39, 25], [39, 29], [0, 29]]),
    ]
    annotation = [
        {"id": f"id{number}", "tags": [tag], "segmentation": points, "z_order": z, "states": {}}
        for number, (tag, z, points) in enumerate(polygons)
    ]
    head = {"image_width": SIZE[1], "image_height": SIZE[0], "image_channels": 3}
    place = root / "instance_annotations/instance_annotations"
    truth = dump(place / "00000_FV.json", {"00000_FV.json": {**head, "annotation": annotation}})
    picture(root / "rgb_images/00001_RV.png")
    dump(place / "00001_RV.json", {"00001_RV.json": {**head, "annotation": []}})
    masks = {"00000_FV": [box(2, 14, 3, 20), box(8, 21, 10, 31), box(25, 30, 0, 40)]}
    return Replica(masks, truth, image, ["00001_RV"])


def zerowaste(root):
    folder = root / "splits_final_deblurred/train"
    image = picture(folder / "data/09_frame_002000.PNG")
    picture(folder / "data/09_frame_002100.PNG")
    truth = png(folder / "sem_seg/09_frame_002000.PNG", id_map((1, 2, 4)))
    png(folder / "sem_seg/09_frame_002100.PNG", np.zeros(SIZE, np.uint8))
    annotations = [
        (0, 0, 2, [corners(18, 26, 2, 10)]),
        (1, 0, 2, [corners(18, 26, 20, 33)]),
        (2, 0, 1, [corners(2, 14, 3, 20)]),
        (3, 1, 1, []),
    ]
    names = [(0, "09_frame_002000.PNG"), (1, "09_frame_002100.PNG")]
    categories = ["rigid_plastic", "cardboard", "metal", "soft_plastic"]
    dump(folder / "labels.json", coco(names, annotations, categories))
    return Replica({"train/09_frame_002000": [RING, TWO, DOT]}, truth, image, ["train/09_frame_002100"])


WRITERS = {
    writer.__name__: writer
    for writer in (
        ade20k, bbbc038v1, cityscapes, doors, dram, egohos, gtea, hypersim, ibd, ishape, lvis_v05_masks, ndd20,
        ndispark, ovis, pidray, plittersdorf, ppdls, streets, timberseg, trashcan, visor, woodscape, zerowaste,
    )
}  # fmt: skip
"""Writer by the dataset's name."""
