"""Small data in the form that SA-Co is downloaded in."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from pycocotools import mask as coco_mask

SIZE = 30, 40
"""(height, width) of the images."""

SCENES = (
    # image, phrase, (top, bottom, left, right) of the objects of annotators a, b, c, exhaustive for each
    ("x/one.jpg", "red bus", [[(2, 12, 3, 13)], [(2, 12, 3, 13), (20, 25, 30, 38)], []], (1, 1, 1)),
    ("x/one.jpg", "zebra", [[], [], []], (1, 1, 1)),
    ("two.jpg", "wheel", [[(0, 30, 0, 20)], [(0, 30, 0, 20)], [(0, 30, 0, 19)]], (1, 0, 1)),
    ("two.jpg", "red bus", [[(5, 9, 5, 9)]] * 3, (1, 1, 1)),
)


def box_mask(top, bottom, left, right):
    mask = np.zeros(SIZE, np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def annotation(number, pair, place, crowd=0):
    """An annotation as SA-Co has it: box and area in shares of the image, the mask in pixels."""
    top, bottom, left, right = place
    code = coco_mask.encode(np.asfortranarray(box_mask(*place)))
    height, width = SIZE
    return {
        "area": (bottom - top) * (right - left) / (height * width),
        "id": number,
        "image_id": pair,
        "source": "manual",
        "bbox": [left / width, top / height, (right - left) / width, (bottom - top) / height],
        "segmentation": {"counts": code["counts"].decode(), "size": list(SIZE)},
        "category_id": 1,
        "iscrowd": crowd,
    }


def contents(annotator=0, scenes=SCENES, first=10000000):
    """The contents of one annotator's file."""
    images, annotations = [], []
    for number, (name, phrase, drawn, exhaustive) in enumerate(scenes):
        flag = exhaustive[annotator]
        images.append(
            {
                "id": first + number,
                "file_name": name,
                "text_input": phrase,
                "width": SIZE[1],
                "height": SIZE[0],
                "queried_category": str(number),
                "is_instance_exhaustive": flag,
                "is_pixel_exhaustive": flag,
            }
        )
        annotations += [
            annotation(len(annotations) + at, first + number, one) for at, one in enumerate(drawn[annotator], 1)
        ]
    return {"info": {}, "licenses": [], "images": images, "annotations": annotations, "categories": []}


def write_images(folder, scenes=SCENES):
    for name in {scene[0] for scene in scenes}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE[::-1], (200, 30, 30)).save(folder / name)


def write_gold(root, subset="metaclip", annotators="abc", folder="annotations", images="metaclip-images"):
    """Write one subset of SA-Co/Gold; returns the annotators' files."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for one in annotators:
        path = root / folder / f"gold_{subset}_merged_{one}_release_test.json"
        path.write_text(json.dumps(contents("abc".index(one))))
        paths.append(path)
    write_images(root / images)
    return paths


def write_silver(root, name="silver_nga_art_merged_test.json", images="nga"):
    (root / name).write_text(json.dumps(contents()))
    write_images(root / images)
    return root / name


def changed(path, change):
    """Rewrite a file with its contents changed in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


TABLE = """image,phrase,mask,annotator,exhaustive
x/one.jpg,red bus,m/bus1.png,ann,1
x/one.jpg,red bus,m/bus2.png,ann,1
x/one.jpg,red bus,m/bus1.png,bob,
x/one.jpg,zebra,,ann,1
x/one.jpg,zebra,,bob,0
two.jpg,"wheel, round",,ann,yes
two.jpg,"wheel, round",m/bus2.png,bob,true
"""
PLACES = {"bus1": (2, 12, 3, 13), "bus2": (20, 25, 30, 38)}


def write_table(root, rows=TABLE, images="images"):
    (root / "m").mkdir(exist_ok=True)
    for name, place in PLACES.items():
        Image.fromarray(box_mask(*place) * 255).save(root / f"m/{name}.png")
    write_images(root / images)
    (root / "phrases.csv").write_text(rows)


def coded(*places):
    codes = [coco_mask.encode(np.asfortranarray(box_mask(*place))) for place in places]
    return [{"size": list(SIZE), "counts": code["counts"].decode()} for code in codes]


def parquet_row(number, phrase, *masks, size=SIZE):
    stream = io.BytesIO()
    Image.new("RGB", size[::-1], (9, number, 7)).save(stream, "PNG")
    image = {"bytes": stream.getvalue(), "path": "same.png"}
    drawn = {f"human_{at}_masks": one for at, one in enumerate(masks, 1)}
    return {"id": number, "image": image, "expression": phrase, **drawn, "count": max(map(len, masks))}


PARQUET_ROWS = (
    parquet_row(5, "red bus", coded((2, 12, 3, 13)), coded((2, 12, 3, 13), (20, 25, 30, 38)), []),
    parquet_row(7, "zebra", [], [], []),
    parquet_row(9, "wheel", *[coded((0, 9, 0, 9))] * 3),
)


def write_parquet(path, rows=PARQUET_ROWS, drop=()):
    path.parent.mkdir(exist_ok=True)
    mask = pa.list_(pa.struct({"size": pa.list_(pa.int64()), "counts": pa.string()}))
    fields = {
        "id": pa.int64(),
        "image": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
        "expression": pa.string(),
    }
    fields |= {f"human_{at}_masks": mask for at in (1, 2, 3)}
    schema = pa.schema({name: kind for name, kind in {**fields, "count": pa.int64()}.items() if name not in drop})
    table = pa.Table.from_pylist([{key: one[key] for key in schema.names} for one in rows], schema)
    pq.write_table(table, path, row_group_size=2)
