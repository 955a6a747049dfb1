"""Whatever is misspelt is told in a sentence with the nearest name, and with none of Hydra's words."""

import re
import sys
from dataclasses import replace

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

import sambench
from sambench.cli import main
from sambench.config import local_configs
from sambench.config.overrides import check_words
from sambench.errors import UsageError
from sambench.tables.ablations import Ablation, check_metrics

HYDRAS = re.compile(r"Could not|in struct|Lexer|full_key|object_type|search path|hydra\.cc|append|Traceback|usage:")


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch):
    """Forget the folders that a test names with --config-dir."""
    monkeypatch.setattr(local_configs, "_folders", [])
    monkeypatch.setattr(sys, "path", list(sys.path))


def refused(capsys, *words):
    """Run a command that is to be refused; returns what it says on standard error."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    shown = capsys.readouterr()
    assert ended.value.code == 2, shown.err
    assert shown.out == "", "nothing is printed before a refusal"
    assert not HYDRAS.search(shown.err), shown.err
    assert len(shown.err.strip().splitlines()) == 3, "a sentence, its place and what mends it"
    return shown.err


WORDS = [
    ("task=edgs", "use task=edges"),
    ("task=Edges", "use task=edges"),
    ("model=sam_vit_hh", "use model=sam_vit_h"),
    ("data=bsds50", "use data=bsds500"),
    ("task/edges=papr", "use task/edges=paper"),
    ("tsk/edges=paper", "use task/edges="),
    ("task/proposals=paper", "choose task=proposals"),
    ("executor=locl", "use executor=local"),
    ("cluster=slurm", r"write \+cluster=slurm"),
    ("task.nms_iuo=.5", "use task.nms_iou="),
    ("+task.nms_iuo=.5", "use task.nms_iou="),
    ("~task.nms_iuo", "use task.nms_iou="),
    ("tsk.nms_iuo=.5", "use task.nms_iou="),
    ("nms_iou=.5", "use task.nms_iou="),
    ("task.grid.x=3", "use task.grid="),
    ("predictions.nsm=none", "use predictions.nms="),
    ("predictions.name=*_edge", "use predictions.names="),
    ("cache.dri=x", "use cache.dir="),
    ("data.splt=x", "use data.split="),
    ("lmit=3", "use limit="),
    ("+lmit=3", "use limit="),
    ("+limit=3", "write limit=3"),
    ("~limit", "limit=null"),
    ("seed=${lmt}", r"write \$\{limit\}"),
    ("cache=false", "use cache.KEY="),
    ("model=", "no model is named"),
    ("task=null", "no task is named"),
    ("data@x=mini", "write data=mini"),
    ("task.x=[1", "close what is open"),
    ("task.nms_iou=choice(1", "close what is open"),
    ("=3", "write KEY=VALUE"),
    ("foo", "write KEY=VALUE"),
    ("limit", "(write|use) limit="),
    ("a b=3", "write KEY=VALUE"),
]


@pytest.mark.parametrize(("word", "mend"), WORDS)
def test_a_misspelt_word_is_told_with_the_nearest(capsys, word, mend):
    assert re.search(mend, refused(capsys, "run", "task=edges", word))


@pytest.mark.parametrize(("word", "mend"), WORDS[1:33:4])
@pytest.mark.parametrize("command", ["score predictions=x", "plan", "export bsds", "ablate edge_nms"])
def test_commands_that_take_the_words_of_run_tell_it_alike(capsys, command, word, mend):
    assert re.search(mend, refused(capsys, *command.split(), *["task=edges"] * ("ablate" not in command), word))


FLAGS = [["--multirun"], ["-m"], ["--cfg", "job"], ["-c=job"], ["--info"], ["-i", "config"], ["hydra.verbose=false"]]


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
@pytest.mark.parametrize(("word", "mend"), [WORDS[place] for place in (0, 4, 8, 9, 18, 30)])
def test_it_is_told_alike_beside_flags(capsys, flags, word, mend):
    assert re.search(mend, refused(capsys, "run", *flags, "task=edges", word))


def test_score_tells_it_beside_flags(capsys):
    assert "use task.nms_iou=" in refused(capsys, "score", "-m", "task=edges", "predictions=x", "task.nms_iuo=.5")


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("--multrun task=edges", "use --multirun"),
        ("task=edges --cfg jbo", "use --cfg job"),
        ("--cfg task=edges", "use --cfg job"),
        ("--info=plugin task=edges", "use --info plugins"),
        ("--resolve task=edges", "use --cfg job --resolve"),
        ("task=edges --package", "write --package"),
        ("task=edges --config-name foo", "leave --config-name out"),
        ("task=edges hydra.swep.dir=x", "use hydra.sweep.dir="),
        ("task=edges hydra/launcher=basc", "use hydra/launcher=basic"),
        ("task=edges task.nms_iou=.5,.7", r"add --multirun.*task.nms_iou=\[.5,.7\]"),
        ("tsk=edges", "write task=edges"),
        ("-m task=edges,pionts", "use task=points"),
        ("-m task=edges model=glob(heir*)", "fits no model"),
        ("-m task=edges,points task.nms_iuo=.5", "use task.nms_iou="),
    ],
)
def test_flags_and_sweeps(capsys, words, mend):
    assert re.search(mend, refused(capsys, "run", *words.split()))


@pytest.mark.parametrize(
    "words",
    [
        ["task.nms_iou=range(0.5,0.9,0.1)", "model=glob(hier*)", "shard=1/4,2/4", "data.ids=[a],[b]"],
        ["task=edges,regions", "data=mini,own", "hydra.launcher.x=3"],
        ["+model.texture_weight=0", "run.dir='a b'", "data.ids=[1,2]", "++limit=3", "cache={enabled: false}"],
    ],
    ids=" ".join,
)
def test_what_hydra_understands_is_let_pass(words):
    check_words(["task=edges", *words], several=not any(word.startswith("+") for word in words))


def test_configurations_of_ones_own_are_among_the_names(capsys, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("# my model\nname: hierarchy\n")
    assert "use model=mine" in refused(capsys, "run", "--config-dir", str(tmp_path), "task=edges", "model=mien")


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("score task=edges predctions=x", "write predictions=x"),
        ("plan task=edges scorrs=3", "use scorers="),
        ("plan task=edges --cfg job", "sambench run"),
        ("export bsds task=edges uot=x", "use out="),
        ("export bsdss RUN", "sambench export bsds"),
        ("ablate edge_nsm", "use sambench ablate edge_nms"),
        ("ablate edge_nms formt=md", "use format="),
        ("ablate edge_nms format=latx", "use format=latex"),
        ("table edgs", "use sambench table edges"),
        ("table edge_nsm", "use sambench table edge_nms"),
        ("table edges fromat=md", "use format="),
        ("table edges format=latx", "use format=latex"),
        ("table edges -m", "sambench table --help"),
        ("gate baselin=x", "use baseline="),
        ("gate baseline=x candidate=y policy=defalt", "use policy=default"),
        ("gate baseline=x candidate=y format=jsn", "use format=json"),
        ("gate baseline=x candidate=y samples=comon", "use samples=common"),
        ("gate freeze RUN oot=x", "use out="),
        ("merge A B ot=x", "use out="),
        ("merge A B --multirun", "sambench merge --help"),
        ("look RUN cont=3", "use count="),
        ("report rns=[x]", "use runs="),
        ("report runs=[x", "close what is open"),
        ("ls tsks", "use sambench ls tasks"),
        ("ls tasks x=3", "leave x out"),
        ("data lst", "use sambench data list"),
        ("data chek gtea", "use sambench data check gtea"),
        ("data check gtee", "gtea"),
        ("data show gtea cuont=3", "use count="),
        ("data export gtea rot=x", "use root="),
        ("cache verfy", "use sambench cache verify"),
        ("cache ls dri=x", "use dir="),
        ("cache prune bugdet_gb=3", "use budget_gb="),
        ("rum task=edges", "sambench run"),
    ],
)
def test_every_command_tells_its_own_names(capsys, tmp_path, monkeypatch, words, mend):
    monkeypatch.chdir(tmp_path)
    assert mend in refused(capsys, *words.split())


@pytest.mark.parametrize(
    ("settings", "mend"), [({"lmit": 3}, "use limit"), ({"cache": {"enabld": False}}, "use cache.enabled")]
)
def test_python_is_answered_alike(settings, mend):
    with pytest.raises(UsageError) as caught:
        sambench.run("edges", **settings)
    assert mend in str(caught.value)
    assert not HYDRAS.search(str(caught.value))


OWN_SWEEP = """# a sweep of one's own
title: T
task: edges
reference: a
metrics: [ods]
members:
  a: [task.nms_iou=0.5]
  b: [task.nms_iou=0.7]
