"""The captcha service's older protocol, in plain text and wrapped in JSON."""

from urllib.parse import urlencode

import pytest

from practice.server import PracticeServer
from practice.site import SITEKEY

KEY = "una-clave"


@pytest.fixture
def server(clock):
    with PracticeServer(captcha_seconds=20, hang_seconds=0.05, clock=clock) as running:
        yield running


@pytest.fixture
def submit(visitor):
    def ask(**changed):
        fields = {"key": KEY, "method": "userrecaptcha", "googlekey": SITEKEY, "pageurl": visitor.server.census_url}
        return visitor.post_form("/in.php", **(fields | changed))

    return ask


@pytest.fixture
def ask(visitor):
    def ask(**query):
        return visitor.get(f"/res.php?{urlencode({'key': KEY, 'action': 'get'} | query)}")

    return ask


def test_task_is_solved_in_plain_text(submit, ask, clock):
    ok, task = submit().text.split("|")
    assert ok == "OK"
    assert ask(id=task).text == "CAPCHA_NOT_READY"
    clock.now += 20
    assert ask(id=task).text.startswith("OK|03A")


def test_task_is_solved_in_json(submit, ask, clock):
    created = submit(json="1").json
    assert created == {"status": 1, "request": created["request"]}
    assert ask(id=created["request"], json="1").json == {"status": 0, "request": "CAPCHA_NOT_READY"}
    clock.now += 20
    solved = ask(id=created["request"], json="1").json
    assert solved["status"] == 1
    assert solved["request"].startswith("03A")


def test_token_opens_the_page(submit, ask, clock, visitor):
    task = submit().text.partition("|")[2]
    clock.now += 20
    token = ask(id=task).text.partition("|")[2]
    assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).json["success"] is True


def test_parameters_may_come_in_the_query(visitor):
    fields = {"key": KEY, "method": "userrecaptcha", "googlekey": SITEKEY, "pageurl": visitor.server.census_url}
    assert visitor.get(f"/in.php?{urlencode(fields)}").text.startswith("OK|")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": ""}, "ERROR_KEY_DOES_NOT_EXIST"),
        ({"key": "clave-mala"}, "ERROR_KEY_DOES_NOT_EXIST"),
        ({"key": "sin-saldo"}, "ERROR_ZERO_BALANCE"),
        ({"key": "sin-cupo"}, "ERROR_NO_SLOT_AVAILABLE"),
        ({"method": "hcaptcha"}, "ERROR_BAD_PARAMETERS"),
        ({"googlekey": ""}, "ERROR_GOOGLEKEY"),
        ({"googlekey": "corta"}, "ERROR_WRONG_GOOGLEKEY"),
        ({"pageurl": ""}, "ERROR_PAGEURL"),
        ({"pageurl": "http://["}, "ERROR_BAD_PARAMETERS"),
    ],
)
def test_errors_of_a_new_task_are_codes(submit, changed, code):
    assert submit(**changed).text == code
    assert submit(**changed, json="1").json == {"status": 0, "request": code}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"id": "abc"}, "ERROR_WRONG_ID_FORMAT"),
        ({"id": ""}, "ERROR_WRONG_ID_FORMAT"),
        ({"id": "٤"}, "ERROR_WRONG_ID_FORMAT"),
        ({"id": "1"}, "ERROR_WRONG_CAPTCHA_ID"),
        ({"id": "9" * 5_000}, "ERROR_WRONG_CAPTCHA_ID"),
        ({"action": ""}, "ERROR_EMPTY_ACTION"),
        ({"action": "get", "id": "1", "key": ""}, "ERROR_KEY_DOES_NOT_EXIST"),
    ],
)
def test_errors_of_a_question_are_codes(ask, query, code):
    assert ask(**query).text == code


def test_captcha_that_nobody_can_solve_ends_so(submit, ask, clock):
    task = submit(key="imposible").text.partition("|")[2]
    clock.now += 20
    assert ask(id=task, key="imposible").text == "ERROR_CAPTCHA_UNSOLVABLE"


def test_balance_is_a_bare_number(ask):
    assert ask(action="getbalance").text == "8.93958"
    assert ask(action="getbalance", key="sin-saldo").text == "0"
    assert ask(action="getbalance", json="1").json == {"status": 1, "request": "8.93958"}


@pytest.mark.parametrize(("action", "noted"), [("reportgood", "correct"), ("reportbad", "incorrect")])
def test_reports_are_noted_once(submit, ask, clock, visitor, action, noted):
    task = submit().text.partition("|")[2]
    assert ask(id=task, action=action).text == "REPORT_NOT_RECORDED"
    clock.now += 20
    ask(id=task)
    assert ask(id=task, action=action).text == "OK_REPORT_RECORDED"
    assert ask(id=task, action=action).text == "ERROR_DUPLICATE_REPORT"
    assert [entry.detail for entry in visitor.server.journal.of("captcha_report")] == [noted]


def test_broken_service_is_broken_here_too(submit):
    assert submit(key="http-502").status == 502
    assert b"\x00" in submit(key="basura").body
    assert submit(key="mudo").was_cut
