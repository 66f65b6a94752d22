"""The HTML and the JSON face in their simplest form: what the practice site does not do."""

from aiohttp import web

from practice.site import Face
from tests.census.sources.asking.stub_site import Answer, StubSite, found, page

HTML_FORM = """
<form method=post><input name=documento><select name=cual><option value=5>OTRA</option>
<option value=9>Lugar de votación actual</option></select><button>Consultar</button></form>"""
HTML_SCRIPT = """
document.querySelector('form').addEventListener('submit', event => {
    event.preventDefault();
    fetch('/otra/parte', { method: 'POST', body: new FormData(event.target) }).then(reply => reply.text());
});"""
JSON_FORM = """
<form id=consultaForm><input id=documento><select id=eleccion></select><button id=submitBtn>Consultar</button></form>"""
JSON_SCRIPT = """
const get = id => document.getElementById(id);
const fillIn = reply => get('eleccion').append(...reply.data.map(({ id, nombre }) => new Option(nombre, id)));
fetch('/back/api/elecciones').then(reply => reply.json()).then(fillIn);
get('consultaForm').addEventListener('submit', event => {
    event.preventDefault();
    const [documento, eleccionId] = [get('documento').value, Number(get('eleccion').value)];
    const captchaToken = window.grecaptcha?.getResponse() ?? '';
    const body = JSON.stringify({ documento, eleccionId, captchaToken });
    fetch('/back/api/consulta', { method: 'POST', body }).then(reply => reply.json());
});"""
CURRENT = {"id": 0, "nombre": "LUGAR DE VOTACION ACTUAL"}


def html_page(*, form: str = HTML_FORM, script: str = "", above: str = "") -> str:
    """Return a page of the HTML face."""
    return f"<!DOCTYPE html><meta charset=utf-8>{above}{form}<script>{script}</script>"


def json_page(*, form: str = JSON_FORM, script: str = JSON_SCRIPT) -> str:
    """Return a page of the JSON face."""
    return f"<!DOCTYPE html><meta charset=utf-8>{form}<script>{script}</script>"


FACE_PAGES = {Face.AJAX: page(), Face.HTML: html_page(), Face.JSON: json_page()}


def stub_face(
    face: Face, answer: Answer = found, *, html: str = "", elections: tuple[dict[str, object], ...] = (CURRENT,)
) -> StubSite:
    """Make a site that shows this face and answers questions so."""
    shown = html or FACE_PAGES[face]

    async def load(request: web.Request) -> web.StreamResponse:
        if request.path == "/back/api/elecciones":
            return web.json_response({"ok": True, "data": elections})
        return web.Response(text=shown, content_type="text/html")

    return StubSite(html=shown, answer=answer, load=load)
