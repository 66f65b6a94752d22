"""A lookup where the site, the network or the browser does what nobody hopes for."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from aiohttp import web

from tests.census.sources.bent_site import FIELDS, NONCE, SCRIPT, WIDGET, BentSite, found, hang, page
from tests.census.sources.conftest import MakeSource
from tests.census.sources.loop import LoopThread
from tests.census.sources.processes import chromiums, drivers, kill
from tests.census.sources.replies import CEDULA, FOUND, success
from tests.census.sources.test_browser import open_contexts
from vereda.census.sources.browser import Browser
from vereda.census.sources.captcha import NoSolver, OnStarted, Solved
from vereda.census.sources.census import CensusSource
from vereda.census.sources.dialects import ajax
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome, UnreachableError


class PaperSolver:
    """Gives the token at once and remembers what was reported."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.reports: list[tuple[str, bool]] = []

    async def solve(self, page_url: str, sitekey: str, *, on_started: OnStarted) -> Solved:
        self.pages.append(page_url)
        await on_started("1")
        return Solved("03A-paper", 0.0, Decimal(0), "1")

    async def report(self, task_id: str, *, good: bool) -> None:
        self.reports.append((task_id, good))

    async def balance(self) -> Decimal:
        return Decimal(0)


@pytest.fixture
def paper() -> PaperSolver:
    return PaperSolver()


@pytest.fixture
def look_up(loop: LoopThread, make_source: MakeSource, paper: PaperSolver) -> Callable[..., Outcome]:
    """Ask a bent site."""

    def ask(site: BentSite, *, seconds: float = 30.0) -> Outcome:
        async def at_site() -> Outcome:
            async with site.listening() as url:
                return await make_source(url, captcha=paper, seconds=seconds).lookup(CEDULA, LookupHooks())

        return loop.run(at_site())

    return ask


type LookUp = Callable[[BentSite], Outcome]


def answering(
    text: str, *, status: int = 200, charset: str = "utf-8"
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=text.encode(charset), status=status, content_type="application/json")

    return answer


def test_the_form_goes_with_its_nonce_the_current_place_and_nothing_foreign(look_up: LookUp) -> None:
    site = BentSite()
    assert look_up(site).status == "found"
    assert dict(site.forms[0]) == {"nuip": CEDULA, "tipo": "-1", "token": NONCE}


def test_the_nonce_is_the_one_that_the_page_has_when_it_is_sent(look_up: LookUp) -> None:
    rotated = NONCE[::-1]
    site = BentSite(page(script=f"{SCRIPT} document.querySelector('#nuip').oninput = () => token.value = '{rotated}';"))
    look_up(site)
    assert site.forms[0]["token"] == rotated


def test_a_form_without_the_current_place_is_a_parse_error_before_a_captcha_is_paid(
    look_up: LookUp, paper: PaperSolver
) -> None:
    site = BentSite(page(fields=FIELDS.replace('value="-1"', 'value="0"'), widget=WIDGET))
    outcome = look_up(site)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.PARSE_ERROR
    assert "option -1" in outcome.reason
    assert "UNA ELECCIÓN" in outcome.evidence
    assert NONCE not in outcome.evidence
    assert not paper.pages
    assert not site.forms


@pytest.mark.parametrize("part", ["nuip", "tipo", "token", "enviar"])
def test_a_form_that_lacks_a_part_is_no_known_form(look_up: LookUp, part: str) -> None:
    outcome = look_up(BentSite(page(fields=FIELDS.replace(f'id="{part}"', ""))))
    assert isinstance(outcome, Failure)
    assert outcome.reason == "the site answered a page without a known form (HTTP 200)"


def test_a_token_goes_along_even_if_the_captchas_own_script_never_comes(
    look_up: LookUp, paper: PaperSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ajax, "_WIDGET_MILLISECONDS", 100)
    checked = SCRIPT.replace("fetch", "grecaptcha.getResponse() === '03A-paper' && fetch")
    site = BentSite(page(widget=WIDGET, script=checked))
    assert look_up(site).status == "found"
    assert site.forms[0]["g-recaptcha-response"] == "03A-paper"


def test_a_captcha_script_that_comes_late_does_not_lose_the_token(look_up: LookUp) -> None:
    late = """setTimeout(() => {
        document.querySelector('.g-recaptcha').innerHTML = '<textarea name="g-recaptcha-response" hidden></textarea>';
        window.grecaptcha = { getResponse: () => '' };
    }, 400);"""
    checked = SCRIPT.replace("fetch", "grecaptcha.getResponse() && fetch")
    site = BentSite(page(widget=WIDGET, script=late + checked))
    assert look_up(site).status == "found"
    assert site.forms[0].getall("g-recaptcha-response") == ["03A-paper"]


