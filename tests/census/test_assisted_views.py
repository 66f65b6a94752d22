"""The pages of assisted lookup: next person, cédula, paste, preview, save; and what no page sends."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import make
from tests.referrals.pages import HTMX, put
from vereda.accounts.models import AuditEntry, User
from vereda.census import gate
from vereda.census.models import CedulaInfo, LookupAttempt
from vereda.census.sources.reading.pasted import LONGEST
from vereda.census.statuses import ANSWERS, ASSISTABLE, Status
from vereda.census.worker import heartbeat

PAGE = "/censo/asistida/"
ABSENT = "El documento consultado no se encuentra en el censo para esta elección."


@pytest.fixture
def as_beto(client: Client, beto: User) -> Client:
    """Beto, logged in."""
    client.force_login(beto)
    return client


def found(person: User, cedula: str = "") -> str:
    """Return a person's result as it is copied."""
    return (
        "NUIP\tDEPARTAMENTO\tMUNICIPIO\tPUESTO\tDIRECCIÓN\tMESA\r\n"
        f"{cedula or person.cedula}\tNARIÑO\tPASTO\tIE EL SAUCE\tCL 18 # 24-30\t4\r\n"
    )


def post(client: Client, person: User, action: str, text: str = "", **form: Any) -> Any:
    return client.post(f"{PAGE}{person.pk}/{action}/", {"texto": text, **form})


def text_of(reply: Any) -> str:
    assert reply.status_code == 200
    text: str = reply.content.decode()
    return text


def said(reply: Any) -> list[str]:
    """Return the messages that the next page shows."""
    return [str(message) for message in get_messages(reply.wsgi_request)]


def status_of(person: User) -> str:
    return CedulaInfo.objects.get(user=person).status


def test_the_page_shows_whom_to_look_up_next_and_the_way_in_three_steps(as_beto: Client, caro: User) -> None:
    html = text_of(as_beto.get(PAGE))

    assert "Caro Bermúdez" in html
    assert "1 persona sigue sin respuesta" in html
    assert html.count("<li>") == 3
    assert caro.cedula_masked in html
    assert caro.cedula not in html
    assert caro.cedula_dotted not in html


def test_the_official_page_opens_elsewhere_and_learns_nothing_of_ours(as_beto: Client, caro: User) -> None:
    html = text_of(as_beto.get(PAGE))

    (link,) = re.findall(r'<a [^>]*href="http[^>]*>', html)
    assert 'href="http://127.0.0.1:8800/censo/consultar/"' in link
    assert 'target="_blank"' in link
    assert 'rel="noopener noreferrer"' in link


def test_nobody_to_look_up_is_said(as_beto: Client, caro: User) -> None:
    put(caro, Status.ACTIVE)

    assert "Nadie espera respuesta" in text_of(as_beto.get(PAGE))


def test_skipping_leads_past_somebody_and_at_the_end_back(as_beto: Client, beto: User, caro: User) -> None:
    fabio = make.person("Fabio Zúñiga", referred_by=beto)

    assert f"?despues={caro.pk}" in text_of(as_beto.get(PAGE))
    assert "Fabio Zúñiga" in text_of(as_beto.get(f"{PAGE}?despues={caro.pk}"))
    last = text_of(as_beto.get(f"{PAGE}?despues={fabio.pk}"))
    assert "No queda nadie más después" in last
    assert f'href="{PAGE}">Volver a la primera' in last


def test_whoever_was_skipped_stays_skipped_all_the_way(as_beto: Client, beto: User, caro: User) -> None:
    fabio = make.person("Fabio Zúñiga", referred_by=beto)
    hidden = f'name="despues" value="{caro.pk}"'
    page = text_of(as_beto.get(f"{PAGE}?despues={caro.pk}"))
    review = text_of(post(as_beto, fabio, "revisar", found(fabio), despues=caro.pk))
    saved = post(as_beto, fabio, "guardar", found(fabio), despues=caro.pk)

    assert page.count(hidden) == review.count(hidden) == 2
    assert saved["Location"] == f"{PAGE}?despues={caro.pk}"


