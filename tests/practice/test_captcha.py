"""The captcha service over HTTP."""

import time

import pytest

from practice.server import PracticeServer
from practice.site import SITEKEY

KEY = "una-clave"
TYPE = "RecaptchaV2TaskProxyless"


@pytest.fixture
def server(clock):
    with PracticeServer(captcha_seconds=20, hang_seconds=0.05, clock=clock) as running:
        yield running


@pytest.fixture
def create(visitor):
    def ask(key=KEY, **changed):
        task = {"type": TYPE, "websiteURL": visitor.server.census_url, "websiteKey": SITEKEY, **changed}
        return visitor.post_json("/createTask", {"clientKey": key, "task": task})

    return ask


@pytest.fixture
def result(visitor):
    def ask(task_id, key=KEY):
        return visitor.post_json("/getTaskResult", {"clientKey": key, "taskId": task_id})

    return ask


def error_of(reply):
    assert reply.status == 200
    assert set(reply.json) == {"errorId", "errorCode", "errorDescription"}
    return reply.json["errorId"], reply.json["errorCode"]


def test_solution_takes_its_seconds(create, result, clock):
    task = create().json
    assert task == {"errorId": 0, "taskId": task["taskId"]}
    clock.now += 19.9
    assert result(task["taskId"]).json == {"errorId": 0, "status": "processing"}
    clock.now += 0.1
    assert result(task["taskId"]).json["status"] == "ready"


def test_solution_comes_with_its_price_and_times(create, result, clock):
    task = create().json["taskId"]
    clock.now += 20
    answer = result(task).json
    token = answer["solution"]["gRecaptchaResponse"]
    assert answer == {
        "errorId": 0,
        "status": "ready",
        "solution": {"gRecaptchaResponse": token, "token": token},
        "cost": "0.00299",
        "ip": "127.0.0.1",
        "createTime": answer["createTime"],
        "endTime": answer["endTime"],
        "solveCount": 1,
    }
    assert answer["createTime"] <= answer["endTime"]


def test_solution_says_when_it_was_ready_however_late_it_is_asked_for(create, result, clock):
    for late in (0, 50):
        task = create().json["taskId"]
        clock.now += 20 + late
        assert result(task).json["endTime"] == pytest.approx(time.time() - late, abs=2), late


def test_solution_asked_for_twice_is_the_same(create, result, clock):
    task = create().json["taskId"]
    clock.now += 20
    assert result(task).json == result(task).json


def test_token_ages_from_its_solution_not_from_its_collection(create, result, clock, visitor):
    task = create().json["taskId"]
    clock.now += 20 + 121
    token = result(task).json["solution"]["token"]
    assert "captcha" in visitor.submit("1900000001", **{"g-recaptcha-response": token}).json["data"]["message"]


def test_task_of_another_key_is_unknown(create, result):
    assert error_of(result(create().json["taskId"], key="otra")) == (16, "ERROR_NO_SUCH_CAPCHA_ID")


def test_task_that_does_not_exist_is_unknown(result):
    for task_id in (1, "x", None, True, [], {}, -5, 1.5, "9" * 40, "٤"):
        assert error_of(result(task_id)) == (16, "ERROR_NO_SUCH_CAPCHA_ID"), task_id


def test_other_types_of_task_are_not_supported(create):
    for kind in ("TurnstileTaskProxyless", "RecaptchaV2EnterpriseTaskProxyless", "", None, []):
        assert error_of(create(type=kind)) == (23, "ERROR_TASK_NOT_SUPPORTED"), kind


def test_sitekey_must_look_like_one(create):
    for sitekey in ("", None, "corta", "7L" + "x" * 38, "6L" + "x" * 39):
        assert error_of(create(websiteKey=sitekey)) == (31, "ERROR_RECAPTCHA_INVALID_SITEKEY"), sitekey


def test_address_must_be_one(create):
    for address in ("", None, "censo", "ftp://x/", "http://[", "http://x:99999999/", 7):
        assert error_of(create(websiteURL=address)) == (110, "ERROR_BAD_PARAMETERS"), address