@pytest.mark.parametrize(
    ("complaint", "status"), [("Marque el cuadro (Captcha)", "captcha_failed"), ("Digite el número", "parse_error")]
)
def test_a_page_that_does_not_send_its_form_says_why(
    look_up: LookUp, paper: PaperSolver, monkeypatch: pytest.MonkeyPatch, complaint: str, status: str
) -> None:
    monkeypatch.setattr(ajax, "_SEND_SECONDS", 0.3)
    monkeypatch.setattr(ajax, "_WIDGET_MILLISECONDS", 100)
    site = BentSite(
        page(widget=WIDGET, script=SCRIPT.replace("fetch", f"div_warning.textContent = '{complaint}'; 0 && fetch"))
    )
    outcome = look_up(site)
    assert isinstance(outcome, Failure)
    assert outcome.status == status
    assert outcome.evidence == complaint
    assert paper.reports == ([("1", False)] if status == "captcha_failed" else [])


def test_a_form_that_the_browser_sends_by_itself_is_judged_the_same(look_up: LookUp) -> None:
    assert look_up(BentSite(page(script=""))).status == "found"


def test_a_page_that_loads_itself_again_after_the_reply_is_not_loaded_again(look_up: LookUp) -> None:
    site = BentSite(page(script=SCRIPT.replace("reply.text()", "location.reload()")))
    assert look_up(site).status == "found"
    assert site.loads == 1


