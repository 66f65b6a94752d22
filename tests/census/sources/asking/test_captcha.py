"""The 2captcha client against the practice service, and against one that means harm."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from practice.server import PracticeServer
from practice.site import SITEKEY
from tests.census.sources.asking.loop import LoopThread
from vereda.census.sources.asking.captcha import CaptchaError, NoSolver, Solved, TooLateError, TwoCaptcha

KEY = "0123456789abcdef0123456789abcdef"


class Service:
    """A captcha service that answers as a test says, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"createTask": {"errorId": 0, "taskId": 7}, "getTaskResult": ready(), **answers}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.asked.append((method, await request.json()))
        answer = self.answers.get(method, {"errorId": 0})
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            response: web.StreamResponse = await answer(request)
            return response
        if isinstance(answer, dict):
            return web.json_response(answer)
        return web.Response(status=answer) if isinstance(answer, int) else web.Response(text=answer)

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[TwoCaptcha]:
        app = web.Application()
        app.router.add_post("/{method}", self.answer)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield TwoCaptcha(KEY, f"http://127.0.0.1:{runner.addresses[0][1]}", **{"poll_seconds": 0.01, **options})
        finally:
            await runner.cleanup()


def ready(**fields: Any) -> dict[str, Any]:
    return {
        "errorId": 0,
        "status": "ready",
        "solution": {"gRecaptchaResponse": "03AToken"},
        "cost": "0.00299",
        **fields,
    }


def refused(code: str) -> dict[str, Any]:
    return {"errorId": 12, "errorCode": code, "errorDescription": f"not with {KEY}"}


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def without_end(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 4096)


async def solve(client: TwoCaptcha | NoSolver, started: list[str] | None = None) -> Solved:
    async def note(task_id: str) -> None:
        if started is not None:
            started.append(task_id)

    return await client.solve("http://localhost/censo/consultar/", SITEKEY, on_started=note)


async def solve_at(service: Service, **options: Any) -> Solved:
    async with service.client(**options) as client:
        return await solve(client)


def reason_at(loop: LoopThread, service: Service, **options: Any) -> str:
    with pytest.raises(CaptchaError) as caught:
        loop.run(solve_at(service, **options))
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value.reason


def test_a_captcha_is_solved_at_the_practice_service(
    loop: LoopThread, site: PracticeServer, solver: TwoCaptcha
) -> None:
    started: list[str] = []
    solved = loop.run(solve(solver, started))
    assert solved.token.startswith("03A")
    assert solved.cost == Decimal("0.00299")
    assert started == [solved.task_id]
    assert solved.seconds > 0


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("sin-saldo", "the captcha service refused: ERROR_ZERO_BALANCE"),
        ("clave-mala", "the captcha service refused: ERROR_KEY_DOES_NOT_EXIST"),
        ("sin-cupo", "the captcha service refused: ERROR_NO_SLOT_AVAILABLE"),
        ("imposible", "the captcha service refused: ERROR_CAPTCHA_UNSOLVABLE"),
        ("http-502", "the captcha service answered HTTP 502 without a usable reply"),
        ("basura", "the captcha service answered HTTP 200 without a usable reply"),
        ("mudo", "the captcha service could not be reached (SocketTimeoutError)"),
        ("lento", "no captcha solution within 0.2 s: the service did not solve it"),
        ("", "the captcha service refused: ERROR_KEY_DOES_NOT_EXIST"),
    ],
)
def test_what_goes_wrong_at_the_service_is_named(loop: LoopThread, site: PracticeServer, key: str, reason: str) -> None:
    client = TwoCaptcha(key, site.captcha_url, poll_seconds=0.01, give_up_seconds=0.2, read_seconds=0.5)
    with pytest.raises(CaptchaError) as caught:
        loop.run(solve(client))
    assert caught.value.reason == reason


def test_the_request_says_what_the_protocol_wants(loop: LoopThread) -> None:
    service = Service()
    loop.run(solve_at(service))
    task = {
        "type": "RecaptchaV2TaskProxyless",
        "websiteURL": "http://localhost/censo/consultar/",
        "websiteKey": SITEKEY,
    }
    assert service.asked == [
        ("createTask", {"clientKey": KEY, "task": task}),
        ("getTaskResult", {"clientKey": KEY, "taskId": 7}),
    ]


