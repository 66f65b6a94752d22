"""The messages that leaders get after an action, in Spanish."""

from vereda.census.bulk import Tally

ASKED = "Listo: volvemos a consultar esta cédula."
AHEAD = "Listo: esta consulta pasa adelante."
UNDER_WAY = "Esta consulta ya está en marcha."
NOBODY_TO_ASK = "No hay a quién volver a consultar: ninguna ha fallado, acaban de pedirse, o siguen mañana."
BULK_IS_RUNNING = "Ya hay una consulta en grupo en marcha. Espere a que termine, o cancélela."
BULK_WAS_CANCELLED = "Esa consulta ya estaba cancelada."
SEARCH_IS_LOST = "La búsqueda ya no está guardada: escríbala de nuevo antes de actualizar a todos."
NOT_AUTHORISED = "No ha autorizado la consulta. Solo esa persona puede hacerlo, en «Mis datos»."
BULK_IS_OVER = "Terminó la consulta de todos los que faltaban."


def bulk_started(total: int) -> str:
    """Return the message after everybody who matched was queued."""
    return f"{_plural(total, 'Quedó', 'Quedaron')} en turno {total} {_plural(total, 'consulta', 'consultas')}."


def bulk_cancelled(put_back: int, total: int) -> str:
    """Return the message after a request for many was cancelled."""
    people = _plural(total, "persona", "personas")
    stayed = _plural(put_back, "quedó como estaba", "quedaron como estaban")
    return f"Consulta cancelada: de {total} {people}, {put_back} {stayed}."


def of_tally(tally: Tally) -> str:
    """Return how many were queued and why the others were not."""
    reasons = [
        f"{number} {_plural(number, one, many)}"
        for number, one, many in (
            (tally.answered, "ya tiene respuesta del censo", "ya tienen respuesta del censo"),
            (tally.waiting, "ya estaba en turno", "ya estaban en turno"),
            (tally.too_soon, "acaba de consultarse", "acaban de consultarse"),
            (tally.spent, "llegó al tope de hoy y sigue mañana", "llegaron al tope de hoy y siguen mañana"),
            (tally.unauthorised, "no ha autorizado la consulta", "no han autorizado la consulta"),
        )
        if number
    ]
    queued = tally.queued
    text = f"{queued} {_plural(queued, 'consulta quedó', 'consultas quedaron')} en turno." if queued else ""
    if not reasons:
        return text
    listed = " y ".join([", ".join(reasons[:-1]), reasons[-1]] if len(reasons) > 1 else reasons)
    return f"{text} Las demás no: {listed}." if text else f"No quedó ninguna consulta en turno: {listed}."


def _plural(number: int, one: str, many: str) -> str:
    return one if number == 1 else many