def test_a_reply_in_the_old_encoding_is_read(look_up: LookUp) -> None:
    text = '{"success":true,"data":{"message":"' + FOUND + '"}}'
    outcome = look_up(BentSite(answer=answering(text, charset="latin-1")))
    assert getattr(outcome, "municipio", outcome) == "EL PEÑOL"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(301, "parse_error"), (403, "blocked"), (404, "parse_error"), (429, "blocked"), (503, "network_error")],
)
def test_an_empty_reply_is_judged_by_its_http_status(look_up: LookUp, status: int, expected: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/otra"} if status == 301 else {})

    assert look_up(BentSite(answer=answer)).status == expected


@pytest.mark.parametrize("headers", [{"Content-Length": "5000"}, {"Transfer-Encoding": "chunked"}])
@pytest.mark.parametrize("script", [SCRIPT, ""])
def test_a_reply_that_is_cut_short_is_no_answer(look_up: LookUp, headers: dict[str, str], script: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(success(FOUND)[:300].encode())
        assert request.transport is not None
        request.transport.close()
        return response

    assert look_up(BentSite(page(script=script), answer)).status == "network_error"


def test_a_reply_that_never_ends_costs_the_budget_and_no_more(
    loop: LoopThread, look_up: Callable[..., Outcome]
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"success":')
        return await hang(request)

    assert look_up(BentSite(answer=answer), seconds=4).status == "timeout"


def test_somebody_elses_answer_is_no_answer(look_up: LookUp) -> None:
    assert look_up(BentSite(answer=answering(success(FOUND.replace(CEDULA, "19999999"))))).status == "parse_error"


def test_a_dialog_of_the_page_does_not_stop_the_lookup(look_up: LookUp) -> None:
    assert look_up(BentSite(page(script=SCRIPT + "alert('Aviso');"))).status == "found"


def test_a_page_that_is_a_download_is_a_failure(loop: LoopThread, make_source: MakeSource) -> None:
    async def at_site() -> Outcome:
        async def download(_: web.Request) -> web.Response:
            return web.Response(body=b"x", headers={"Content-Disposition": "attachment; filename=x.bin"})

        async with BentSite(load=download).listening() as url:
            return await make_source(url).lookup(CEDULA, LookupHooks())

    assert loop.run(at_site()).status in {"parse_error", "network_error"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:9/censo/", "ERR_"),
        ("http://nowhere.invalid/censo/", "ERR_NAME_NOT_RESOLVED"),
    ],
)
def test_a_site_that_is_not_there_is_a_network_error(
    loop: LoopThread, make_source: MakeSource, url: str, code: str
) -> None:
    outcome = loop.run(make_source(url).lookup(CEDULA, LookupHooks()))
    assert isinstance(outcome, Failure)
    assert outcome.status == "network_error"
    assert code in outcome.reason


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/x", "chrome://crash"])
def test_an_address_that_is_none_is_a_failure(loop: LoopThread, make_source: MakeSource, url: str) -> None:
    assert isinstance(loop.run(make_source(url).lookup(CEDULA, LookupHooks())), Failure)


def test_a_page_with_a_captcha_and_nobody_to_solve_it_is_a_captcha_failure(
    loop: LoopThread, make_source: MakeSource
) -> None:
    outcome = loop.run(make_source(captcha=NoSolver()).lookup(CEDULA, LookupHooks()))
    reason = "the page asks for a captcha and no captcha solver is configured"
    assert outcome == Failure(FailureKind.CAPTCHA_FAILED, reason)


def test_a_machine_without_a_browser_is_a_failure_and_not_an_exception(loop: LoopThread) -> None:
    source = CensusSource("x", "http://127.0.0.1:9/", browser=Browser("/nowhere"), solver=NoSolver())
    outcome = loop.run(source.lookup(CEDULA, LookupHooks()))
    reason = "no browser: neither Chromium nor Chrome was found"
    assert outcome == Failure(FailureKind.NETWORK_ERROR, reason)


def test_the_page_is_asked_for_only_after_leave_was_given(loop: LoopThread, make_source: MakeSource) -> None:
    site = BentSite()
    loads_at_leave: list[int] = []

    class Hooks(LookupHooks):
        async def before_open(self) -> None:
            loads_at_leave.append(site.loads)

    async def at_site() -> None:
        async with site.listening() as url:
            await make_source(url).lookup(CEDULA, Hooks())

    loop.run(at_site())
    assert loads_at_leave == [0]
    assert site.loads == 1


def test_waiting_for_leave_is_not_counted_against_the_budget(loop: LoopThread, make_source: MakeSource) -> None:
    site = BentSite(load=hang)

    class Slow(LookupHooks):
        async def before_open(self) -> None:
            await asyncio.sleep(1.2)

    async def at_site() -> Outcome:
        async with site.listening() as url:
            return await make_source(url, seconds=1).lookup(CEDULA, Slow())

    assert loop.run(at_site()).status == "timeout"
    assert site.loads == 1


@pytest.mark.parametrize("error", [ZeroDivisionError, TimeoutError])
def test_what_a_captcha_hook_raises_passes(
    loop: LoopThread, make_source: MakeSource, paper: PaperSolver, error: type[Exception]
) -> None:
    class Broken(LookupHooks):
        async def captcha_started(self, task_id: str) -> None:
            raise error

    async def at_site() -> None:
        async with BentSite(page(widget=WIDGET)).listening() as url:
            await make_source(url, captcha=paper).lookup(CEDULA, Broken())

    with pytest.raises(error):
        loop.run(at_site())


def test_a_cancelled_lookup_closes_its_page_and_lets_the_cancellation_pass(loop: LoopThread) -> None:
    browser = Browser()

    async def cancel_while_it_waits_for_the_reply() -> None:
        site = BentSite(answer=hang)
        async with site.listening() as url:
            source = CensusSource("x", url, browser=browser, solver=NoSolver())
            task = asyncio.create_task(source.lookup(CEDULA, LookupHooks()))
            await site.is_asked.wait()
            assert open_contexts(browser) == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert open_contexts(browser) == 0
        await source.close()

    loop.run(cancel_while_it_waits_for_the_reply())


@pytest.mark.parametrize("victims", [chromiums, drivers])
def test_a_browser_killed_in_the_middle_is_a_network_error_and_the_next_lookup_works(
    loop: LoopThread, victims: Callable[[], set[int]]
) -> None:
    before = victims()

    async def kill_the_browser(request: web.Request) -> web.StreamResponse:
        kill(victims() - before)
        return await hang(request)

    async def look_up_twice() -> list[str]:
        site = BentSite(answer=kill_the_browser)
        async with site.listening() as url:
            source = CensusSource("x", url, browser=Browser(), solver=NoSolver())
            first = await source.lookup(CEDULA, LookupHooks())
            site.answer = found
            second = await source.lookup(CEDULA, LookupHooks())
            await source.close()
        return [first.status, second.status]

    assert loop.run(look_up_twice()) == ["network_error", "found"]


def test_a_knock_that_meets_no_form_says_what_was_met(loop: LoopThread, make_source: MakeSource) -> None:
    for query, words in {"desconocido": "without a known form", "corte": "could not be reached"}.items():
        with pytest.raises(UnreachableError, match=words):
            loop.run(make_source(query=f"?animo={query}").knock())
    with pytest.raises(UnreachableError, match="did not load in time"):
        loop.run(make_source(query="?animo=sin-respuesta", seconds=0.5).knock())
