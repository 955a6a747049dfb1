"""Edge maps as detectors write them: formats, ranges, raw and thin ones; scored without the images where need be."""

import shutil

import numpy as np
import pytest
from mat73 import write_mat73
from PIL import Image
from scipy import ndimage
from scipy.io import loadmat, savemat
from scipy.sparse import csc_matrix
from toys import write_bsds

import sambench
from sambench.engine.merging.merge import merge
from sambench.errors import PredictionError, RunError, UsageError
from sambench.predictions.edge_files import read_edge_file
from sambench.predictions.edge_maps import EdgeMapFolder
from sambench.predictions.edge_suppression import choose_suppression, removed_share, strength_notes, suppressed

KEYS = ["1000", "1001", "1002"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), size=(48, 64))


def edges(data, key):
    """Return the first annotator's boundaries (H, W) as floats."""
    cells = loadmat(data / f"BSDS500/data/groundTruth/test/{key}.mat")["groundTruth"].ravel()
    return (cells[0]["Boundaries"][0, 0] != 0).astype(np.float64)


def score(data, folder, out, *overrides, **more):
    words = [f"data.root={data}", "task.thresholds=9", *overrides]
    more = {"workers": 0, "progress": "off", "illustrate": 0, **more}
    return sambench.score("edges", "bsds500", folder, overrides=words, run={"dir": str(out)}, **more)


def values(run):
    """Return a run's metrics as text, so that undefined ones are equal."""
    return {name: str(metric.value) for name, metric in run.metrics.items()}


def image(path, values):
    Image.fromarray(np.round(values * 255).astype(np.uint8)).save(path)


def old_mat(path, values):
    savemat(path, {"result": values.astype(np.float32)})


def lone_mat(path, values):
    savemat(path, {"E": np.round(values * 255).astype(np.uint8)})


def hdf5_mat(path, values):
    write_mat73(path, {"result": values.astype(np.float32), "made": "by a net", "settings": {"size": values[:2, :2]}})


def sparse_mat(path, values):
    savemat(path, {"result": csc_matrix(values)})


def sparse_hdf5_mat(path, values):
    write_mat73(path, {"E": csc_matrix(values > 0)})


def float_tiff(path, values):
    Image.fromarray(values.astype(np.float32)).save(path)


WRITERS = {
    "png": image,
    "PNG": lambda path, values: Image.fromarray(np.round(values * 255).astype(np.uint8)).save(path, format="PNG"),
    "tif": image,
    "TIFF": float_tiff,
    "bmp": image,
    "npy": lambda path, values: np.save(path, values.astype(np.float32)),
    "mat": old_mat,
}


@pytest.mark.parametrize("ending", WRITERS)
def test_every_ending_holds_the_same_map(data, tmp_path, ending):
    wanted = score(data, written(data, tmp_path / "plain", "png", image), tmp_path / "a").metrics["ods"].value
    found = score(data, written(data, tmp_path / "maps", ending, WRITERS[ending]), tmp_path / "b").metrics["ods"].value
    assert found == wanted > 0.9


def written(data, folder, ending, write):
    folder.mkdir()
    for key in KEYS:
        write(folder / f"{key}.{ending}", edges(data, key))
    return folder


@pytest.mark.parametrize("write", [lone_mat, hdf5_mat, sparse_mat, sparse_hdf5_mat])
def test_matlab_files_of_one_variable_of_version_7_3_and_sparse_ones(data, tmp_path, write):
    folder = written(data, tmp_path / "maps", "mat", write)
    np.testing.assert_allclose(read_edge_file(folder / "1000.mat").strength, edges(data, "1000"), atol=1e-6)
    assert score(data, folder, tmp_path / "run").metrics["ods"].value > 0.9