def test_a_source_that_is_closed_is_told_and_one_that_works_too(as_beto: Client, caro: User) -> None:
    heartbeat.register("host-1", 1, now=timezone.now())
    gate.switch("practice", is_paused=False)
    assert "Las consultas automáticas están funcionando" in text_of(as_beto.get(PAGE))

    gate.switch("practice", is_paused=True)
    assert "Las consultas están en pausa" in text_of(as_beto.get(PAGE))


def test_the_cedula_is_shown_to_be_copied_and_that_is_put_down(as_beto: Client, beto: User, caro: User) -> None:
    html = text_of(post(as_beto, caro, "cedula"))

    assert f'data-copy="{caro.cedula}"' in html
    assert 'class="link-box">' + caro.cedula in html
    assert list(AuditEntry.objects.values_list("action", "actor", "person")) == [("cedula_seen", beto.pk, caro.pk)]


def test_for_htmx_the_cedula_comes_alone(as_beto: Client, caro: User) -> None:
    html = text_of(as_beto.post(f"{PAGE}{caro.pk}/cedula/", headers=HTMX)).strip()

    assert html.startswith('<div id="cedula"')
    assert html.endswith("</div>")
    assert caro.cedula in html


def test_what_was_understood_is_shown_before_anything_is_saved(as_beto: Client, beto: User, caro: User) -> None:
    html = text_of(post(as_beto, caro, "revisar", found(caro)))

    for text in ("Caro Bermúdez", caro.cedula_masked, "Encontrado", "IE EL SAUCE", "PASTO", "CL 18 # 24-30", ">4<"):
        assert text in html
    assert "Según lo que una persona consultó en la página de la Registraduría" in html
    assert beto.full_name in html
    assert "no trae el número" not in html
    assert "comprobado" not in html
    assert status_of(caro) == Status.PENDING
    assert not AuditEntry.objects.exists()


def test_what_is_saved_is_what_was_shown(as_beto: Client, caro: User) -> None:
    page = text_of(post(as_beto, caro, "revisar", found(caro)))
    (kept, _) = re.findall(r'name="texto" value="([^"]*)"', page)
    saved = post(as_beto, caro, "guardar", kept)

    assert (saved.status_code, saved["Location"]) == (302, PAGE)
    assert said(saved) == ["Guardado: Caro Bermúdez · Encontrado"]
    record = CedulaInfo.objects.get(user=caro)
    assert (record.status, record.puesto, record.answer_source) == (Status.ACTIVE, "IE EL SAUCE", "asistida")


def test_posted_fields_count_for_nothing(as_beto: Client, caro: User) -> None:
    post(as_beto, caro, "guardar", found(caro), puesto="OTRO", mesa="99", status="NOT_FOUND", source="registraduria")

    record = CedulaInfo.objects.get(user=caro)
    assert (record.status, record.puesto, record.mesa) == (Status.ACTIVE, "IE EL SAUCE", "4")
    assert record.answer_source == "asistida"


@pytest.mark.parametrize("action", ["revisar", "guardar"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Pegue aquí lo que respondió la página."),
        (" \r\n\t", "Ahí no encontramos la respuesta"),
        ("hola", "Ahí no encontramos la respuesta"),
        ("a\0b", "caracteres nulos"),
        ("x" * (LONGEST + 1), "demasiado largo"),
        ("NUIP\tMUNICIPIO\tPUESTO\tMESA\n\tPASTO\t\t4", "falta el municipio, el puesto o la mesa"),
        ("Número de documento\n900999999\nCancelada por Muerte", "Eso es de otra cédula"),
        ("La información se encuentra en actualización.", "no pudo consultar"),
        ("Marque el captcha: No soy un robot", "pide marcar «No soy un robot»"),
        ("The requested URL was rejected.", "no dejó consultar"),
        ("Cancelada por Muerte\nCancelada por Doble Cedulación", "dos respuestas distintas"),
        ("<script>alert(1)</script>", "Ahí no encontramos la respuesta"),
    ],
)
def test_a_paste_that_is_no_answer_is_refused_kindly_and_kept(
    as_beto: Client, caro: User, action: str, text: str, told: str
) -> None:
    html = text_of(post(as_beto, caro, action, text, comprobado="on"))

    assert told in html
    assert "<script>alert" not in html
    if text.isprintable() and text.isalpha():
        assert f">\n{text}</textarea>" in html
    assert status_of(caro) == Status.PENDING


