"""The table of moods: what the site does to a question, by the cédula's last two digits, and to a page being loaded.

The one place that says so: the site behaves by it and the home page lists it. What an act looks like on the wire is
each dialect's business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from practice.people import Place, hostile_place, place_of, place_without_puesto


class Gate(Enum):
    """What can happen to a request before it reaches the application, whatever the dialect, captcha or no captcha."""

    OPEN = auto()
    BLOCK_PAGE = auto()
    SECURITY_EVENT = auto()
    GATEWAY_TIMEOUT = auto()
    NO_REPLY = auto()
    CUT = auto()
    CUT_FIRST_TIME = auto()


class Act(Enum):
    """What the application says to a question that passed its checks."""

    FOUND = auto()
    FOUND_SLOWLY = auto()
    FOUND_IN_OTHER_CASE = auto()
    FOUND_BARELY = auto()
    NOVEDAD = auto()
    NOVEDAD_AFTER_COLSPAN = auto()
    NOT_FOUND = auto()
    NOT_FOUND_AS_ERROR = auto()
    UNREADABLE = auto()
    CAPTCHA_REFUSED = auto()
    ERROR = auto()
    RELOAD = auto()


@dataclass(frozen=True, slots=True)
class Mood:
    """What happens to the cédulas of one ending. `title` is for people; `text` is what the site says, where it does."""

    ending: str
    title: str
    act: Act = Act.FOUND
    gate: Gate = Gate.OPEN
    text: str = ""
    place: Callable[[str], Place] = place_of

    @property
    def example(self) -> str:
        """An invented cédula of this ending, from a range in which none has been handed out."""
        return f"19000000{self.ending or '01'}"


ORDINARY = Mood("", "Encontrada: departamento, municipio, puesto, dirección y mesa")

CURL_TIMEOUT = "Curl error: Operation timed out after 15008 milliseconds with 0 bytes received"
MAINTENANCE = "La información se encuentra en actualización. Por favor intente más tarde."
SUSPENDED = "Vigente con Perdida o Suspension de los Derechos Politicos"

MOODS = (
    Mood("99", "Cancelada por muerte", Act.NOVEDAD, text="Cancelada por Muerte"),
    Mood("98", "Cancelada por doble cedulación", Act.NOVEDAD, text="Cancelada por Doble Cedulación"),
    Mood("97", "Derechos políticos suspendidos", Act.NOVEDAD, text=SUSPENDED),
    Mood("96", "No está en el censo", Act.NOT_FOUND),
    Mood("95", "Bloqueada: página del cortafuegos con HTTP 200", gate=Gate.BLOCK_PAGE),
    Mood("94", "Nunca responde", gate=Gate.NO_REPLY),
    Mood("93", "Se corta la conexión", gate=Gate.CUT),
    Mood("92", "Responde una página que nadie conoce", Act.UNREADABLE),
    Mood("91", "Rechaza el captcha", Act.CAPTCHA_REFUSED),
    Mood("90", "Encontrada, pero responde con lentitud", Act.FOUND_SLOWLY),
    Mood("89", "No está en el censo, dicho de otro modo", Act.NOT_FOUND_AS_ERROR),
    Mood("88", "El propio sistema del sitio agotó su tiempo (Curl error)", Act.ERROR, text=CURL_TIMEOUT),
    Mood("87", "Sesión vencida: la página se recarga sola", Act.RELOAD),
    Mood("86", "Novedad: solicitud en proceso", Act.NOVEDAD, text="Pendiente por Solicitud en proceso"),
    Mood("85", "Cancelada por falsa identidad", Act.NOVEDAD, text="Cancelada por Falsa Identidad"),
    Mood("84", "«Encontrada», pero con el puesto vacío (trampa)", place=place_without_puesto),
    Mood("83", "Novedad tras una fila que ocupa toda la tabla", Act.NOVEDAD_AFTER_COLSPAN, text="Cancelada por Muerte"),
    Mood("82", "HTTP 504 en lugar de una respuesta", gate=Gate.GATEWAY_TIMEOUT),
    Mood("81", "Encontrada, con textos que parecen otra respuesta (trampa)", place=hostile_place),
    Mood("80", "Sitio en actualización", Act.ERROR, text=MAINTENANCE),
    Mood("79", "Se corta la primera vez; encontrada después", gate=Gate.CUT_FIRST_TIME),
    Mood(
        "77", "Encontrada, con los nombres de los campos en mayúsculas o minúsculas cambiadas", Act.FOUND_IN_OTHER_CASE
    ),
    Mood("76", "Encontrada, sin nada de más: ni mapa ni códigos, y los números como texto", Act.FOUND_BARELY),
)

_BY_ENDING = {mood.ending: mood for mood in MOODS}


def mood_of(cedula: str) -> Mood:
    """Return the mood that the last two digits choose."""
    return _BY_ENDING.get(cedula[-2:], ORDINARY)


class PageAct(Enum):
    """What the application does with a page being loaded."""

    FORM = auto()
    FORM_SLOWLY = auto()
    FORM_AS_ERROR_ONCE = auto()
    MAINTENANCE = auto()
    UNKNOWN = auto()
    EMPTY = auto()


@dataclass(frozen=True, slots=True)
class PageMood:
    """What happens when the page is loaded with `?animo=` and this name."""

    name: str
    title: str
    act: PageAct = PageAct.FORM
    gate: Gate = Gate.OPEN


PAGE_MOODS = (
    PageMood("bloqueo", "Cortafuegos: HTTP 500, «se presentó un evento de seguridad»", gate=Gate.SECURITY_EVENT),
    PageMood("bloqueo-200", "Cortafuegos: página de bloqueo con HTTP 200", gate=Gate.BLOCK_PAGE),
    PageMood(
        "error-una-vez",
        "HTTP 500 con el formulario completo la primera vez que alguien entra; después, normal",
        PageAct.FORM_AS_ERROR_ONCE,
    ),
    PageMood("caida", "HTTP 504", gate=Gate.GATEWAY_TIMEOUT),
    PageMood("lento", "La página tarda en cargar", PageAct.FORM_SLOWLY),
    PageMood("sin-respuesta", "Nunca responde", gate=Gate.NO_REPLY),
    PageMood("corte", "Se corta la conexión", gate=Gate.CUT),
    PageMood("mantenimiento", "Sitio en actualización, sin formulario", PageAct.MAINTENANCE),
    PageMood("desconocido", "Una página que nadie conoce", PageAct.UNKNOWN),
    PageMood("vacio", "Una página en blanco", PageAct.EMPTY),
)

_BY_NAME = {mood.name: mood for mood in PAGE_MOODS}


def page_mood_of(name: str) -> PageMood:
    """Return the mood of this name; an unknown one does nothing."""
    return _BY_NAME.get(name, PageMood("", "Normal"))