def test_jpegs_are_read(data, tmp_path):
    folder = written(data, tmp_path / "maps", "jpg", lambda path, values: image(path, values))
    assert score(data, folder, tmp_path / "run").metrics["ods"].value > 0.9


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_equal_channels_are_one(tmp_path, mode):
    grey = Image.fromarray(np.arange(0, 240, 10, np.uint8).reshape(4, 6))
    grey.convert("RGB").convert(mode).save(tmp_path / "a.png") if mode != "P" else grey.convert("P").save(
        tmp_path / "a.png"
    )
    np.testing.assert_allclose(read_edge_file(tmp_path / "a.png").strength, np.asarray(grey) / 255, atol=1e-6)


def test_16_bits_are_read_and_other_integers_refused(tmp_path):
    values = np.arange(0, 60000, 2500, np.uint16).reshape(4, 6)
    Image.fromarray(values).save(tmp_path / "a.png")
    np.testing.assert_allclose(read_edge_file(tmp_path / "a.png").strength, values / 65535)
    for kind in ("int16", "int32", "uint32", "int64"):
        np.save(tmp_path / "b.npy", values.astype(kind))
        with pytest.raises(PredictionError, match=f"type {kind} has no known range"):
            read_edge_file(tmp_path / "b.npy")
    Image.fromarray(values.astype(np.int32)).save(tmp_path / "c.tif")
    with pytest.raises(PredictionError, match="int32 has no known range"):
        read_edge_file(tmp_path / "c.tif")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"result": np.arange(12.0).reshape(2, 2, 3) / 12}, "channels that differ"),
        ({"result": np.array(["a", "b"])}, "a map of numbers is expected"),
        ({"result": np.zeros((0, 0))}, "a map of numbers is expected"),
        ({"result": np.ones((4, 4)) * 1j}, "a map of numbers is expected"),
        ({"result": np.full((4, 4), np.inf)}, "must lie in"),
        ({"segs": np.empty((1, 0), object)}, "holds no label map"),
        ({"a": np.ones((4, 4)), "b": np.ones((4, 4))}, "holds a, b"),
        ({"ucm2": np.ones((4, 4))}, "odd height and width"),
        ({"result": csc_matrix((20000, 20000))}, "`result` is a sparse matrix of 20000 x 20000, which is too large"),
        ({"result": csc_matrix(np.eye(4) * 255)}, "must lie in"),
    ],
)
def test_what_is_no_edge_map_is_told_with_its_file(tmp_path, content, message):
    savemat(tmp_path / "a.mat", content)
    with pytest.raises(PredictionError, match=message) as caught:
        read_edge_file(tmp_path / "a.mat")
    assert "a.mat" in str(caught.value.where)


def thick(data, key):
    """Return a raw detector's map: a soft ridge several pixels wide."""
    soft = ndimage.gaussian_filter(edges(data, key), 1.5)
    return soft / soft.max()


def test_raw_maps_are_suppressed_and_thin_ones_left(data, tmp_path):
    raw = written(data, tmp_path / "raw", "png", lambda path, _: image(path, thick(data, path.stem)))
    run = score(data, raw, tmp_path / "auto")
    assert run.record["identity"]["predictions"] == {"nms": "toolbox"}
    assert run.rows() == score(data, raw, tmp_path / "toolbox", "predictions.nms=toolbox").rows()
    plain = score(data, raw, tmp_path / "none", "predictions.nms=none")
    assert plain.record["identity"]["predictions"] == {"nms": "none"}
    assert plain.rows() != run.rows()
    thin = tmp_path / "thin"
    thin.mkdir()
    for key in KEYS:
        Image.fromarray(suppressed(read_edge_file(raw / f"{key}.png").strength)).save(thin / f"{key}.png")
    again = score(data, thin, tmp_path / "again")
    assert again.record["identity"]["predictions"] == {"nms": "none"}
    assert values(again) == values(run)