def test_another_persons_result_is_not_saved(as_beto: Client, caro: User, eva: User) -> None:
    assert "Eso es de otra cédula" in text_of(post(as_beto, caro, "guardar", found(eva), comprobado="on"))
    assert status_of(caro) == status_of(eva) == Status.PENDING


def test_a_paste_without_the_number_has_to_be_checked_by_somebody(as_beto: Client, caro: User) -> None:
    for action in ("revisar", "guardar"):
        html = text_of(post(as_beto, caro, action, ABSENT))
        assert "no trae el número" in html
        assert 'name="comprobado"' in html
        assert "La Registraduría respondió que esta cédula no está en el censo" in html
        assert "eligió «Lugar de votación actual»" in html
        assert ("marque esta casilla" in html) is (action == "guardar")
        assert status_of(caro) == Status.PENDING

    post(as_beto, caro, "guardar", ABSENT, comprobado="on")
    assert status_of(caro) == Status.NOT_FOUND


def test_correcting_brings_the_paste_back(as_beto: Client, caro: User) -> None:
    html = text_of(post(as_beto, caro, "revisar", found(caro), corregir="si"))

    assert found(caro) in html
    assert "¿Es esto lo que dice la página?" not in html


@pytest.mark.parametrize("action", ["cedula", "revisar", "guardar"])
@pytest.mark.parametrize("status", [Status.PROCESSING, *ANSWERS])
def test_whoever_is_answered_about_meanwhile_is_left_alone(
    as_beto: Client, caro: User, action: str, status: Status
) -> None:
    put(caro, status)
    before = CedulaInfo.objects.values().get(user=caro)
    reply = post(as_beto, caro, action, found(caro), despues=7)

    assert (reply.status_code, reply["Location"]) == (302, f"{PAGE}?despues=7")
    why = "ya se está consultando" if status == Status.PROCESSING else "ya tiene respuesta"
    assert why in said(reply)[0]
    assert before == CedulaInfo.objects.values().get(user=caro)
    assert not AuditEntry.objects.exists()
    assert not LookupAttempt.objects.exists()


def test_for_htmx_the_whole_page_goes_on(as_beto: Client, caro: User) -> None:
    put(caro, Status.ACTIVE)
    reply = as_beto.post(f"{PAGE}{caro.pk}/cedula/", headers=HTMX)

    assert reply["HX-Redirect"] == PAGE