def test_polling_outlives_every_passing_trouble(loop: LoopThread) -> None:
    processing = {"errorId": 0, "status": "processing"}
    troubles = [500, 502, "<html>", "[]", cut, hang, without_end, processing, {"errorId": 0, "status": "?"}, ready()]
    service = Service(getTaskResult=troubles)
    assert loop.run(solve_at(service, read_seconds=0.2)).token == "03AToken"
    assert service.methods().count("getTaskResult") == 10


def test_a_refusal_while_polling_is_final(loop: LoopThread) -> None:
    service = Service(getTaskResult=[refused("ERROR_CAPTCHA_UNSOLVABLE"), ready()])
    assert reason_at(loop, service) == "the captcha service refused: ERROR_CAPTCHA_UNSOLVABLE"


def test_no_free_worker_is_asked_for_again(loop: LoopThread) -> None:
    service = Service(createTask=[refused("ERROR_NO_SLOT_AVAILABLE"), {"errorId": 0, "taskId": "abc-1"}])
    assert loop.run(solve_at(service)).task_id == "abc-1"


def test_no_free_worker_is_not_asked_for_for_ever(loop: LoopThread) -> None:
    service = Service(createTask=refused("ERROR_NO_SLOT_AVAILABLE"))
    assert reason_at(loop, service) == "the captcha service refused: ERROR_NO_SLOT_AVAILABLE"
    assert service.methods() == ["createTask"] * 3


def test_a_task_whose_acceptance_got_lost_is_not_paid_twice(loop: LoopThread) -> None:
    service = Service(createTask=[cut, {"errorId": 0, "taskId": 8}])
    assert reason_at(loop, service).startswith("the captcha service could not be reached")
    assert service.methods() == ["createTask"]


def test_the_last_trouble_is_told_when_the_time_is_over(loop: LoopThread) -> None:
    reason = reason_at(loop, Service(getTaskResult=503), give_up_seconds=0.1)
    assert reason == "no captcha solution within 0.1 s: the service answered HTTP 503 without a usable reply"


@pytest.mark.parametrize("code", [KEY, "<b>", "ERROR_" + "X" * 80, None, 5])
def test_a_code_that_is_none_is_not_repeated(loop: LoopThread, code: Any) -> None:
    reason = reason_at(loop, Service(createTask={"errorId": 1, "errorCode": code}))
    assert reason == "the captcha service refused: an error without a known code"


@pytest.mark.parametrize("task_id", [None, True, [], "", "x" * 99, "../7", 1.5])
def test_a_task_without_a_usable_number_is_an_error(loop: LoopThread, task_id: Any) -> None:
    assert "without giving its number" in reason_at(loop, Service(createTask={"errorId": 0, "taskId": task_id}))


@pytest.mark.parametrize(
    "solution", [None, {}, "03A", {"token": ""}, {"token": 5}, {"token": "a\nb"}, {"token": "x" * 30000}]
)
def test_ready_without_a_token_is_an_error(loop: LoopThread, solution: Any) -> None:
    assert "without a token" in reason_at(loop, Service(getTaskResult=ready(solution=solution)))


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("0.00299", "0.00299"),
        (0.002, "0.002"),
        ("NaN", "0"),
        ("-1", "0"),
        ("1e99", "0"),
        ("x", "0"),
        (None, "0"),
        (True, "0"),
    ],
)
def test_the_cost_is_a_sane_amount(loop: LoopThread, cost: Any, expected: str) -> None:
    assert loop.run(solve_at(Service(getTaskResult=ready(cost=cost)))).cost == Decimal(expected)