"""
OWN_TABLE = """# a table of one's own
title: T
task: edges
published: edges
columns: [ODS, OIS]
answers:
  - {method: SAM, source: paper}
own: {ODS: ods}
"""


@pytest.mark.parametrize(
    ("group", "text", "written", "instead", "mend"),
    [
        ("ablation", OWN_SWEEP, "title: T", "titel: T", "write title"),
        ("ablation", OWN_SWEEP, "reference: a", "reference: A", "use reference: a"),
        ("ablation", OWN_SWEEP, "task: edges", "task: edgs", "use task=edges"),
        ("ablation", OWN_SWEEP, "nms_iou=0.5", "nms_iuo=0.5", "use task.nms_iou="),
        ("table", OWN_TABLE, "columns:", "colums:", "write columns"),
        ("table", OWN_TABLE, "method:", "methd:", "write method"),
        ("table", OWN_TABLE, "[ODS", "[ODDS", "use ODS in its place"),
        ("table", OWN_TABLE, "published: edges", "published: edgess", "use edges in its place"),
        ("table", OWN_TABLE, "task: edges", "task: edgs", "use task: edges"),
        ("table", OWN_TABLE, "ODS: ods", "ODS: odds", "use ods in its place"),
        ("gate", "judged: {edges: [ods]}", "judged", "jugded", "write judged"),
        ("gate", "judged: {edges: [ods]}", "edges", "edgs", "use edges"),
    ],
)
def test_names_in_descriptions_of_ones_own(capsys, tmp_path, monkeypatch, group, text, written, instead, mend):
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path / "results/edges/a", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    (tmp_path / "own" / group).mkdir(parents=True)
    (tmp_path / "own" / group / "mine.yaml").write_text(text.replace(written, instead))
    words = {
        "ablation": "ablate mine dry=true",
        "table": "table mine",
        "gate": "gate baseline=x candidate=y policy=mine",
    }
    assert mend in refused(capsys, *words[group].split(), "--config-dir", "own")


def test_a_sweep_stops_at_a_metric_that_its_first_member_lacks(tmp_path):
    run = finished_run(tmp_path / "a", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    sweep = Ablation("mine", "T", "edges", {"a": []}, "a", ["ods", "odds"])
    with pytest.raises(UsageError) as caught:
        check_metrics(sweep, run)
    assert (caught.value.what, caught.value.mend) == ("there is no metric 'odds'", "use ods in its place")
    check_metrics(replace(sweep, metrics=["ods", "r50"]), run)


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (["view", "bundle", "out=site", "results=my runs"], "sambench view bundle 'my runs' out=site"),
        (["merge", "run=a", "out=b"], "sambench merge a out=b"),
    ],
)
def test_an_argument_given_as_a_key_is_told_with_the_whole_command(capsys, words, whole):
    assert f"use `{whole}`" in refused(capsys, *words)
