import pytest

from vereda.census.sources.reading.novedades import NovedadKind, kind_of

WORDINGS = {
    "Cancelada por Muerte": NovedadKind.DECEASED,
    "Muerte Facultad Ley 1365 de 2009": NovedadKind.DECEASED,
    "Baja por Inhumacion o Necrodactilia Positiva": NovedadKind.DECEASED,
    "Cancelada por Doble Cedulación": NovedadKind.DOUBLE_CEDULA,
    "Cancelada por Doble Cedulacion": NovedadKind.DOUBLE_CEDULA,
    "Intento de Doble Cedulación NO Expedida": NovedadKind.DOUBLE_CEDULA,
    "Cancelada por Falsa Identidad": NovedadKind.FALSE_IDENTITY,
    "Cancelada por Suplantación": NovedadKind.FALSE_IDENTITY,
    "Cancelada por Suplantación o Falsa Identidad": NovedadKind.FALSE_IDENTITY,
    "Menoría de Edad": NovedadKind.MINOR,
    "Menoría de Edad NO Expedida": NovedadKind.MINOR,
    "Cancelada por Minoría de Edad": NovedadKind.MINOR,
    "Extranjería": NovedadKind.FOREIGNER,
    "Extranjería sin Carta de Naturaleza": NovedadKind.FOREIGNER,
    "Extranjería NO Expedida": NovedadKind.FOREIGNER,
    "Vigente con Perdida o Suspension de los Derechos Politicos": NovedadKind.RIGHTS_SUSPENDED,
    "Vigente con Pérdida o Suspensión de los Derechos Políticos": NovedadKind.RIGHTS_SUSPENDED,
    "Baja por Perdida o Suspension de los Derechos Politicos": NovedadKind.RIGHTS_SUSPENDED,
    "Vigente con Interdicción Judicial": NovedadKind.INTERDICTION,
    "Baja por Interdicción Judicial por Demencia": NovedadKind.INTERDICTION,
    "Pendiente por Solicitud en proceso": NovedadKind.PENDING,
    "Pendiente Solicitud en Reproceso": NovedadKind.PENDING,
    "Pendiente por estar en Proceso de Expedición": NovedadKind.PENDING,
    "Baja por trashumancia": NovedadKind.OTHER,
    "Vigente": NovedadKind.OTHER,
    "Mala Elaboración": NovedadKind.OTHER,
    "Mala Elaboración NO Expedida": NovedadKind.OTHER,
    "Reasignación o cambio de sexo": NovedadKind.OTHER,
    "Numero de documento Incorrecto": NovedadKind.OTHER,
    "Debe inscribirse en los períodos que establezca la Registraduría Nacional del Estado Civil en próximas "
    "oportunidades": NovedadKind.OTHER,
}


@pytest.mark.parametrize(("novedad", "kind"), WORDINGS.items())
def test_every_known_wording_has_its_kind(novedad: str, kind: NovedadKind) -> None:
    assert kind_of(novedad) is kind


@pytest.mark.parametrize(("novedad", "kind"), WORDINGS.items())
def test_case_and_white_space_do_not_matter(novedad: str, kind: NovedadKind) -> None:
    assert kind_of(f"  {novedad.upper().replace(' ', '  ')}\n") is kind


@pytest.mark.parametrize(
    ("novedad", "kind"),
    [
        ("Cancelada por Doble CedulaciÃ³n", NovedadKind.DOUBLE_CEDULA),
        ("Vigente con PÃ©rdida o SuspensiÃ³n de los Derechos PolÃ\xadticos", NovedadKind.RIGHTS_SUSPENDED),
    ],
)
def test_a_wording_in_a_confused_encoding_is_still_understood(novedad: str, kind: NovedadKind) -> None:
    assert kind_of(novedad) is kind


@pytest.mark.parametrize("novedad", ["Revocatoria de la Cancelación por Muerte", "Cancelación por Muerte sin efecto"])
def test_a_cancellation_that_was_undone_does_not_make_anybody_dead(novedad: str) -> None:
    assert kind_of(novedad) is NovedadKind.OTHER


@pytest.mark.parametrize("novedad", ["", "?", "Algo nuevo que nadie conoce", "Vive en Casamuerta"])
def test_unknown_words_are_other(novedad: str) -> None:
    assert kind_of(novedad) is NovedadKind.OTHER
