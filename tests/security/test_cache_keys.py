"""An embedding is found only by what made it, and, where a secret is given, only if somebody who has the secret did."""

import importlib.metadata
import json
import logging

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import ToyModel, write_bsds

import sambench
from sambench.api.calls import compose
from sambench.cli import dispatch
from sambench.config.resolve import build
from sambench.config.run_config import read_config
from sambench.engine.building import model_source
from sambench.engine.cache import entry as entries
from sambench.engine.cache.entry import MARK, Secret, environment_of, pack, read_secret, unpack
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.cache.shared import SharedEntries
from sambench.engine.stages import Stages
from sambench.errors import UsageError
from sambench.files.storage.locations import join, write_bytes
from sambench.models.hierarchy.model import HierarchyModel
from sambench.types import Embedding

OURS, THEIRS = Secret(b"the secret of our group"), Secret(b"the secret of another one")


def embedding(value=1.0):
    return Embedding({"grid": torch.full((2, 3), value)}, (4, 5))


def same(one, other):
    return one is not None and torch.equal(one.tensors["grid"], other.tensors["grid"])


@pytest.fixture
def url(request):
    return f"memory://{request.node.nodeid.replace('/', '.').replace(':', '.')}/embeddings"


def key_of(model=None, settings=(), device="cpu", dtype="keep"):
    found = environment_of(ToyModel() if model is None else model, dict(settings), device)
    return EmbeddingCache("unused", dtype=dtype, environment=found).key("model", "image")


@pytest.mark.parametrize(
    "change",
    [
        {"device": "cuda"},
        {"device": "mps"},
        {"settings": {"compile": True}},
        {"settings": {"channels_last": True}},
        {"settings": {"compile": True, "channels_last": True}},
        {"dtype": "bf16"},
    ],
    ids=str,
)
def test_each_switch_changes_the_key(change):
    assert key_of(**change) != key_of()


def test_images_encoded_at_once_have_keys_of_their_own():
    batched = ToyModel()
    batched.encode_batch_size = 4
    assert key_of(batched) != key_of()


def test_a_second_device_of_the_same_type_finds_the_embeddings_of_the_first():
    assert key_of(device="cuda:1") == key_of(device="cuda:0") == key_of(device="cuda")
    assert key_of(settings={"compile": False}) == key_of()


@pytest.mark.parametrize("name", HierarchyModel.libraries)
def test_another_version_of_a_library_that_encodes_changes_the_key(monkeypatch, name):
    before = key_of(HierarchyModel())
    versions = {one: importlib.metadata.version(one) for one in HierarchyModel.libraries}
    monkeypatch.setattr(entries, "version", lambda one: f"{versions[one]}.1" if one == name else versions[one])
    assert key_of(HierarchyModel()) != before
    assert environment_of(HierarchyModel(), {}, "cpu")[name] == f"{versions[name]}.1"


def test_torch_counts_by_its_major_and_minor_version(monkeypatch):
    monkeypatch.setattr(torch, "__version__", "9.4.0+cu130")
    first = key_of()
    monkeypatch.setattr(torch, "__version__", "9.4.2")
    assert key_of() == first
    monkeypatch.setattr(torch, "__version__", "9.5.0+cu130")
    assert key_of() != first


def test_the_precision_of_products_and_the_machine_change_the_key(monkeypatch):
    before = key_of()
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
    faster = key_of()
    monkeypatch.setattr(entries.platform, "machine", lambda: "another")
    assert len({before, faster, key_of()}) == 3