def test_parts_that_were_read_in_two_ways_do_not_make_one_run(data, tmp_path):
    raw = written(data, tmp_path / "raw", "png", lambda path, _: image(path, thick(data, path.stem)))
    parts = [
        score(data, raw, tmp_path / nms, f"predictions.nms={nms}", f"shard={index}/2")
        for index, nms in enumerate(("toolbox", "none"), 1)
    ]
    with pytest.raises(RunError, match=r"predictions\.nms: toolbox in .*, none in "):
        merge(parts, tmp_path / "merged")


def test_the_choice_stands_in_the_caption_and_in_the_table(data, tmp_path, capsys):
    from sambench.cli import main
    from sambench.runs.summary import caption

    raw = written(data, tmp_path / "raw", "png", lambda path, _: image(path, thick(data, path.stem)))
    run = score(data, raw, tmp_path / "run")
    assert "predictions.nms=toolbox" in caption(run)
    with pytest.raises(SystemExit):
        main(["table", "edges", f"runs=[{run.folder}]"])
    assert "predictions.nms=toolbox" in capsys.readouterr().out


def test_what_is_neither_raw_nor_thin_is_not_guessed(data, tmp_path):
    folder = tmp_path / "maps"
    folder.mkdir()
    for number, key in enumerate(KEYS):
        image(folder / f"{key}.png", thick(data, key) if number else edges(data, key))
    with pytest.raises(PredictionError, match="raw or thin") as caught:
        score(data, folder, tmp_path / "run")
    assert "predictions.nms=toolbox" in str(caught.value)
    assert "predictions.nms=none" in str(caught.value)


def test_noise_below_the_edges_does_not_make_a_thin_map_thick(data):
    noisy = np.clip(0.5 * edges(data, "1000") + np.random.default_rng(0).random((48, 64)) * 0.02, 0, 1)
    assert removed_share(noisy) < 0.05
    assert choose_suppression({"a": noisy, "empty": np.zeros((4, 4))}, "maps") == "none"
    assert choose_suppression({}, "maps") == "none"


def test_a_run_scores_its_own_maps_as_they_are(data, tmp_path):
    words = [f"data.root={data}", "task.grid=4", "task.thresholds=9", "task.edge_nms=none"]
    run = sambench.run(
        "edges", data="bsds500", overrides=words, workers=0, progress="off", run={"dir": str(tmp_path / "a")}
    )
    again = score(data, run.predictions, tmp_path / "b")
    assert again.rows() == run.rows()


def test_only_soft_edge_maps_can_be_suppressed(data, tmp_path):
    words = [f"data.root={data}", "predictions.nms=toolbox"]
    (tmp_path / "maps").mkdir()
    with pytest.raises(UsageError, match="no soft edge maps"):
        sambench.score("regions", "bsds500", tmp_path / "maps", overrides=words)


def test_maps_out_of_scale_and_inverted_ones_are_told(data, tmp_path):
    folder = written(data, tmp_path / "dark", "png", lambda path, values: image(path, values / 255))
    run = score(data, folder, tmp_path / "run")
    assert run.metrics["ods"].value == 0
    assert "no pixel of 3 edge maps reaches the first threshold" in run.record["model"]["notes"][0]
    inverted = {key: 1 - edges(data, key) for key in KEYS}
    assert "must be inverted" in strength_notes(inverted)[0]
    assert strength_notes({key: edges(data, key) for key in KEYS}) == []


def test_two_files_for_one_sample_are_told(data, tmp_path):
    folder = written(data, tmp_path / "maps", "png", image)
    shutil.copy(folder / "1001.png", folder / "1001.PNG")
    with pytest.raises(PredictionError, match=r"2 files answer test/1001: 1001\.PNG, 1001\.png"):
        score(data, folder, tmp_path / "run")


