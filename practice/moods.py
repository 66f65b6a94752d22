"""The tables of moods. The cédula's last two digits choose how a question is answered, `?animo=` how a page loads.

The site works by these tables and the home page lists them. How an answer is written is up to each face.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from practice.people import Place, hostile_place, place_of, place_without_puesto


class Fault(Enum):
    """What can happen to a request before it reaches the application; see `faults.py`."""

    NONE = auto()
    BLOCK_PAGE = auto()
    SECURITY_EVENT = auto()
    GATEWAY_TIMEOUT = auto()
    NO_REPLY = auto()
    CUT = auto()
    CUT_FIRST_TIME = auto()


class Answer(Enum):
    """How the application answers a question that passed its checks."""

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
    """How cédulas with one ending are answered. `title` is for people; `text` is the site's sentence, if it has one."""

    ending: str
    title: str
    answer: Answer = Answer.FOUND
    fault: Fault = Fault.NONE
    text: str = ""
    place: Callable[[str], Place] = place_of

    @property
    def example(self) -> str:
        """An invented cédula with this ending, from a range that has not been handed out."""
        return f"19000000{self.ending or '01'}"


ORDINARY = Mood("", "Encontrada: departamento, municipio, puesto, dirección y mesa")

CURL_TIMEOUT = "Curl error: Operation timed out after 15008 milliseconds with 0 bytes received"
MAINTENANCE = "La información se encuentra en actualización. Por favor intente más tarde."
SUSPENDED = "Vigente con Perdida o Suspension de los Derechos Politicos"

MOODS = (
    Mood("99", "Cancelada por muerte", Answer.NOVEDAD, text="Cancelada por Muerte"),
    Mood("98", "Cancelada por doble cedulación", Answer.NOVEDAD, text="Cancelada por Doble Cedulación"),
    Mood("97", "Derechos políticos suspendidos", Answer.NOVEDAD, text=SUSPENDED),
    Mood("96", "No está en el censo", Answer.NOT_FOUND),
    Mood("95", "Bloqueada: página del cortafuegos con HTTP 200", fault=Fault.BLOCK_PAGE),
    Mood("94", "Nunca responde", fault=Fault.NO_REPLY),
    Mood("93", "Se corta la conexión", fault=Fault.CUT),
    Mood("92", "Responde una página que nadie conoce", Answer.UNREADABLE),
    Mood("91", "Rechaza el captcha", Answer.CAPTCHA_REFUSED),
    Mood("90", "Encontrada, pero responde con lentitud", Answer.FOUND_SLOWLY),
    Mood("89", "No está en el censo, dicho de otro modo", Answer.NOT_FOUND_AS_ERROR),
    Mood("88", "El propio sistema del sitio agotó su tiempo (Curl error)", Answer.ERROR, text=CURL_TIMEOUT),
    Mood("87", "Sesión vencida: la página se recarga sola", Answer.RELOAD),
    Mood("86", "Novedad: solicitud en proceso", Answer.NOVEDAD, text="Pendiente por Solicitud en proceso"),
    Mood("85", "Cancelada por falsa identidad", Answer.NOVEDAD, text="Cancelada por Falsa Identidad"),
    Mood("84", "«Encontrada», pero con el puesto vacío (trampa)", place=place_without_puesto),
    Mood(
        "83", "Novedad tras una fila que ocupa toda la tabla", Answer.NOVEDAD_AFTER_COLSPAN, text="Cancelada por Muerte"
    ),
    Mood("82", "HTTP 504 en lugar de una respuesta", fault=Fault.GATEWAY_TIMEOUT),
    Mood("81", "Encontrada, con textos que parecen otra respuesta (trampa)", place=hostile_place),
    Mood("80", "Sitio en actualización", Answer.ERROR, text=MAINTENANCE),
    Mood("79", "Se corta la primera vez; encontrada después", fault=Fault.CUT_FIRST_TIME),
    Mood(
        "77",
        "Encontrada, con los nombres de los campos en mayúsculas o minúsculas cambiadas",
        Answer.FOUND_IN_OTHER_CASE,
    ),
    Mood("76", "Encontrada, sin nada de más: ni mapa ni códigos, y los números como texto", Answer.FOUND_BARELY),
)

_BY_ENDING = {mood.ending: mood for mood in MOODS}


def mood_of(cedula: str) -> Mood:
    return _BY_ENDING.get(cedula[-2:], ORDINARY)


class PageAnswer(Enum):
    """How the application answers when a page is loaded."""

    FORM = auto()
    FORM_SLOWLY = auto()
    FORM_AS_ERROR_ONCE = auto()
    MAINTENANCE = auto()
    UNKNOWN = auto()
    EMPTY = auto()


@dataclass(frozen=True, slots=True)
class PageMood:
    """How a page loads with this name as `?animo=`. `title` is for people."""

    name: str
    title: str
    answer: PageAnswer = PageAnswer.FORM
    fault: Fault = Fault.NONE


PAGE_MOODS = (
    PageMood("bloqueo", "Cortafuegos: HTTP 500, «se presentó un evento de seguridad»", fault=Fault.SECURITY_EVENT),
    PageMood("bloqueo-200", "Cortafuegos: página de bloqueo con HTTP 200", fault=Fault.BLOCK_PAGE),
    PageMood(
        "error-una-vez",
        "HTTP 500 con el formulario completo la primera vez que alguien entra; después, normal",
        PageAnswer.FORM_AS_ERROR_ONCE,
    ),
    PageMood("caida", "HTTP 504", fault=Fault.GATEWAY_TIMEOUT),
    PageMood("lento", "La página tarda en cargar", PageAnswer.FORM_SLOWLY),
    PageMood("sin-respuesta", "Nunca responde", fault=Fault.NO_REPLY),
    PageMood("corte", "Se corta la conexión", fault=Fault.CUT),
    PageMood("mantenimiento", "Sitio en actualización, sin formulario", PageAnswer.MAINTENANCE),
    PageMood("desconocido", "Una página que nadie conoce", PageAnswer.UNKNOWN),
    PageMood("vacio", "Una página en blanco", PageAnswer.EMPTY),
)

_BY_NAME = {mood.name: mood for mood in PAGE_MOODS}


def page_mood_of(name: str) -> PageMood:
    """Return the mood of this name. For an unknown name the page loads normally."""
    return _BY_NAME.get(name, PageMood("", "Normal"))
