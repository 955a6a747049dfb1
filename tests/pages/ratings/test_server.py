import json

import pytest

from sambench.pages.ratings.study import TRUTH, Job, Study

pytest.importorskip("flask")

from sambench.pages.ratings.server import application


@pytest.fixture
def study(tmp_path):
    (tmp_path / "images").mkdir()
    for job in ("aa", "bb"):
        for view in range(1, 6):
            (tmp_path / "images" / f"{job}-{view}.webp").write_bytes(b"picture")
    key = {"aa": Job("sam", "1", "2"), "bb": Job(TRUTH, "1", "2")}
    return Study(
        tmp_path, "s", "mini", ["sam", TRUTH], {"r1": ["aa"], "r2": ["bb"]}, {"r1": "one", "r2": "two"}, key, 0.3
    )


def ask(study, path, token="one", host="127.0.0.1:8765", **sent):
    client = application(study).test_client()
    headers = {"Host": host} | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.open(path, headers=headers, method="POST" if sent else "GET", **sent)


ANSWER = {"job": "aa", "rating": 7, "valid": True, "clean": False, "matches": True, "ms": 1200}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8765", "localhost.evil.example"])
def test_other_hosts_are_refused(study, host):
    assert ask(study, "/", host=host).status_code == 421


@pytest.mark.parametrize("token", [None, "", "three", "on"])
def test_without_a_raters_token_nothing_is_read_or_written(study, token):
    assert ask(study, "/api/state", token).status_code == 401
    assert ask(study, "/api/rate", token, json=ANSWER).status_code == 401
    assert ask(study, "/api/picture/aa/1", token).status_code == 401


def test_only_the_raters_own_pictures_are_served(study):
    assert ask(study, "/api/picture/aa/5").data == b"picture"
    for path in ("bb/1", "aa/6", "aa/0", "..%2f..%2fkey.json/1", "key/1"):
        assert ask(study, f"/api/picture/{path}").status_code == 404
    for path in ("/key.json", "/study.json", "/../key.json", "/images/aa-1.webp"):
        assert ask(study, path).status_code == 404


def test_an_answer_is_kept_once_and_corrected_on_demand(study):
    assert ask(study, "/api/rate", json=ANSWER).json["kept"]
    assert not ask(study, "/api/rate", json=ANSWER | {"rating": 1}).json["kept"]
    assert ask(study, "/api/state").json["answers"]["aa"]["rating"] == 7
    assert ask(study, "/api/rate", json=ANSWER | {"rating": 2, "again": True}).json["kept"]
    assert ask(study, "/api/state").json["answers"]["aa"]["rating"] == 2
    assert ask(study, "/api/state", "two").json["answers"] == {}


@pytest.mark.parametrize(
    "change", [{"rating": 11}, {"rating": 7.5}, {"rating": True}, {"valid": 1}, {"ms": -1}, {"job": 3}]
)
def test_what_is_no_rating_is_refused(study, change):
    assert ask(study, "/api/rate", json=ANSWER | change).status_code == 400


def test_large_and_foreign_requests_are_refused(study):
    assert ask(study, "/api/rate", json=ANSWER | {"note": "x" * 5000}).status_code == 413
    assert ask(study, "/api/rate", json=ANSWER | {"job": "bb"}).status_code == 404
    assert ask(study, "/api/rate", data=json.dumps(ANSWER), content_type="text/plain").status_code == 415


def test_nothing_sent_tells_who_made_a_mask(study):
    sent = ask(study, "/api/state").text + ask(study, "/").text + ask(study, "/rate.js").text
    assert 'sam"' not in sent
    assert TRUTH not in sent