def test_a_folder_of_other_files_tells_how_they_end(data, tmp_path):
    folder = written(data, tmp_path / "maps", "webp", lambda path, values: path.write_bytes(b"RIFF"))
    (folder / "README").write_text("maps of a detector")
    with pytest.raises(PredictionError, match="3 of 3 samples have no prediction") as caught:
        score(data, folder, tmp_path / "run")
    assert caught.value.what.endswith("; the folder's files end in: 3 .webp, 1 without an ending")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PredictionError, match="; the folder holds no file"):
        score(data, tmp_path / "empty", tmp_path / "run")


@pytest.mark.parametrize(("low", "mend"), [(-3.0, "take the sigmoid"), (0.0, "scale the map by the same factor")])
def test_what_mends_a_map_out_of_range_goes_by_its_sign(tmp_path, low, mend):
    np.save(tmp_path / "a.npy", np.linspace(low, 3, 12).reshape(3, 4))
    with pytest.raises(PredictionError, match=f"it runs from {low:g} to 3") as caught:
        read_edge_file(tmp_path / "a.npy")
    assert mend in caught.value.mend


def test_maps_are_scored_without_the_images(data, tmp_path):
    folder = written(data, tmp_path / "maps", "png", image)
    whole = score(data, folder, tmp_path / "whole", illustrate=2)
    copy = shutil.copytree(data, tmp_path / "data")
    shutil.rmtree(copy / "BSDS500/data/images")
    run = score(copy, folder, tmp_path / "run", illustrate=2)
    assert values(run) == values(whole)
    assert "images were not read" in run.record["model"]["notes"][0]
    assert not (run.folder / "pictures").exists()
    assert [row["image_sha256"] for row in run.rows()] == ["", "", ""]


@pytest.mark.slow
def test_pidinet_comes_out_as_its_authors_print_it(real_data, tmp_path):
    place = real_data / "published" / "pidinet"
    printed = [float(word) for word in (place / "PiDiNet_bdry.txt").read_text().split()]
    words = [f"data.root={real_data}"]
    run = sambench.score(
        "edges", "bsds500", place / "maps", overrides=words, workers=2, illustrate=0, run={"dir": str(tmp_path)}
    )
    values = {name: metric.value for name, metric in run.metrics.items()}
    # The benchmark's own assignment is heuristic: 5e-4 over a set is agreement.
    assert (values["ods"], values["ois"], values["ap"]) == pytest.approx((printed[2], printed[5], printed[6]), abs=5e-4)


@pytest.mark.slow
def test_gpb_owt_ucm_comes_out_as_the_benchmark_prints_it(real_data, tmp_path):
    place = real_data / "published" / "gpb_owt_ucm"
    printed = [float(word) for word in (place / "eval_bdry.txt").read_text().split()]
    words, more = [f"data.root={real_data}"], {"workers": 2, "illustrate": 0}
    run = sambench.score(
        "edges", "bsds500", place / "ucm2", overrides=words, run={"dir": str(tmp_path / "edges")}, **more
    )
    values = {name: metric.value for name, metric in run.metrics.items()}
    assert (values["ods"], values["ois"], values["ap"]) == pytest.approx((printed[3], printed[6], printed[7]), abs=5e-4)
    printed = [float(word) for word in (place / "eval_cover.txt").read_text().split()[1:]]
    printed += [float(word) for word in (place / "eval_RI_VOI.txt").read_text().split()]
    run = sambench.score(
        "regions", "bsds500", place / "ucm2", overrides=words, run={"dir": str(tmp_path / "regions")}, **more
    )
    found = {name: metric.value for name, metric in run.metrics.items()}
    names = ["cover_ods", "cover_ois", "cover_best", None, "pri_ods", "pri_ois", None, "voi_ods", "voi_ois"]
    for name, value in zip(names, printed, strict=True):
        assert name is None or found[name] == pytest.approx(value, abs=5e-6)  # printed to six digits


