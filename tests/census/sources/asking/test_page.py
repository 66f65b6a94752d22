"""A lookup where the site, the network or the browser does what nobody hopes for."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import psutil
import pytest
from aiohttp import web

from practice.server import PracticeServer
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.asking.processes import chromiums, drivers, kill
from tests.census.sources.asking.stub_site import FIELDS, NONCE, SCRIPT, WIDGET, StubSite, found, hang, page
from tests.census.sources.asking.test_browser import open_contexts
from tests.census.sources.conftest import MakeSource
from tests.census.sources.reading.replies import CEDULA, FOUND, refusal, success
from vereda.census.sources.asking import browser as browser_module
from vereda.census.sources.asking import page as page_module
from vereda.census.sources.asking.browser import Browser
from vereda.census.sources.asking.captcha import CaptchaError, NoSolver, OnStarted, Solved, TooLateError
from vereda.census.sources.asking.dialects import form as form_module
from vereda.census.sources.asking.page import CensusSource
from vereda.census.sources.port import Failure, FailureKind, Fault, LookupHooks, Outcome, UnreachableError

TOO_LATE = TooLateError(Solved("03A-old", 1.0, Decimal("0.003"), "9"))


class PaperSolver:
    """Gives the token at once and remembers what was reported. `kept` says what becomes of captchas bought before."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.reports: list[tuple[str, bool]] = []
        self.kept: dict[str, Solved | CaptchaError] = {}

    async def solve(self, page_url: str, sitekey: str, *, on_started: OnStarted) -> Solved:
        self.pages.append(page_url)
        await on_started("1")
        return Solved("03A-paper", 0.0, Decimal(0), "1")

    async def resume(self, task_id: str) -> Solved:
        kept = self.kept[task_id]
        if isinstance(kept, CaptchaError):
            raise kept
        return kept

    async def report(self, task_id: str, *, good: bool) -> None:
        self.reports.append((task_id, good))

    async def balance(self) -> Decimal:
        return Decimal(0)


@pytest.fixture
def paper() -> PaperSolver:
    return PaperSolver()


@pytest.fixture
def look_up(loop: LoopThread, make_source: MakeSource, paper: PaperSolver) -> Callable[..., Outcome]:
    """Ask a stub site."""

    def ask(site: StubSite, *, seconds: float = 30.0) -> Outcome:
        async def at_site() -> Outcome:
            async with site.listening() as url:
                return await make_source(url, captcha=paper, seconds=seconds).lookup(LookupHooks(CEDULA))

        return loop.run(at_site())

    return ask


type LookUp = Callable[[StubSite], Outcome]


def answering(
    text: str, *, status: int = 200, charset: str = "utf-8"
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=text.encode(charset), status=status, content_type="application/json")

    return answer


def test_the_form_goes_with_its_nonce_the_current_place_and_nothing_foreign(look_up: LookUp) -> None:
    site = StubSite()
    assert look_up(site).status == "found"
    assert dict(site.forms[0]) == {"nuip": CEDULA, "tipo": "-1", "token": NONCE}


def test_the_nonce_is_the_one_that_the_page_has_when_it_is_sent(look_up: LookUp) -> None:
    rotated = NONCE[::-1]
    site = StubSite(page(script=f"{SCRIPT} document.querySelector('#nuip').oninput = () => token.value = '{rotated}';"))
    look_up(site)
    assert site.forms[0]["token"] == rotated


def test_a_form_without_the_current_place_is_a_parse_error_before_a_captcha_is_paid(
    look_up: LookUp, paper: PaperSolver
) -> None:
    site = StubSite(page(fields=FIELDS.replace('value="-1"', 'value="0"'), widget=WIDGET))
    outcome = look_up(site)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.PARSE_ERROR
    assert "option -1" in outcome.reason
    assert "UNA ELECCIÓN" in outcome.evidence
    assert NONCE not in outcome.evidence
    assert not paper.pages
    assert not site.forms


@pytest.mark.parametrize("part", ["nuip", "tipo", "token", "enviar"])
def test_a_form_that_lacks_a_part_is_no_known_form(look_up: LookUp, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "_FORM_SECONDS", 0.2)
    outcome = look_up(StubSite(page(fields=FIELDS.replace(f'id="{part}"', ""))))
    assert isinstance(outcome, Failure)
    assert outcome.reason == "the site answered a page without a known form (HTTP 200)"