def test_a_worker_that_is_faster_than_the_save_is_told_of(as_beto: Client, caro: User) -> None:
    def claim_before_the_save(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "asistida" in params:
            put(caro, Status.PROCESSING)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(claim_before_the_save):
        reply = post(as_beto, caro, "guardar", found(caro))

    assert said(reply) == ["Caro Bermúdez ya se está consultando automáticamente. No hace falta hacer nada más."]
    assert status_of(caro) == Status.PROCESSING
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("action", ["cedula", "revisar", "guardar"])
def test_other_leaders_people_oneself_and_nobody_are_not_there(
    as_beto: Client, beto: User, caro: User, eva: User, action: str
) -> None:
    for pk in (eva.pk, beto.pk, 10**17):
        assert as_beto.post(f"{PAGE}{pk}/{action}/", {"texto": ABSENT, "comprobado": "on"}).status_code == 404
    assert status_of(eva) == status_of(beto) == Status.PENDING
    assert not AuditEntry.objects.exists()


def test_staff_who_may_change_records_do_it_for_anybody_and_others_for_nobody(client: Client, caro: User) -> None:
    sara = make.person("Sara Ortiz", is_staff=True)
    client.force_login(sara)
    assert client.get(PAGE).status_code == 403

    sara.user_permissions.add(Permission.objects.get(codename="change_cedulainfo"))
    assert post(client, caro, "guardar", found(caro)).status_code == 302
    assert LookupAttempt.objects.get(record__user=caro).requested_by == sara


@pytest.mark.parametrize("typed", ["uno", "0", "-1", "1.5", "٣", "1 ", str(2**63), "9" * 5000, "<b>"])
def test_a_number_of_nobody_to_skip_is_refused(as_beto: Client, caro: User, typed: str) -> None:
    asked = as_beto.get(PAGE, {"despues": typed})
    posted = post(as_beto, caro, "revisar", found(caro), despues=typed)

    for reply in (asked, posted):
        assert reply.status_code == 400
        assert "No entendimos a quién saltar" in reply.content.decode()


@pytest.mark.parametrize("typed", ["uno", "0", "-1", "1.5", "01", str(10**18), "%00", "٣"])
@pytest.mark.parametrize("action", ["cedula", "revisar", "guardar"])
def test_an_address_of_nobody_is_not_there(as_beto: Client, typed: str, action: str) -> None:
    assert as_beto.post(f"{PAGE}{typed}/{action}/", {"texto": ABSENT}).status_code == 404


@pytest.mark.parametrize("action", ["revisar", "guardar"])
def test_a_million_letters_are_refused(as_beto: Client, caro: User, action: str) -> None:
    assert post(as_beto, caro, action, "x" * 1_000_000).status_code == 400
    assert "demasiado largo" in text_of(post(as_beto, caro, action, "x" * 200_000))


def test_looking_at_the_page_writes_nothing_and_nothing_is_kept_of_it(as_beto: Client, caro: User) -> None:
    for query in ("", f"?despues={caro.pk}", "?despues=99999"):
        reply = as_beto.get(PAGE + query)  # the client refuses to write
        assert "no-store" in reply["Cache-Control"]
    for action in ("cedula", "revisar"):
        assert "no-store" in post(as_beto, caro, action, found(caro))["Cache-Control"]


def test_no_address_has_a_cedula(as_beto: Client, caro: User) -> None:
    pages = [text_of(as_beto.get(PAGE)), text_of(post(as_beto, caro, "cedula"))]
    pages.append(text_of(post(as_beto, caro, "revisar", found(caro))))

    addresses = [
        unquote(address) for page in pages for address in re.findall(r'(?:href|action|hx-\w+)="([^"]*)"', page)
    ]
    assert not [address for address in addresses if caro.cedula in re.sub(r"[.,]", "", address)]


@pytest.mark.parametrize("action", ["revisar", "guardar"])
def test_a_report_of_a_fault_does_not_hold_what_was_pasted(as_beto: Client, caro: User, action: str) -> None:
    reply = post(as_beto, caro, action, found(caro))

    assert reply.wsgi_request.sensitive_post_parameters == ("texto",)


@pytest.mark.parametrize("status", [*Status])
def test_the_list_leads_here_as_long_as_somebody_has_no_answer(as_beto: Client, caro: User, status: Status) -> None:
    put(caro, status)
    html = text_of(as_beto.get("/referidos/"))

    assert (f'href="{PAGE}"' in html) is (status in ASSISTABLE)


def test_an_open_list_learns_that_nobody_is_left(as_beto: Client, caro: User) -> None:
    put(caro, Status.ACTIVE)
    html = as_beto.get("/referidos/cambios/", {"visto": f"{caro.pk}.00000000"}, headers=HTMX).content.decode()

    assert re.search(r'<div id="asistida" hx-swap-oob="true">\s*</div>', html)


def test_the_list_of_a_user_does_not_lead_here(client: Client, caro: User) -> None:
    make.person("Fabio", referred_by=caro)
    client.force_login(caro)

    assert PAGE not in text_of(client.get("/referidos/"))


def test_the_administration_leads_here_whoever_may_go(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert f'href="{PAGE}"' in text_of(client.get("/admin/"))

    client.force_login(make.person("Sara Ortiz", is_staff=True))
    assert PAGE not in text_of(client.get("/admin/"))
