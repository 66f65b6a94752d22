"""What people read about each status, in Spanish: a pure table, so that pages, lists and exports say the same.

The text of a failure is about us or the site, never about the person.
"""

from dataclasses import dataclass

from vereda.census.sources.port import Failure, FailureKind
from vereda.census.sources.reading.novedades import NovedadKind
from vereda.census.sources.reading.parsing import ABOUT_ANOTHER, PLACE_INCOMPLETE
from vereda.census.sources.reading.pasted import TOO_LONG, TWO_ANSWERS
from vereda.census.statuses import Cap, ClosedReason, Status


@dataclass(frozen=True, slots=True)
class Wording:
    """How one state is shown. `tone` is waiting, good, notice, neutral or trouble; `icon` names an icon.

    Title, sentence and next step speak to the person, `for_leader` speaks about them.
    """

    tone: str
    icon: str
    badge: str
    title: str
    sentence: str
    next_step: str = ""
    for_leader: str = ""


@dataclass(frozen=True, slots=True)
class SourceWording:
    """How people call a source: `name` as it stands after "Según", `label` in a table."""

    name: str
    label: str


_STATUSES = {
    Status.PENDING: Wording(
        "waiting",
        "clock",
        "En espera",
        "Su consulta está en turno",
        "Vamos a preguntarle al censo electoral dónde vota. No tiene que hacer nada.",
        "Puede quedarse aquí o volver más tarde: la respuesta quedará en esta página.",
        for_leader="Está en turno: vamos a preguntarle al censo electoral dónde vota.",
    ),
    Status.PROCESSING: Wording(
        "waiting",
        "search",
        "Consultando",
        "Estamos consultando el censo electoral",
        "Le estamos preguntando a la Registraduría dónde vota. Suele tardar menos de un minuto.",
        "Puede quedarse aquí o volver más tarde: la respuesta quedará en esta página.",
        for_leader="Le estamos preguntando al censo electoral en este momento.",
    ),
    Status.ACTIVE: Wording(
        "good",
        "check",
        "Encontrado",
        "Este es su lugar de votación",
        "Su cédula está en el censo electoral.",
        "El día de la elección lleve su cédula.",
        for_leader="Está en el censo electoral.",
    ),
    Status.NOT_FOUND: Wording(
        "neutral",
        "question",
        "No está en el censo",
        "Su cédula no aparece en el censo electoral",
        "La Registraduría respondió que esta cédula no está en el censo para esta elección.",
        "Si debería estar, pregunte en la Registraduría de su municipio si su inscripción está al día.",
        for_leader=(
            "La Registraduría respondió que esta cédula no está en el censo para esta elección. "
            "Si debería estar, la persona puede preguntar en la Registraduría de su municipio."
        ),
    ),
    Status.CANCELLED_DECEASED: Wording(
        "notice",
        "flag",
        "Reportada por muerte",
        "El censo reporta esta cédula como cancelada por muerte",
        "Si usted está leyendo esto, es muy probable que sea un error de registro.",
        "Vaya con su cédula a la Registraduría más cercana: allí se corrige y no tiene costo.",
        for_leader=(
            "El censo reporta esta cédula como cancelada por muerte. "
            "Si es un error, la persona lo corrige sin costo en la Registraduría, con su cédula."
        ),
    ),
    Status.ERROR: Wording(
        "trouble",
        "cloud",
        "No se pudo consultar",
        "No logramos consultar el censo",
        "El problema fue de la consulta, no de su cédula.",
        "Vuelva a intentarlo más tarde con el botón de abajo.",
        for_leader="El problema fue de la consulta, no de la cédula. Puede volver a consultarla.",
    ),
    Status.TIMEOUT: Wording(
        "trouble",
        "hourglass",
        "Sin respuesta",
        "El censo no respondió a tiempo",
        "Esto no dice nada sobre su cédula.",
        "Vuelva a intentarlo más tarde con el botón de abajo.",
        for_leader="El censo no respondió a tiempo. Esto no dice nada sobre la cédula. Puede volver a consultarla.",
    ),
    Status.BLOCKED: Wording(
        "trouble",
        "shield",
        "Consulta bloqueada",
        "La Registraduría no nos dejó consultar",
        "Esto no dice nada sobre su cédula.",
        "Espere un rato antes de volver a intentarlo.",
        for_leader=(
            "La Registraduría no nos dejó consultar. Esto no dice nada sobre la cédula. "
            "Espere un rato y vuelva a consultarla."
        ),
    ),
}