def test_a_token_goes_along_even_if_the_captchas_own_script_never_comes(
    look_up: LookUp, paper: PaperSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_module, "_WIDGET_MILLISECONDS", 100)
    checked = SCRIPT.replace("fetch", "grecaptcha.getResponse() === '03A-paper' && fetch")
    site = StubSite(page(widget=WIDGET, script=checked))
    assert look_up(site).status == "found"
    assert site.forms[0]["g-recaptcha-response"] == "03A-paper"


def test_a_captcha_script_that_comes_late_does_not_lose_the_token(look_up: LookUp) -> None:
    late = """setTimeout(() => {
        document.querySelector('.g-recaptcha').innerHTML = '<textarea name="g-recaptcha-response" hidden></textarea>';
        window.grecaptcha = { getResponse: () => '' };
    }, 400);"""
    checked = SCRIPT.replace("fetch", "grecaptcha.getResponse() && fetch")
    site = StubSite(page(widget=WIDGET, script=late + checked))
    assert look_up(site).status == "found"
    assert site.forms[0].getall("g-recaptcha-response") == ["03A-paper"]


@pytest.mark.parametrize(
    ("complaint", "status"), [("Marque el cuadro (Captcha)", "captcha_failed"), ("Digite el número", "parse_error")]
)
def test_a_page_that_does_not_send_its_form_says_why(
    look_up: LookUp, paper: PaperSolver, monkeypatch: pytest.MonkeyPatch, complaint: str, status: str
) -> None:
    monkeypatch.setattr(form_module, "_SEND_SECONDS", 0.3)
    monkeypatch.setattr(form_module, "_WIDGET_MILLISECONDS", 100)
    site = StubSite(
        page(widget=WIDGET, script=SCRIPT.replace("fetch", f"div_warning.textContent = '{complaint}'; 0 && fetch"))
    )
    outcome = look_up(site)
    assert isinstance(outcome, Failure)
    assert outcome.status == status
    assert (outcome.evidence, outcome.reader) == (complaint, "")
    assert paper.reports == ([("1", False)] if status == "captcha_failed" else [])


def test_a_reply_that_cannot_be_read_is_kept_whole_with_its_reader(look_up: LookUp) -> None:
    outcome = look_up(StubSite(answer=answering(success("<table><tr><th>OTRA</th></tr></table>"))))

    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.reader) == (FailureKind.PARSE_ERROR, "ajax 200 application/json")
    assert outcome.evidence == success("<table><tr><th>OTRA</th></tr></table>")


@pytest.mark.parametrize(
    "script",
    [
        "document.querySelector = () => { throw new Error('cambió'); };",
        "Object.defineProperty(nuip, 'value', { set() { throw new Error('cambió'); } });",
    ],
)
def test_a_page_that_the_browser_could_not_use_is_kept(look_up: LookUp, script: str) -> None:
    outcome = look_up(StubSite(page(script=script)))

    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.reader) == (FailureKind.PARSE_ERROR, "")
    assert "UNA ELECCIÓN" in outcome.evidence
    assert NONCE not in outcome.evidence


def test_a_form_that_the_browser_sends_by_itself_is_judged_the_same(look_up: LookUp) -> None:
    assert look_up(StubSite(page(script=""))).status == "found"


def test_a_page_that_loads_itself_again_after_the_reply_is_not_loaded_again(look_up: LookUp) -> None:
    site = StubSite(page(script=SCRIPT.replace("reply.text()", "location.reload()")))
    assert look_up(site).status == "found"
    assert site.loads == 1