def test_task_must_be_there(visitor):
    for task in (None, {}, [], "x"):
        reply = visitor.post_json("/createTask", {"clientKey": KEY, "task": task})
        assert error_of(reply) == (22, "ERROR_TASK_ABSENT"), task


def test_key_must_exist(visitor):
    for method in ("createTask", "getTaskResult", "getBalance", "reportCorrect", "reportIncorrect"):
        for key in ("", None, "clave-mala"):
            reply = visitor.post_json(f"/{method}", {"clientKey": key})
            assert error_of(reply) == (1, "ERROR_KEY_DOES_NOT_EXIST"), (method, key)


def test_body_that_is_no_object_has_no_key(visitor):
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000, b'"\\ud800"'):
        reply = visitor.send("POST", "/createTask", body)
        assert error_of(reply) == (1, "ERROR_KEY_DOES_NOT_EXIST"), body[:20]


def test_balance_is_a_number(visitor):
    assert visitor.post_json("/getBalance", {"clientKey": KEY}).json == {"errorId": 0, "balance": 8.93958}


def test_key_without_balance_can_only_ask_for_it(visitor, create):
    assert visitor.post_json("/getBalance", {"clientKey": "sin-saldo"}).json == {"errorId": 0, "balance": 0.0}
    assert error_of(create(key="sin-saldo")) == (10, "ERROR_ZERO_BALANCE")


def test_key_without_slot_gets_no_task(create):
    assert error_of(create(key="sin-cupo")) == (2, "ERROR_NO_SLOT_AVAILABLE")


def test_key_that_nobody_can_solve_learns_so_at_the_end(create, result, clock):
    task = create(key="imposible").json["taskId"]
    assert result(task, key="imposible").json["status"] == "processing"
    clock.now += 20
    assert error_of(result(task, key="imposible")) == (12, "ERROR_CAPTCHA_UNSOLVABLE")


def test_slow_key_waits_150_seconds(create, result, clock):
    task = create(key="lento").json["taskId"]
    clock.now += 149
    assert result(task, key="lento").json["status"] == "processing"
    clock.now += 1
    assert result(task, key="lento").json["status"] == "ready"


def test_wrong_token_key_sells_what_the_site_refuses(create, result, clock, visitor):
    task = create(key="token-malo").json["taskId"]
    clock.now += 20
    token = result(task, key="token-malo").json["solution"]["token"]
    assert visitor.submit("1900000001", **{"g-recaptcha-response": token}).json["success"] is False


def test_garbage_key_gets_what_nobody_can_read(create):
    with pytest.raises(UnicodeDecodeError):
        _ = create(key="basura").text


def test_bad_gateway_key_gets_an_html_502(create):
    reply = create(key="http-502")
    assert reply.status == 502
    assert reply.headers["Content-Type"].startswith("text/html")


def test_silent_key_gets_nothing(create):
    assert create(key="mudo").was_cut


def test_reports_are_noted_once(create, result, clock, visitor):
    task = create().json["taskId"]
    clock.now += 20
    result(task)
    report = {"clientKey": KEY, "taskId": task}
    assert visitor.post_json("/reportIncorrect", report).json == {"errorId": 0, "status": "success"}
    assert error_of(visitor.post_json("/reportCorrect", report))[1] == "ERROR_DUPLICATE_REPORT"
    assert [entry.detail for entry in visitor.server.journal.of("captcha_report")] == ["incorrect"]


def test_report_of_what_was_never_solved_is_not_noted(create, visitor):
    report = {"clientKey": KEY, "taskId": create().json["taskId"]}
    assert error_of(visitor.post_json("/reportCorrect", report))[1] == "REPORT_NOT_RECORDED"


def test_echo_gives_back_what_it_got(visitor):
    assert visitor.post_json("/test", {"hola": "ñ"}).json == {"hola": "ñ"}