@pytest.mark.parametrize("leading", [(1,), (1, 1)])
def test_a_map_with_the_axes_of_a_network_is_read(tmp_path, leading):
    values = np.random.default_rng(4).random((20, 30))
    np.save(tmp_path / "a.npy", values.reshape(*leading, 20, 30))
    assert np.array_equal(read_edge_file(tmp_path / "a.npy").content, values)
    np.save(tmp_path / "a.npy", np.stack([values, values / 2]))
    with pytest.raises(PredictionError, match="channels that differ"):
        read_edge_file(tmp_path / "a.npy")


def with_alpha(path, grey, alpha):
    Image.fromarray(np.stack([grey] * 3 + [alpha], -1).astype(np.uint8)).save(path)


@pytest.mark.parametrize("colour", [0, 255])
def test_strength_in_the_alpha_channel_alone_is_refused(data, tmp_path, colour):
    line = edges(data, "1000") * 255
    with_alpha(tmp_path / "1000.png", np.full_like(line, colour), line)
    with pytest.raises(PredictionError, match="strength in the alpha channel alone") as caught:
        read_edge_file(tmp_path / "1000.png")
    assert caught.value.where == str(tmp_path / "1000.png")
    Image.fromarray(np.stack([line * 0 + colour, line], -1).astype(np.uint8)).save(tmp_path / "1000.png")
    with pytest.raises(PredictionError, match="strength in the alpha channel alone"):
        read_edge_file(tmp_path / "1000.png")
    palette = Image.fromarray((line > 0).astype(np.uint8))
    palette.putpalette([colour] * 6)
    palette.save(tmp_path / "1000.png", transparency=bytes([0, 255]))
    with pytest.raises(PredictionError, match="strength in the alpha channel alone"):
        read_edge_file(tmp_path / "1000.png")


@pytest.mark.parametrize("alpha", [lambda grey: grey, lambda grey: grey * 0 + 255, lambda grey: (grey > 0) * 255])
def test_an_alpha_channel_that_adds_nothing_is_left_out(tmp_path, alpha):
    grey = np.arange(0, 240, 10).reshape(4, 6)
    with_alpha(tmp_path / "a.png", grey, alpha(grey))
    assert np.array_equal(read_edge_file(tmp_path / "a.png").content, grey)


@pytest.mark.parametrize("ending", ["tif", "png"])
def test_a_file_of_several_pictures_is_refused(tmp_path, ending):
    first, second = (Image.fromarray(np.full((4, 6), value, np.uint8)) for value in (0, 255))
    first.save(tmp_path / f"a.{ending}", save_all=True, append_images=[second])
    with pytest.raises(PredictionError, match="holds 2 pictures"):
        read_edge_file(tmp_path / f"a.{ending}")


def test_the_one_map_among_settings_is_read(tmp_path):
    values = np.random.default_rng(4).random((20, 30))
    savemat(tmp_path / "a.mat", {"E": values, "threshold": 0.2, "name": "a text", "sizes": [20, 30]})
    assert np.array_equal(read_edge_file(tmp_path / "a.mat").content, values)


def test_nan_is_told_as_such(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0.5, np.nan], [0.1, np.nan]]))
    with pytest.raises(PredictionError, match="2 of 4 values of an edge map are NaN"):
        read_edge_file(tmp_path / "a.npy")


def test_one_file_never_answers_two_samples(tmp_path):
    np.save(tmp_path / "1.npy", np.zeros((4, 6)))
    keys = ["train/1", "val/1"]
    with pytest.raises(PredictionError, match=r"1\.npy would answer both train/1 and val/1"):
        EdgeMapFolder(tmp_path, keys, "none", keys).compare(keys)


def test_files_of_other_names_are_told_how_samples_are_named(data, tmp_path):
    folder = written(data, tmp_path / "maps", "png", image)
    for path in folder.iterdir():
        path.rename(folder / f"of_{int(path.stem) + 7000}.png")
    with pytest.raises(PredictionError, match=r"of_8000\.png") as caught:
        score(data, folder, tmp_path / "run")
    assert "test/1000" in caught.value.mend