def test_a_reply_in_the_old_encoding_is_read(look_up: LookUp) -> None:
    text = '{"success":true,"data":{"message":"' + FOUND + '"}}'
    outcome = look_up(StubSite(answer=answering(text, charset="latin-1")))
    assert getattr(outcome, "municipio", outcome) == "EL PEÑOL"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(301, "parse_error"), (403, "blocked"), (404, "parse_error"), (429, "blocked"), (503, "network_error")],
)
def test_an_empty_reply_is_judged_by_its_http_status(look_up: LookUp, status: int, expected: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/otra"} if status == 301 else {})

    assert look_up(StubSite(answer=answer)).status == expected


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

    assert look_up(StubSite(page(script=script), answer)).status == "network_error"


def test_a_reply_that_never_ends_costs_the_budget_and_no_more(
    loop: LoopThread, look_up: Callable[..., Outcome]
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"success":')
        return await hang(request)

    assert look_up(StubSite(answer=answer), seconds=4).status == "timeout"


def test_somebody_elses_answer_is_no_answer(look_up: LookUp) -> None:
    assert look_up(StubSite(answer=answering(success(FOUND.replace(CEDULA, "19999999"))))).status == "parse_error"


def test_a_dialog_of_the_page_does_not_stop_the_lookup(look_up: LookUp) -> None:
    assert look_up(StubSite(page(script=SCRIPT + "alert('Aviso');"))).status == "found"


def test_a_page_that_is_a_download_is_a_failure(loop: LoopThread, make_source: MakeSource) -> None:
    async def at_site() -> Outcome:
        async def download(_: web.Request) -> web.Response:
            return web.Response(body=b"x", headers={"Content-Disposition": "attachment; filename=x.bin"})

        async with StubSite(load=download).listening() as url:
            return await make_source(url).lookup(LookupHooks(CEDULA))

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
    outcome = loop.run(make_source(url).lookup(LookupHooks(CEDULA)))
    assert isinstance(outcome, Failure)
    assert outcome.status == "network_error"
    assert code in outcome.reason


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/x", "chrome://crash"])
def test_an_address_that_is_none_is_a_failure(loop: LoopThread, make_source: MakeSource, url: str) -> None:
    assert isinstance(loop.run(make_source(url).lookup(LookupHooks(CEDULA))), Failure)


def test_a_page_with_a_captcha_and_nobody_to_solve_it_is_a_captcha_failure(
    loop: LoopThread, make_source: MakeSource
) -> None:
    outcome = loop.run(make_source(captcha=NoSolver()).lookup(LookupHooks(CEDULA)))
    reason = "the page asks for a captcha and no captcha solver is configured"
    assert outcome == Failure(FailureKind.CAPTCHA_FAILED, reason, fault=Fault.NO_SOLVER)


def test_a_machine_without_a_browser_is_a_failure_and_not_an_exception(loop: LoopThread) -> None:
    source = CensusSource("x", "http://127.0.0.1:9/", browser=Browser("/nowhere"), solver=NoSolver())
    outcome = loop.run(source.lookup(LookupHooks(CEDULA)))
    reason = "no browser: neither Chromium nor Chrome was found"
    assert outcome == Failure(FailureKind.NETWORK_ERROR, reason, fault=Fault.NO_BROWSER)


def test_the_page_is_asked_for_only_after_leave_was_given(loop: LoopThread, make_source: MakeSource) -> None:
    site = StubSite()
    loads_at_leave: list[int] = []

    class Hooks(LookupHooks):
        async def begin(self) -> str:
            loads_at_leave.append(site.loads)
            await asyncio.sleep(0.5)
            loads_at_leave.append(site.loads)
            return await super().begin()

    async def at_site() -> None:
        async with site.listening() as url:
            await make_source(url).lookup(Hooks(CEDULA))

    loop.run(at_site())
    assert loads_at_leave == [0, 0]
    assert site.loads == 1


def test_whoever_waits_is_told_that_the_request_has_left_before_any_answer_to_it(
    loop: LoopThread, make_source: MakeSource
) -> None:
    is_told = asyncio.Event()

    class Hooks(LookupHooks):
        def opened(self) -> None:
            is_told.set()

    async def answer_once_told(request: web.Request) -> web.StreamResponse:
        await is_told.wait()
        return web.Response(text=page(), content_type="text/html")

    async def at_site() -> Outcome:
        async with StubSite(load=answer_once_told).listening() as url:
            return await make_source(url, seconds=10).lookup(Hooks(CEDULA))

    assert loop.run(at_site()).status == "found"


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
def test_a_page_that_got_no_leave_is_never_asked_for(
    loop: LoopThread, make_source: MakeSource, error: type[BaseException]
) -> None:
    site = StubSite()

    class Hooks(LookupHooks):
        async def begin(self) -> str:
            raise error

    async def at_site() -> None:
        async with site.listening() as url:
            with pytest.raises(error):
                await make_source(url).lookup(Hooks(CEDULA))
            await asyncio.sleep(0.3)

    loop.run(at_site())
    assert site.loads == 0


def test_leave_is_for_one_page_only(loop: LoopThread, make_source: MakeSource) -> None:
    site = StubSite()
    may_leave = asyncio.Event()

    class Waiting(LookupHooks):
        async def begin(self) -> str:
            await may_leave.wait()
            return await super().begin()

    async def at_site() -> list[int]:
        async with site.listening() as url:
            source = make_source(url)
            waiting = asyncio.create_task(source.lookup(Waiting(CEDULA)))
            await source.lookup(LookupHooks(CEDULA))
            loads = [site.loads]
            may_leave.set()
            await waiting
            return [*loads, site.loads]

    assert loop.run(at_site()) == [1, 2]


def test_waiting_for_leave_is_not_counted_against_the_budget(loop: LoopThread, make_source: MakeSource) -> None:
    site = StubSite(load=hang)

    class Slow(LookupHooks):
        async def begin(self) -> str:
            await asyncio.sleep(1.2)
            return await super().begin()

    async def at_site() -> Outcome:
        async with site.listening() as url:
            return await make_source(url, seconds=1).lookup(Slow(CEDULA))

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
        async with StubSite(page(widget=WIDGET)).listening() as url:
            await make_source(url, captcha=paper).lookup(Broken(CEDULA))

    with pytest.raises(error):
        loop.run(at_site())


class Kept(LookupHooks):
    """Somebody who has a captcha left from an earlier attempt, and writes down what happens to it."""

    def __init__(self, task_id: str = "9", *, may_buy: bool = True) -> None:
        super().__init__(CEDULA)
        self.captcha_task = task_id
        self.may_buy_captcha = may_buy
        self.told: list[str] = []

    async def captcha_started(self, task_id: str) -> None:
        self.told.append(f"started {task_id}")

    async def captcha_solved(self, seconds: float, cost: Decimal) -> None:
        self.told.append("solved")

    async def captcha_dropped(self) -> None:
        self.told.append("dropped")


@pytest.fixture
def ask_for(loop: LoopThread, make_source: MakeSource, paper: PaperSolver) -> Callable[..., Outcome]:
    """Ask a stub site with hooks of the test's own."""

    def ask(site: StubSite, hooks: LookupHooks) -> Outcome:
        async def at_site() -> Outcome:
            async with site.listening() as url:
                return await make_source(url, captcha=paper).lookup(hooks)

        return loop.run(at_site())

    return ask


type AskFor = Callable[[StubSite, LookupHooks], Outcome]


@pytest.fixture
def site_with_captcha(monkeypatch: pytest.MonkeyPatch) -> StubSite:
    monkeypatch.setattr(form_module, "_WIDGET_MILLISECONDS", 100)
    return StubSite(page(widget=WIDGET))


def token_sent(site: StubSite) -> object:
    (form,) = site.forms
    return form["g-recaptcha-response"]


@pytest.mark.parametrize("may_buy", [True, False])
def test_a_captcha_that_was_paid_for_before_is_used_and_none_is_bought(
    ask_for: AskFor, paper: PaperSolver, site_with_captcha: StubSite, may_buy: bool
) -> None:
    paper.kept["9"] = Solved("03A-kept", 1.5, Decimal("0.003"), "9")
    hooks = Kept(may_buy=may_buy)

    assert ask_for(site_with_captcha, hooks).status == "found"
    assert token_sent(site_with_captcha) == "03A-kept"
    assert hooks.told == ["solved", "dropped"]
    assert (paper.pages, paper.reports) == ([], [])


def test_a_captcha_that_is_too_old_is_complained_about_and_another_one_bought(
    ask_for: AskFor, paper: PaperSolver, site_with_captcha: StubSite
) -> None:
    paper.kept["9"] = TOO_LATE
    hooks = Kept()

    assert ask_for(site_with_captcha, hooks).status == "found"
    assert token_sent(site_with_captcha) == "03A-paper"
    assert paper.reports == [("9", False)]
    assert hooks.told == ["solved", "dropped", "started 1", "solved", "dropped"]


def test_a_captcha_that_could_not_be_solved_is_no_reason_to_complain_and_another_one_is_bought(
    ask_for: AskFor, paper: PaperSolver, site_with_captcha: StubSite
) -> None:
    paper.kept["9"] = CaptchaError("the captcha service refused: ERROR_CAPTCHA_UNSOLVABLE")
    hooks = Kept()

    assert ask_for(site_with_captcha, hooks).status == "found"
    assert paper.reports == []
    assert hooks.told == ["dropped", "started 1", "solved", "dropped"]


@pytest.mark.parametrize(("error", "told"), [(TOO_LATE, ["solved", "dropped"]), (CaptchaError("refused"), ["dropped"])])
def test_without_leave_to_buy_and_with_nothing_good_left_the_form_is_not_sent(
    ask_for: AskFor, paper: PaperSolver, site_with_captcha: StubSite, error: CaptchaError, told: list[str]
) -> None:
    paper.kept["9"] = error
    hooks = Kept(may_buy=False)

    reason = "this lookup has bought all the captchas that it may"
    assert ask_for(site_with_captcha, hooks) == Failure(FailureKind.CAPTCHA_FAILED, reason)
    assert hooks.told == told
    assert (paper.pages, site_with_captcha.forms) == ([], [])


def test_without_leave_to_buy_none_is_bought(ask_for: AskFor, paper: PaperSolver, site_with_captcha: StubSite) -> None:
    assert ask_for(site_with_captcha, Kept("", may_buy=False)).status == "captcha_failed"
    assert (paper.pages, paper.reports, site_with_captcha.forms) == ([], [], [])


def test_a_page_without_a_captcha_leaves_the_one_that_was_paid_for_where_it_is(
    ask_for: AskFor, paper: PaperSolver
) -> None:
    hooks = Kept()

    assert ask_for(StubSite(), hooks).status == "found"
    assert hooks.told == []


def test_a_captcha_counts_as_used_right_before_it_is_sent(ask_for: AskFor, site_with_captcha: StubSite) -> None:
    class Noting(Kept):
        async def captcha_dropped(self) -> None:
            forms_before.append(len(site_with_captcha.forms))

    forms_before: list[int] = []
    ask_for(site_with_captcha, Noting(""))

    assert forms_before == [0]
    assert len(site_with_captcha.forms) == 1


def test_a_captcha_that_cannot_be_written_down_as_used_is_not_sent(
    ask_for: AskFor, site_with_captcha: StubSite
) -> None:
    class Broken(Kept):
        async def captcha_dropped(self) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_for(site_with_captcha, Broken(""))
    assert site_with_captcha.forms == []


def test_a_kept_captcha_that_the_site_refuses_is_complained_about_by_its_own_number(
    ask_for: AskFor, paper: PaperSolver, site_with_captcha: StubSite
) -> None:
    paper.kept["9"] = Solved("03A-kept", 1.5, Decimal("0.003"), "9")
    site_with_captcha.answer = answering(refusal("Verifique el captcha"))

    assert ask_for(site_with_captcha, Kept()).status == "captcha_failed"
    assert paper.reports == [("9", False)]


def test_an_attempt_that_stops_while_its_captcha_is_solved_leaves_it_to_the_next(
    loop: LoopThread, make_source: MakeSource, site: PracticeServer
) -> None:
    class Note(Kept):
        async def captcha_started(self, task_id: str) -> None:
            self.captcha_task = task_id
            started.set()
            await asyncio.Event().wait()

    async def stop_and_begin_again() -> str:
        first = Note("")
        attempt = asyncio.create_task(make_source().lookup(first))
        await started.wait()
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        outcome = await make_source().lookup(Kept(first.captcha_task, may_buy=False))
        return outcome.status

    started = asyncio.Event()
    assert loop.run(stop_and_begin_again()) == "found"


def test_a_cancelled_lookup_closes_its_page_and_lets_the_cancellation_pass(loop: LoopThread) -> None:
    browser = Browser()

    async def cancel_while_it_waits_for_the_reply() -> None:
        site = StubSite(answer=hang)
        async with site.listening() as url:
            source = CensusSource("x", url, browser=browser, solver=NoSolver())
            task = asyncio.create_task(source.lookup(LookupHooks(CEDULA)))
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
        site = StubSite(answer=kill_the_browser)
        async with site.listening() as url:
            source = CensusSource("x", url, browser=Browser(), solver=NoSolver())
            first = await source.lookup(LookupHooks(CEDULA))
            site.answer = found
            second = await source.lookup(LookupHooks(CEDULA))
            await source.close()
        return [first.status, second.status]

    assert loop.run(look_up_twice()) == ["network_error", "found"]


def test_a_check_without_a_form_says_what_was_found(loop: LoopThread, make_source: MakeSource) -> None:
    for query, words in {"desconocido": "without a known form", "corte": "could not be reached"}.items():
        with pytest.raises(UnreachableError, match=words):
            loop.run(make_source(query=f"?animo={query}").check())
    with pytest.raises(UnreachableError, match="did not load in time"):
        loop.run(make_source(query="?animo=sin-respuesta", seconds=0.5).check())


@pytest.mark.parametrize(
    ("widget", "captcha"),
    [("", "no captcha"), (WIDGET, "captcha reCAPTCHA v2"), (WIDGET.replace("6L", "x"), "captcha of an unknown kind")],
)
def test_a_check_names_dialect_captcha_and_time_and_asks_about_nobody(
    loop: LoopThread, make_source: MakeSource, widget: str, captcha: str
) -> None:
    site = StubSite(page(widget=widget))

    async def at_site() -> str:
        async with site.listening() as url:
            return await make_source(url).check()

    met = loop.run(at_site())
    assert "a form of the ajax kind at http://127.0.0.1:" in met
    assert f", {captcha}, in " in met
    assert not site.forms


def test_a_check_says_that_nobody_could_solve_the_pages_captcha(loop: LoopThread, make_source: MakeSource) -> None:
    with pytest.raises(UnreachableError, match="no captcha solver is configured"):
        loop.run(make_source(captcha=NoSolver()).check())


FROZEN = Failure(FailureKind.NETWORK_ERROR, "the browser went away during the lookup", fault=Fault.BROWSER_LOST)


class Freezing(LookupHooks):
    """Freezes the browser at a stage of the lookup, as when the machine has no memory left."""

    def __init__(self, stage: str, freeze: Callable[[], None]) -> None:
        super().__init__(CEDULA)
        self._stage = stage
        self._freeze = freeze

    def reach(self, stage: str) -> None:
        if stage == self._stage:
            self._stage = ""
            self._freeze()

    async def begin(self) -> str:
        self.reach("page ready")
        return await super().begin()

    def opened(self) -> None:
        self.reach("request sent")

    async def captcha_started(self, task_id: str) -> None:
        self.reach("captcha bought")

    async def captcha_dropped(self) -> None:
        self.reach("form about to be sent")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_module, "_PULSE_SECONDS", 0.2)
    monkeypatch.setattr(browser_module, "_FROZEN_SECONDS", 1.5)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stage", ["page ready", "request sent", "captcha bought", "form about to be sent", "reply"])
def test_a_browser_that_freezes_at_any_stage_is_killed_by_a_fault_of_ours_and_the_next_lookup_works(
    loop: LoopThread, paper: PaperSolver, stage: str
) -> None:
    before = chromiums()

    async def answer(request: web.Request) -> web.StreamResponse:
        hooks.reach("reply")
        return await found(request)

    def freeze() -> None:
        for pid in chromiums() - before:
            psutil.Process(pid).suspend()

    async def look_up_twice() -> list[Outcome]:
        site = StubSite(page(widget=WIDGET), answer=answer)
        async with site.listening() as url:
            source = CensusSource("x", url, browser=Browser(), solver=paper, timeout_seconds=60)
            first = await source.lookup(hooks)
            second = await source.lookup(LookupHooks(CEDULA))
            await source.close()
            return [first, second]

    hooks = Freezing(stage, freeze)
    first, second = loop.run(look_up_twice(), seconds=60)
    assert (first, second.status) == (FROZEN, "found")
    assert chromiums() == before


@pytest.mark.usefixtures("impatient")
def test_a_browser_that_freezes_between_two_lookups_is_replaced_before_a_page_opens(
    loop: LoopThread, paper: PaperSolver
) -> None:
    before = chromiums()

    async def look_up_twice() -> list[str]:
        async with StubSite().listening() as url:
            source = CensusSource("x", url, browser=Browser(), solver=paper, timeout_seconds=60)
            first = await source.lookup(LookupHooks(CEDULA))
            for pid in chromiums() - before:
                psutil.Process(pid).suspend()
            second = await source.lookup(LookupHooks(CEDULA))
            await source.close()
            return [first.status, second.status]

    assert loop.run(look_up_twice(), seconds=60) == ["found", "found"]
