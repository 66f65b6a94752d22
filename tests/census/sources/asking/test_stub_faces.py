"""The HTML and the JSON face where page or site do what nobody has seen, and pages that are no face at all."""

from collections.abc import Callable

import pytest
from aiohttp import web

from practice.site import Face
from tests.census.sources.asking.loop import LoopThread
from tests.census.sources.asking.stub_faces import (
    CURRENT,
    FACE_PAGES,
    HTML_FORM,
    HTML_SCRIPT,
    JSON_FORM,
    JSON_SCRIPT,
    html_page,
    json_page,
    stub_face,
)
from tests.census.sources.asking.stub_site import WIDGET, Answer, StubSite
from tests.census.sources.asking.test_page import PaperSolver
from tests.census.sources.conftest import MakeSource
from tests.census.sources.reading.replies import BLOCK_PAGE, CEDULA, FOUND, NOT_FOUND
from vereda.census.sources.asking import page
from vereda.census.sources.asking.dialects import form as form_module
from vereda.census.sources.asking.dialects import json as json_module
from vereda.census.sources.port import Failure, FailureKind, LookupHooks, Outcome

type LookUp = Callable[[StubSite], Outcome]

FOUND_JSON = {
    "ok": True,
    "encontrado": True,
    "data": {"NUIP": int(CEDULA), "nom_mun": "A", "nom_puesto": "B", "mesa": 7},
}


@pytest.fixture
def paper() -> PaperSolver:
    return PaperSolver()


@pytest.fixture
def look_up(loop: LoopThread, make_source: MakeSource, paper: PaperSolver, monkeypatch: pytest.MonkeyPatch) -> LookUp:
    monkeypatch.setattr(page, "_FORM_SECONDS", 1)
    monkeypatch.setattr(json_module, "_ELECTIONS_SECONDS", 1)
    monkeypatch.setattr(form_module, "_WIDGET_MILLISECONDS", 100)
    monkeypatch.setattr(form_module, "_SEND_SECONDS", 1)

    def ask(site: StubSite) -> Outcome:
        async def at_site() -> Outcome:
            async with site.listening() as url:
                return await make_source(url, captcha=paper).lookup(LookupHooks(CEDULA))

        return loop.run(at_site())

    return ask


def answering(text: str, media_type: str = "text/html") -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=media_type)

    return answer


async def found_json(_: web.Request) -> web.StreamResponse:
    return web.json_response(FOUND_JSON)


def failure_of(outcome: Outcome) -> tuple[FailureKind, str]:
    assert isinstance(outcome, Failure), outcome
    return outcome.kind, outcome.reason


def test_an_html_form_goes_with_the_current_place_wherever_it_stands_in_the_list(look_up: LookUp) -> None:
    site = stub_face(Face.HTML, answering(f"<!DOCTYPE html><div id=success>{FOUND}</div>"))
    assert look_up(site).status == "found"
    assert dict(site.forms[0]) == {"documento": CEDULA, "cual": "9"}


@pytest.mark.parametrize(("reply", "status"), [(FOUND, "found"), (NOT_FOUND, "not_found"), ("", "parse_error")])
def test_an_html_form_whose_script_fetches_a_piece_of_html_is_read_as_well(
    look_up: LookUp, reply: str, status: str
) -> None:
    assert look_up(stub_face(Face.HTML, answering(reply), html=html_page(script=HTML_SCRIPT))).status == status


def test_an_answer_at_another_address_is_followed(look_up: LookUp) -> None:
    async def load(request: web.Request) -> web.StreamResponse:
        text = f"<!DOCTYPE html><div id=success>{FOUND}</div>" if request.path == "/respuesta" else html_page()
        return web.Response(text=text, content_type="text/html")

    async def see_other(_: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther("/respuesta")

    assert look_up(StubSite(load=load, answer=see_other)).status == "found"


def test_what_else_a_page_posts_is_not_taken_for_the_question(look_up: LookUp) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=NOT_FOUND) if request.path == "/huella" else await found_json(request)

    noise = "document.addEventListener('click', () => fetch('/huella', { method: 'POST', body: 'x' }), true);"
    for face in (Face.JSON, Face.HTML):
        html = json_page(script=noise + JSON_SCRIPT) if face is Face.JSON else html_page(script=noise + HTML_SCRIPT)
        expected = "found" if face is Face.JSON else "parse_error"
        assert look_up(stub_face(face, answer, html=html)).status == expected


def test_a_page_may_have_other_fields_and_buttons_around_the_form(look_up: LookUp) -> None:
    above = "<form action=/buscar><input name=q><button>Buscar</button></form>"
    site = stub_face(Face.HTML, answering(FOUND), html=html_page(above=above, script=HTML_SCRIPT))
    assert look_up(site).status == "found"