def test_a_run_says_what_its_embeddings_were_found_by(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_bsds(tmp_path / "data", count=2)
    (tmp_path / "secret").write_text("a secret that nobody reads\n")
    words = ["model.name=toys:ToyModel", f"data.root={root}", "task.grid=4", "task.thresholds=5"]

    def run(name, **cache):
        run = {"dir": str(tmp_path / name)}
        made = {"dir": str(tmp_path / "cache"), **cache}
        fixed = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0}
        return sambench.run("edges", data="bsds500", overrides=words, run=run, cache=made, **fixed).record["cache"]

    first, again = run("first"), run("again")
    assert (first["misses"], again["hits"], first["signed"]) == (2, 2, False)
    assert first["environment"] == environment_of(ToyModel(), {}, "cpu")
    signed = run("signed", secret_file=str(tmp_path / "secret"))
    assert (signed["misses"], signed["signed"], signed["unsigned"]) == (2, True, 0)
    assert run("more", secret_file="secret")["hits"] == 2
    told = [path for path in tmp_path.rglob("*") if path.is_file() and b"nobody reads" in path.read_bytes()]
    assert told == [tmp_path / "secret"]


def test_the_configuration_reaches_the_key(tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 16)
    words = ["task=edges", "model.name=toys:ToyModel", f"cache.dir={tmp_path}"]
    keys = set()
    for more in ([], ["+model.delay=0.5"], [f"cache.secret_file={tmp_path / 'secret'}"]):
        config = read_config(compose([*words, *more]))
        task = build("tasks", "task", config.task)
        _, _, cache = model_source(config, task, Stages(), "cpu")
        keys.add(cache.key("model", "image"))
    assert len(keys) == 2


@pytest.mark.parametrize(
    "blob",
    [
        lambda key: pack(embedding(9), key),
        lambda key: THEIRS.sign(pack(embedding(9), key), key),
        lambda key: OURS.sign(pack(embedding(9), "0" * 64), "0" * 64),
        lambda key: pack(embedding(9), key) + MARK + b"\0" * 32,
        lambda key: b"",
        lambda key: MARK + b"\0" * 32,
    ],
    ids=["unsigned", "signed by others", "of another image", "no signature", "empty", "only a signature"],
)
@pytest.mark.parametrize("where", ["here", "shared"])
def test_a_forged_entry_is_a_miss_told_once_and_not_removed(tmp_path, url, caplog, blob, where):
    shared = SharedEntries(url)
    cache = EmbeddingCache(tmp_path, shared=shared, secret=OURS)
    keys = [cache.key("model", str(number)) for number in range(2)]
    for key in keys:
        forged = blob(key)
        if where == "here":
            cache.path(key).parent.mkdir(parents=True)
            cache.path(key).write_bytes(forged)
        else:
            write_bytes(join(url, key[:2], f"{key}.safetensors"), forged)
        with caplog.at_level(logging.WARNING):
            assert cache.get(key) is None
        assert (cache.path(key).read_bytes() if where == "here" else shared.read(key)) == forged
    assert (cache.counts.unsigned, cache.counts.misses, cache.counts.corrupt) == (2, 2, 0)
    assert len(caplog.records) == 1
    assert "group" not in caplog.text

    cache.put(keys[0], embedding())  # who has the secret mends it, for the others too
    other = EmbeddingCache(tmp_path / "other", shared=SharedEntries(url), secret=OURS)
    assert same(other.get(keys[0]), embedding())
    assert same(cache.get(keys[0]), embedding())


def test_groups_with_other_secrets_do_not_write_over_each_others_entries(tmp_path, url):
    caches = [
        EmbeddingCache(tmp_path / str(number), shared=SharedEntries(url), secret=secret)
        for number, secret in enumerate((OURS, THEIRS, None))
    ]
    for number, cache in enumerate(caches):
        assert cache.get(cache.key("model", "image")) is None
        cache.put(cache.key("model", "image"), embedding(number))
    assert len(list(SharedEntries(url).entries())) == 3
    for number, cache in enumerate(caches):
        assert same(cache.get(cache.key("model", "image")), embedding(number))
        assert cache.counts.unsigned == 0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_changed_byte_passes_a_signature(data):
    blob = OURS.sign(pack(embedding(), "key"), "key")
    assert OURS.signed(blob, "key")
    assert not OURS.signed(blob, "kez")
    bit = data.draw(st.integers(0, 8 * len(blob) - 1))
    flipped = bytearray(blob)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not OURS.signed(bytes(flipped), "key")
    assert not OURS.signed(blob[: data.draw(st.integers(0, len(blob) - 1))], "key")
    assert not OURS.signed(blob + data.draw(st.binary(min_size=1, max_size=80)), "key")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_subnormal=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON, JSON)
