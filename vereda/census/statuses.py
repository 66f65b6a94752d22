"""The nine statuses of a census record, which of them wait, answer or fail, and why a source may be closed."""

from django.db import models


class Status(models.TextChoices):
    """The state of a record. The last three are failures: they say nothing about the person."""

    PENDING = "PENDING", "Pendiente"
    PROCESSING = "PROCESSING", "Consultando"
    ACTIVE = "ACTIVE", "Encontrado"
    NOT_FOUND = "NOT_FOUND", "No está en el censo"
    CANCELLED_DECEASED = "CANCELLED_DECEASED", "Cancelada por muerte"
    CANCELLED_OTHER = "CANCELLED_OTHER", "Con novedad"
    ERROR = "ERROR", "No se pudo consultar"
    TIMEOUT = "TIMEOUT", "Sin respuesta a tiempo"
    BLOCKED = "BLOCKED", "Consulta bloqueada"


WAITING = (Status.PENDING, Status.PROCESSING)
ANSWERS = (Status.ACTIVE, Status.NOT_FOUND, Status.CANCELLED_DECEASED, Status.CANCELLED_OTHER)
FAILURES = (Status.ERROR, Status.TIMEOUT, Status.BLOCKED)
FINAL = (*ANSWERS, *FAILURES)
ASSISTABLE = (Status.PENDING, *FAILURES)
"""Where a lookup by hand is possible: no answer, and no worker looking them up."""
UNAUTHORISED = ""
"""Instead of a status, while the person has not consented to lookups. Such a record is empty and never due."""


class Cap(models.TextChoices):
    """What is spent for today, so that somebody may ask again only tomorrow."""

    OWN = "own", "Consultas de sí misma"
    PERSON = "person", "Consultas de una persona"
    LEADER = "leader", "Consultas de un líder, de una en una"


class ClosedReason(models.TextChoices):
    """Why a source is closed for longer than its pace."""

    PAUSED = "paused", "En pausa"
    RESTING = "resting", "Descansa"
    PROBING = "probing", "Hace una consulta de prueba"
    LOOKUPS_SPENT = "lookups spent", "Llegó al tope de consultas del día"
    MONEY_SPENT = "money spent", "Llegó al tope de gasto en captchas del día"
    NO_CAPTCHA = "no captcha", "El servicio de captchas no los resuelve"
    CHANGED = "changed", "Sus páginas cambiaron y no se saben leer"
    NO_SOLVER = "no solver", "Pide un captcha y no hay quien lo resuelva"
    WRONG_KEY = "wrong key", "El servicio de captchas no acepta la clave"
    NO_BALANCE = "no balance", "El servicio de captchas no tiene saldo"