@pytest.mark.parametrize(
    "html",
    [
        html_page(form=HTML_FORM.replace("Consultar", "Buscar")),
        html_page(form=HTML_FORM + HTML_FORM),
        html_page(form=HTML_FORM.replace("Lugar de votación actual", "Alcaldías")),
        html_page(form=HTML_FORM.replace("OTRA", "LUGAR DE VOTACION ACTUAL (MUNICIPIO)")),
        html_page(form=HTML_FORM.replace("<input name=documento>", "")),
        html_page(form=HTML_FORM.replace("<input", "<input id=token")),
        html_page(form=HTML_FORM.replace("<form", "<div").replace("</form", "</div")),
        json_page(form=JSON_FORM.replace("id=documento", "")),
        json_page(form=JSON_FORM.replace("id=submitBtn", ""), script=""),
        FACE_PAGES[Face.AJAX].replace('id="token"', ""),
        "<!DOCTYPE html><script>1</script><p>Consultar</p>",
    ],
)
def test_a_page_that_is_no_face_is_a_parse_error_with_evidence_before_a_captcha_is_paid(
    look_up: LookUp, paper: PaperSolver, html: str
) -> None:
    outcome = look_up(StubSite(html=html.replace("</form>", f"{WIDGET}</form>")))
    assert failure_of(outcome) == (FailureKind.PARSE_ERROR, "the site answered a page without a known form (HTTP 200)")
    assert isinstance(outcome, Failure)
    assert "Consultar" in outcome.evidence or "enviar" in outcome.evidence or "Buscar" in outcome.evidence
    assert paper.pages == []


def test_the_question_in_json_has_the_number_the_current_place_and_the_token(
    look_up: LookUp, paper: PaperSolver
) -> None:
    asked: list[object] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(await request.json())
        return await found_json(request)

    site = stub_face(Face.JSON, answer, html=json_page(form=JSON_FORM.replace("<button", f"{WIDGET}<button")))
    assert look_up(site).status == "found"
    assert asked == [{"documento": CEDULA, "eleccionId": 0, "captchaToken": "03A-paper"}]
    assert len(paper.pages) == 1


def test_a_token_reaches_a_page_that_waits_to_be_called(look_up: LookUp) -> None:
    form = JSON_FORM.replace("<button", WIDGET.replace("<div", "<div data-callback=solved") + "<button disabled")
    script = JSON_SCRIPT + "window.solved = token => { get('submitBtn').disabled = token !== '03A-paper'; };"
    assert look_up(stub_face(Face.JSON, found_json, html=json_page(form=form, script=script))).status == "found"


def test_a_form_that_its_script_draws_late_is_waited_for(look_up: LookUp) -> None:
    late = f"setTimeout(() => {{ document.body.innerHTML = `{JSON_FORM}`; {JSON_SCRIPT} }}, 300);"
    assert look_up(stub_face(Face.JSON, found_json, html=json_page(form="", script=late))).status == "found"


def test_a_page_that_never_gets_its_elections_is_a_network_error(look_up: LookUp, paper: PaperSolver) -> None:
    outcome = look_up(stub_face(Face.JSON, found_json, elections=()))
    assert failure_of(outcome) == (FailureKind.NETWORK_ERROR, "the page did not get its list of elections")
    assert paper.pages == []


def test_elections_without_the_current_place_are_a_parse_error(look_up: LookUp) -> None:
    outcome = look_up(stub_face(Face.JSON, found_json, elections=({"id": 677, "nombre": "ALCALDÍAS"},)))
    reason = "the form does not offer the current voting place (option 0)"
    assert failure_of(outcome) == (FailureKind.PARSE_ERROR, reason)


def test_the_current_place_is_chosen_among_others(look_up: LookUp) -> None:
    asked: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(await request.json())
        return await found_json(request)

    look_up(stub_face(Face.JSON, answer, elections=({"id": 677, "nombre": "ALCALDÍAS"}, CURRENT)))
    assert asked[0]["eleccionId"] == 0


def test_a_captcha_that_nobody_here_solves_is_a_captcha_failure(look_up: LookUp) -> None:
    turnstile = '<div class="cf-turnstile" data-sitekey="0x4AAA"></div>'
    site = stub_face(Face.JSON, found_json, html=json_page(form=JSON_FORM.replace("<button", f"{turnstile}<button")))
    reason = "the page's captcha is of a kind that nobody here solves"
    assert failure_of(look_up(site)) == (FailureKind.CAPTCHA_FAILED, reason)


def test_a_form_that_changes_what_is_filled_in_is_not_sent(look_up: LookUp) -> None:
    script = JSON_SCRIPT + "get('documento').addEventListener('input', event => { event.target.value = '1'; });"
    site = stub_face(Face.JSON, found_json, html=json_page(script=script))
    reason = "the form does not keep what is filled in"
    assert failure_of(look_up(site)) == (FailureKind.PARSE_ERROR, reason)
    assert site.forms == []


@pytest.mark.parametrize("face", [Face.HTML, Face.JSON])
def test_a_block_page_instead_of_a_reply_is_a_block(look_up: LookUp, face: Face) -> None:
    assert look_up(stub_face(face, answering(BLOCK_PAGE))).status == "blocked"


@pytest.mark.parametrize("face", [Face.HTML, Face.JSON])
def test_a_page_that_does_not_send_its_form_says_why(look_up: LookUp, face: Face) -> None:
    stop = """document.querySelector('form').addEventListener('submit', event => {
        event.preventDefault();
        event.stopImmediatePropagation();
        document.body.insertAdjacentHTML('beforeend', '<p role=alert>Marque el captcha</p>');
    });"""
    html = html_page(script=stop) if face is Face.HTML else json_page(script=stop + JSON_SCRIPT)
    outcome = look_up(stub_face(face, found_json, html=html))
    assert failure_of(outcome)[0] is FailureKind.CAPTCHA_FAILED


def test_the_evidence_of_an_endless_page_is_cut(look_up: LookUp) -> None:
    outcome = look_up(StubSite(html="<!DOCTYPE html><p>" + "ancho " * 500_000))
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.PARSE_ERROR
    assert len(outcome.evidence) <= 20_000