def test_a_hostile_header_is_a_damaged_entry_and_nothing_else(metadata, size):
    """Who writes an entry can write its checksum too, so whatever a header may hold must be refused by `ValueError`."""
    for held in ({"__metadata__": metadata}, metadata, {"__metadata__": {"format": "1", "key": "key", "sha256": size}}):
        header = json.dumps(held).encode()
        with pytest.raises(ValueError, match="it"):
            unpack(len(header).to_bytes(8, "little") + header, "key")


def test_a_size_that_is_no_size_and_endless_nesting_are_refused(monkeypatch):
    for size in ("[Infinity, 3]", "[1e999, 2]", "[" * 100_000, "7", "{}", "null", '["a", 2]', "[0, 3]", "[-1, 3]"):
        monkeypatch.setattr("sambench.engine.cache.entry.json.dumps", _with_size(size, json.dumps))
        blob = pack(embedding(), "key")
        monkeypatch.undo()
        with pytest.raises(ValueError, match=r"it (cannot be parsed|is of an image)"):
            unpack(blob, "key")
    for depth in (100, 990, 5_000, 100_000):
        nested = b"[" * depth + b"]" * depth
        header = b'{"__metadata__":{"format":"1","key":"key","sha256":' + nested + b',"x":' + nested + b"}}"
        with pytest.raises(ValueError, match=r"cannot be read|checksum|nested"):
            unpack(len(header).to_bytes(8, "little") + header, "key")


def _with_size(size, dumps):
    return lambda value, **more: size if value == [4, 5] else dumps(value, **more)


@pytest.mark.parametrize("content", [None, b"", b"   \n", b"too short", b"x" * 5000])
def test_a_secret_that_cannot_be_used_is_told_before_anything_is_opened(tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    for name in (path, tmp_path, "s3://bucket/secret"):
        with pytest.raises(UsageError, match=r"cache\.secret_file") as told:
            sambench.run("edges", data="bsds500", cache={"secret_file": str(name)}, overrides=["data.root=nowhere"])
        assert "too short" not in str(told.value)


def test_white_space_around_a_secret_does_not_count(tmp_path):
    (tmp_path / "one").write_bytes(b"0123456789abcdef")
    (tmp_path / "two").write_bytes(b"0123456789abcdef\r\n")
    one, two = read_secret(tmp_path / "one"), read_secret(tmp_path / "two")
    assert two.signed(one.sign(b"bytes", "key"), "key")
    assert "0123" not in repr(one)


def test_verify_tells_what_was_not_signed_and_removes_only_damaged_entries(tmp_path, capsys):
    folder, secret = tmp_path / "cache", tmp_path / "secret"
    secret.write_bytes(b"the secret of our group")
    ours, theirs = EmbeddingCache(folder, secret=OURS), EmbeddingCache(folder, secret=THEIRS)
    for cache in (ours, theirs):
        cache.put(cache.key("model", "image"), embedding())
    torn = ours.path(ours.key("model", "torn"))
    torn.parent.mkdir(exist_ok=True)
    torn.write_bytes(b"torn")
    words = ["verify", f"dir={folder}", f"secret_file={secret}", "remove=true"]
    assert dispatch(["cache", *words]) == 1
    assert "3 embeddings checked, 1 damaged and removed, 1 not signed with this secret" in capsys.readouterr().out
    assert not torn.exists()
    assert dispatch(["cache", *words]) == 1
    assert "2 embeddings checked, 0 damaged, 1 not signed" in capsys.readouterr().out
    assert dispatch(["cache", *words[:2]]) == 0  # without a secret all entries are sound
    theirs.path(theirs.key("model", "image")).unlink()
    assert dispatch(["cache", *words[:3]]) == 0
    with pytest.raises(UsageError, match="secret_file cannot be read"):
        dispatch(["cache", "verify", f"dir={folder}", f"secret_file={tmp_path / 'none'}"])