def test_a_redirect_does_not_carry_the_key_elsewhere(loop: LoopThread) -> None:
    async def elsewhere(_: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("/stolen")

    service = Service(createTask=elsewhere)
    assert reason_at(loop, service) == "the captcha service answered HTTP 307 without a usable reply"
    assert service.methods() == ["createTask"]


def test_a_body_without_end_is_not_read_to_the_end(loop: LoopThread) -> None:
    assert "without a usable reply" in reason_at(loop, Service(createTask=without_end))


def test_an_address_that_is_none_is_an_error(loop: LoopThread) -> None:
    with pytest.raises(CaptchaError, match="could not be reached"):
        loop.run(solve(TwoCaptcha(KEY, "nonsense", poll_seconds=0.01)))


def test_a_service_that_is_not_there_is_an_error(loop: LoopThread) -> None:
    with pytest.raises(CaptchaError, match="could not be reached"):
        loop.run(solve(TwoCaptcha(KEY, "http://127.0.0.1:9", poll_seconds=0.01)))


async def resume_at(service: Service, task_id: str = "7", **options: Any) -> Solved:
    async with service.client(**options) as client:
        return await client.resume(task_id)


def ready_for(seconds: float) -> dict[str, Any]:
    """Return a solution that came so many seconds ago."""
    return ready(endTime=int(time.time() - seconds))


def test_a_captcha_that_was_bought_before_is_had_without_buying_another(loop: LoopThread) -> None:
    service = Service(getTaskResult=ready_for(5))
    solved = loop.run(resume_at(service))

    assert (solved.token, solved.task_id, solved.cost) == ("03AToken", "7", Decimal("0.00299"))
    assert service.asked == [("getTaskResult", {"clientKey": KEY, "taskId": 7})]


def test_a_captcha_that_was_bought_before_is_asked_for_at_once(loop: LoopThread) -> None:
    assert loop.run(resume_at(Service(getTaskResult=ready_for(5)), poll_seconds=30.0), seconds=10).token == "03AToken"


def test_a_captcha_that_was_bought_before_and_is_not_solved_yet_is_waited_for(loop: LoopThread) -> None:
    processing = {"errorId": 0, "status": "processing"}
    service = Service(getTaskResult=[processing, processing, ready_for(0)])

    assert loop.run(resume_at(service)).token == "03AToken"
    assert service.methods() == ["getTaskResult"] * 3


@pytest.mark.parametrize("trouble", [500, "<html>", cut, hang])
def test_trouble_at_the_first_question_for_it_is_outlived(loop: LoopThread, trouble: Any) -> None:
    service = Service(getTaskResult=[trouble, ready_for(5)])

    assert loop.run(resume_at(service, read_seconds=0.2)).token == "03AToken"


@pytest.mark.parametrize("age", [101, 121, 10_000])
def test_a_captcha_that_was_solved_too_long_ago_is_too_late(loop: LoopThread, age: int) -> None:
    with pytest.raises(TooLateError):
        loop.run(resume_at(Service(getTaskResult=ready_for(age))))


@pytest.mark.parametrize("age", [0, 60, 90])
def test_a_captcha_that_was_solved_lately_is_good_still(loop: LoopThread, age: int) -> None:
    assert loop.run(resume_at(Service(getTaskResult=ready_for(age)))).token == "03AToken"


@pytest.mark.parametrize("end_time", [None, "", "x", True, -1, 10**12, "NaN", {}, 0])
def test_a_solution_without_a_word_of_when_it_came_counts_as_too_late(loop: LoopThread, end_time: Any) -> None:
    with pytest.raises(TooLateError):
        loop.run(resume_at(Service(getTaskResult=ready(endTime=end_time))))


def test_an_end_time_that_comes_as_text_is_read(loop: LoopThread) -> None:
    service = Service(getTaskResult=ready(endTime=str(int(time.time()))))

    assert loop.run(resume_at(service)).token == "03AToken"


@pytest.mark.parametrize("code", ["ERROR_CAPTCHA_UNSOLVABLE", "ERROR_NO_SUCH_CAPCHA_ID", "ERROR_WRONG_CAPTCHA_ID"])
def test_a_captcha_that_failed_or_is_unknown_cannot_be_had(loop: LoopThread, code: str) -> None:
    with pytest.raises(CaptchaError) as caught:
        loop.run(resume_at(Service(getTaskResult=refused(code))))

    assert caught.value.reason == f"the captcha service refused: {code}"
    assert not isinstance(caught.value, TooLateError)


@pytest.mark.parametrize(
    ("kept", "sent"), [("79000000001", 79_000_000_001), ("abc-1", "abc-1"), ("9" * 19, "9" * 19), ("007x", "007x")]
)
def test_a_kept_number_goes_back_as_the_number_that_it_was(loop: LoopThread, kept: str, sent: int | str) -> None:
    service = Service(getTaskResult=ready_for(5))
    loop.run(resume_at(service, kept))

    assert service.asked == [("getTaskResult", {"clientKey": KEY, "taskId": sent})]


def test_a_captcha_that_was_bought_before_is_given_up_in_time_too(loop: LoopThread) -> None:
    with pytest.raises(CaptchaError, match=r"no captcha solution within 0.1 s"):
        loop.run(resume_at(Service(getTaskResult={"errorId": 0, "status": "processing"}), give_up_seconds=0.1))


def test_a_captcha_bought_at_the_practice_service_can_be_had_again(
    loop: LoopThread, site: PracticeServer, solver: TwoCaptcha
) -> None:
    bought = loop.run(solve(solver))

    assert loop.run(solver.resume(bought.task_id)).token == bought.token


def test_the_practice_service_does_not_know_a_task_of_another_key(
    loop: LoopThread, site: PracticeServer, solver: TwoCaptcha
) -> None:
    bought = loop.run(solve(solver))

    with pytest.raises(CaptchaError, match="ERROR_NO_SUCH_CAPCHA_ID"):
        loop.run(TwoCaptcha("otra-clave", site.captcha_url, poll_seconds=0.01).resume(bought.task_id))


def test_balance(loop: LoopThread, site: PracticeServer) -> None:
    assert loop.run(TwoCaptcha("una-clave", site.captcha_url).balance()) == Decimal("8.93958")
    assert loop.run(TwoCaptcha("sin-saldo", site.captcha_url).balance()) == 0


@pytest.mark.parametrize("answer", [500, "<html>", {"errorId": 0}, {"errorId": 0, "balance": "x"}, refused("ERROR_X")])
def test_a_balance_that_cannot_be_had_is_an_error(loop: LoopThread, answer: Any) -> None:
    async def ask() -> Decimal:
        async with Service(getBalance=answer).client() as client:
            return await client.balance()

    with pytest.raises(CaptchaError):
        loop.run(ask())


@pytest.mark.parametrize(("good", "method"), [(True, "reportCorrect"), (False, "reportIncorrect")])
def test_a_report_says_whether_the_token_was_good(loop: LoopThread, good: bool, method: str) -> None:
    service = Service()

    async def report() -> None:
        async with service.client() as client:
            await client.report("7", good=good)

    loop.run(report())
    assert service.asked == [(method, {"clientKey": KEY, "taskId": 7})]


@pytest.mark.parametrize("answer", [500, hang, cut, refused("ERROR_X"), "<html>"])
def test_a_report_that_gets_lost_raises_nothing(loop: LoopThread, answer: Any) -> None:
    async def report() -> None:
        async with Service(reportIncorrect=answer).client(read_seconds=0.1) as client:
            await client.report("7", good=False)

    loop.run(report())


def test_the_key_is_in_no_log_line_and_no_representation(loop: LoopThread, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for trouble in (cut, refused("ERROR_X"), "<html>", without_end):
        reason_at(loop, Service(createTask=trouble))
    loop.run(solve_at(Service()))
    assert KEY not in caplog.text
    assert KEY not in json.dumps(repr(TwoCaptcha(KEY)))


def test_without_a_solver_a_captcha_is_an_error(loop: LoopThread) -> None:
    with pytest.raises(CaptchaError, match="no captcha solver is configured"):
        loop.run(solve(NoSolver()))
    with pytest.raises(CaptchaError):
        loop.run(NoSolver().balance())
    with pytest.raises(CaptchaError):
        loop.run(NoSolver().resume("7"))
    loop.run(NoSolver().report("7", good=True))