UNAUTHORISED = Wording(
    "neutral",
    "shield",
    "Sin autorización",
    "Falta su autorización",
    "No consultamos su cédula en el censo electoral sin que usted lo autorice.",
    "Si quiere saber dónde vota, autorícelo con el botón de abajo. Puede retirarlo cuando quiera.",
    for_leader=(
        "No ha autorizado que se consulte su cédula en el censo electoral. "
        "Solo esa persona puede hacerlo, en «Mis datos»."
    ),
)

RETRYING = Wording(
    "waiting",
    "clock",
    "Reintentando",
    "Todavía no logramos consultar el censo",
    "Falló la consulta, no su cédula.",
    for_leader="Todavía no logramos consultarla. Falló la consulta, no la cédula.",
)

_GO_TO_REGISTRADURIA = "Acérquese con su cédula a la Registraduría para aclararlo."
_THEY_GO_TO_REGISTRADURIA = "La persona puede aclararlo en la Registraduría, con su cédula."
_NOVEDADES = {
    NovedadKind.DOUBLE_CEDULA: Wording(
        "notice",
        "flag",
        "Doble cedulación",
        "Esta cédula figura cancelada por doble cedulación",
        "El censo reporta que a la misma persona se le expidió más de una cédula.",
        "Si tiene otra cédula vigente, regístrese con esa; si no, acérquese a la Registraduría.",
        for_leader=(
            "La cédula figura cancelada porque a la misma persona se le expidió más de una. "
            "Si tiene otra vigente, que se registre con esa."
        ),
    ),
    NovedadKind.FALSE_IDENTITY: Wording(
        "notice",
        "flag",
        "Identidad en revisión",
        "Esta cédula figura cancelada por falsa identidad o suplantación",
        "Así lo reporta el censo; puede ser un error de registro.",
        _GO_TO_REGISTRADURIA,
        for_leader=_THEY_GO_TO_REGISTRADURIA,
    ),
    NovedadKind.MINOR: Wording(
        "notice",
        "flag",
        "Menoría de edad",
        "Esta cédula figura cancelada por menoría de edad",
        "Así lo reporta el censo.",
        _GO_TO_REGISTRADURIA,
        for_leader=_THEY_GO_TO_REGISTRADURIA,
    ),
    NovedadKind.FOREIGNER: Wording(
        "notice",
        "flag",
        "Extranjería",
        "Esta cédula figura cancelada por extranjería",
        "Así lo reporta el censo.",
        _GO_TO_REGISTRADURIA,
        for_leader=_THEY_GO_TO_REGISTRADURIA,
    ),
    NovedadKind.RIGHTS_SUSPENDED: Wording(
        "notice",
        "pause",
        "Derechos suspendidos",
        "Su cédula está vigente, con los derechos políticos suspendidos",
        "La cédula no está cancelada, pero por ahora el censo no le asigna lugar de votación.",
        "Si la suspensión ya terminó, pida en la Registraduría que actualicen su registro.",
        for_leader=(
            "La cédula está vigente, con los derechos políticos suspendidos: por ahora no tiene lugar de votación. "
            "Si la suspensión ya terminó, la persona puede pedir que actualicen su registro."
        ),
    ),
    NovedadKind.INTERDICTION: Wording(
        "notice",
        "pause",
        "Interdicción judicial",
        "Su cédula está vigente, con una interdicción judicial",
        "La cédula no está cancelada, pero por ahora el censo no le asigna lugar de votación.",
        _GO_TO_REGISTRADURIA,
        for_leader=_THEY_GO_TO_REGISTRADURIA,
    ),
    NovedadKind.PENDING: Wording(
        "notice",
        "clock",
        "Trámite en curso",
        "Su cédula tiene un trámite en curso",
        "El censo reporta una solicitud que la Registraduría todavía no termina.",
        "Vuelva a consultar en unos días.",
        for_leader="La Registraduría todavía no termina un trámite de esta cédula. Vuelva a consultarla en unos días.",
    ),
    NovedadKind.OTHER: Wording(
        "notice",
        "flag",
        "Con novedad",
        "El censo reporta una novedad con su cédula",
        "Por ahora no le asigna lugar de votación.",
        _GO_TO_REGISTRADURIA,
        for_leader=_THEY_GO_TO_REGISTRADURIA,
    ),
}

_FAILURES = {
    FailureKind.BLOCKED: "{} no nos dejó consultar.",
    FailureKind.TIMEOUT: "{} no respondió a tiempo.",
    FailureKind.NETWORK_ERROR: "{} no estaba disponible.",
    FailureKind.PARSE_ERROR: "{} respondió algo que no supimos leer.",
    FailureKind.CAPTCHA_FAILED: "No pudimos pasar la verificación de la página de la Registraduría.",
}
_ASKED = {"verifik": "El servicio Verifik"}

