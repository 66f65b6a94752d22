"""The home page: what this site is, and lists of everything it can simulate, made from the tables that it works by."""

from collections.abc import Iterable
from html import escape

from aiohttp import web

from practice.captcha import SPECIAL_KEYS
from practice.faces import PATH, PATHS
from practice.moods import MOODS, ORDINARY, PAGE_MOODS, Mood
from practice.render import html_page
from practice.site import Face
from practice.verifik import HUGE, HUGE_TITLE, SPECIAL_TOKENS, TOKEN
from practice.verifik import PATH as VERIFIK

FACES = {
    Face.AJAX: "Un formulario cuya respuesta llega como JSON con HTML dentro, sin cambiar de página",
    Face.HTML: "Un formulario común, cubierto mientras carga; la respuesta es otra página",
    Face.JSON: "Una página que su propio programa dibuja; pregunta y respuesta son JSON",
}


def routes() -> list[web.RouteDef]:
    async def home(_: web.Request) -> web.Response:
        return html_page(
            "home.html",
            faces=_faces(),
            endings=_endings(),
            page_moods=_page_moods(),
            keys=_keys(),
            page=PATH,
            verifik=VERIFIK,
            verifik_token=TOKEN,
            verifik_refusals=_verifik_refusals(),
        )

    return [web.get("/", home)]


def _faces() -> str:
    return _rows((f'<a href="{path}">{path}</a>', escape(FACES[face])) for face, path in PATHS.items())


def _endings() -> str:
    ordinary = _row("cualquier otra", ORDINARY.title, _code(ORDINARY.example))
    return ordinary + "".join(_ending(mood) for mood in MOODS)


def _ending(mood: Mood) -> str:
    return _row(_code(f"…{mood.ending}"), escape(mood.title), _code(mood.example))


def _page_moods() -> str:
    queries = [(f"?animo={mood.name}", mood.title) for mood in PAGE_MOODS]
    queries.append(("?captcha=no", "La página sin captcha: responde sin pedirlo"))
    return _rows((f'<a href="{PATH}{query}">{query}</a>', escape(title)) for query, title in queries)


def _keys() -> str:
    return _rows((_code(special.key), escape(special.title)) for special in SPECIAL_KEYS)


def _verifik_refusals() -> str:
    refused = [(special.token, special.title) for special in SPECIAL_TOKENS]
    rows = [(_code(token), escape(title)) for token, title in [*refused, ("cualquier otro", "No existe (HTTP 401)")]]
    return _rows([*rows, (_code(f"?animo={HUGE}"), escape(HUGE_TITLE))])


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(_row(*cells) for cells in rows)


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