_SOURCES = {
    "registraduria": SourceWording("el censo de la Registraduría", "Registraduría"),
    "consultacenso": SourceWording("el censo de la Registraduría", "Registraduría"),
    "verifik": SourceWording("el servicio Verifik", "Verifik"),
    "practice": SourceWording("el censo de práctica", "Censo de práctica"),
    "demo": SourceWording("los datos de demostración", "Demostración"),
    "asistida": SourceWording("lo que una persona consultó en la página de la Registraduría", "Consulta asistida"),
}

_PASTED = {
    FailureKind.BLOCKED: "Ahí la página dice que no dejó consultar. Espere un rato antes de volver a intentarlo.",
    FailureKind.NETWORK_ERROR: "Ahí la página dice que no pudo consultar. Vuelva a intentarlo más tarde.",
    FailureKind.CAPTCHA_FAILED: "Ahí la página pide marcar «No soy un robot». Márquelo, consulte y copie otra vez.",
}
_UNREADABLE_PASTE = (
    "Ahí no encontramos la respuesta del censo. Copie el resultado completo, con los títulos de la tabla, "
    "o la frase que dice que la cédula no está en el censo."
)
_PASTE_FLAWS = {
    ABOUT_ANOTHER: "Eso es de otra cédula. Consulte la de esta persona y copie su resultado.",
    PLACE_INCOMPLETE: "Ahí falta el municipio, el puesto o la mesa. Copie el resultado completo, con sus títulos.",
    TWO_ANSWERS: "Ahí hay dos respuestas distintas. Copie solo el resultado de esta persona.",
    TOO_LONG: "Eso es demasiado largo para ser un resultado. Copie solo lo que respondió la página.",
}

OUR_FAULT = "Las consultas están detenidas por un problema nuestro, no de su cédula."
_SPENT = "Por hoy ya se hicieron todas las consultas previstas."
_CLOSED = {
    ClosedReason.PAUSED: "Las consultas están en pausa por ahora.",
    ClosedReason.RESTING: "La página de la Registraduría no nos está atendiendo, así que la dejamos descansar.",
    ClosedReason.PROBING: "Estamos probando si la página de la Registraduría ya nos atiende.",
    ClosedReason.LOOKUPS_SPENT: _SPENT,
    ClosedReason.MONEY_SPENT: _SPENT,
    ClosedReason.NO_CAPTCHA: "El servicio que nos ayuda con la verificación de la página no está respondiendo.",
    ClosedReason.CHANGED: "La página de la Registraduría cambió y estamos aprendiendo a leerla.",
    ClosedReason.NO_SOLVER: OUR_FAULT,
    ClosedReason.WRONG_KEY: OUR_FAULT,
    ClosedReason.NO_BALANCE: OUR_FAULT,
}

NO_WORKER = "El servicio de consultas está detenido en este momento."
INTERRUPTED = "La consulta se interrumpió por un problema nuestro."


def of_status(status: Status, novedad_kind: NovedadKind | None) -> Wording:
    """Return the text for a status; for `CANCELLED_OTHER`, by the kind of novedad."""
    if status is Status.CANCELLED_OTHER:
        return _NOVEDADES.get(novedad_kind or NovedadKind.OTHER, _NOVEDADES[NovedadKind.OTHER])
    return _STATUSES[status]


def of_failure(kind: FailureKind, source: str) -> str:
    return _FAILURES[kind].format(_ASKED.get(source, "La página de la Registraduría"))


def of_closed(reason: ClosedReason) -> str:
    return _CLOSED[reason]


def of_source(name: str) -> SourceWording:
    return _SOURCES.get(name, SourceWording(name, name))


def of_pasted(failure: Failure) -> str:
    """Return what is wrong with a paste, and what to do now."""
    return _PASTE_FLAWS.get(failure.reason) or _PASTED.get(failure.kind, _UNREADABLE_PASTE)


def too_soon(seconds: int, cap: Cap | None) -> str:
    """Return when one may ask again: by the cooldown, or by the day's cap that is reached."""
    if cap is Cap.LEADER:
        return "Por hoy ya pidió todas las consultas de una en una que se pueden. Podrá seguir mañana."
    if cap is not None:
        return "Por hoy ya se consultó esta cédula todas las veces que se puede. Podrá pedirlo de nuevo mañana."
    return f"Acaba de consultarse. Podrá pedirlo de nuevo en {seconds} {'segundo' if seconds == 1 else 'segundos'}."
