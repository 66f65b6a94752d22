"""The versions of the data policy: which is in force, that a published one stays, and how its text is shown."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from vereda.accounts import policies
from vereda.accounts.models import Policy, User

NOW = datetime(2026, 12, 3, 15, 0, tzinfo=UTC)


def published(text: str = "## Otra", now: datetime = NOW) -> Policy:
    return policies.publish(draft=Policy.objects.create(text=text), now=now)


def test_a_new_database_has_the_version_that_came_with_the_product(db: None) -> None:
    policy = Policy.objects.get()

    assert policy.version == policies.SHIPPED
    assert policy.text_hash == policies.hash_of(policy.text)
    assert policy == Policy.objects.current()


def test_migrating_twice_makes_no_second_one(db: None) -> None:
    policies.ensure()

    assert Policy.objects.count() == 1


def test_an_upgrade_puts_nothing_over_what_the_organisation_published(db: None, monkeypatch: Any) -> None:
    own = published()
    Policy.objects.exclude(pk=own.pk).delete()
    policies.ensure()

    assert list(Policy.objects.all()) == [own]


def test_a_database_with_an_older_version_of_the_product_gets_the_newer_text(db: None) -> None:
    Policy.objects.update(version="2026-11")
    policies.ensure()

    assert Policy.objects.current().version == policies.SHIPPED


def test_a_draft_is_in_force_once_it_is_published_under_its_day(db: None) -> None:
    draft = Policy.objects.create(text="## Nueva")
    assert Policy.objects.current() != draft

    policy = policies.publish(draft=draft, now=NOW)
    assert (policy.version, policy.text_hash) == ("2026-12-03", policies.hash_of("## Nueva"))
    assert Policy.objects.current() == policy


def test_the_day_is_bogotas(db: None) -> None:
    assert published(now=datetime(2026, 12, 4, 3, 0, tzinfo=UTC)).version == "2026-12-03"


def test_several_of_one_day_are_numbered(db: None) -> None:
    assert [published().version for _ in range(3)] == ["2026-12-03", "2026-12-03-2", "2026-12-03-3"]


def test_what_was_published_is_not_published_again(db: None) -> None:
    policy = published()
    again = policies.publish(draft=policy, now=datetime(2027, 1, 1, tzinfo=UTC))

    assert (again.version, again.published_at) == (policy.version, policy.published_at)


def test_the_database_wants_a_version_and_a_hash_of_what_is_published(db: None) -> None:
    for fields in ({"published_at": NOW}, {"published_at": NOW, "version": "1"}, {"version": "1"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Policy.objects.create(text="x", **fields)


def test_a_version_that_somebody_agreed_to_cannot_be_deleted(caro: User) -> None:
    with pytest.raises(ProtectedError):
        Policy.objects.current().delete()


def test_the_page_shows_the_version_in_force_and_older_ones_under_their_own_address(client: Client, db: None) -> None:
    published("## La de ahora")

    assert "<h2>La de ahora</h2>" in client.get("/privacidad/").content.decode()
    assert "ya no es la vigente" not in client.get("/privacidad/").content.decode()
    old = client.get(f"/privacidad/{policies.SHIPPED}/").content.decode()
    assert "En pocas palabras" in old
    assert "ya no es la vigente" in old


def test_a_draft_and_a_version_that_never_was_are_a_404(client: Client, db: None) -> None:
    Policy.objects.create(text="## Secreta")

    for version in ("None", "2019-01", "x" * 400):
        assert client.get(f"/privacidad/{version}/").status_code == 404


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("## Título", "<h2>Título</h2>"),
        ("- **uno**\n- dos", "<ul>\n<li><strong>uno</strong></li>\n<li>dos</li>\n</ul>"),
        ("[la SIC](https://www.sic.gov.co)", '<p><a href="https://www.sic.gov.co">la SIC</a></p>'),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('<img src=x onerror="alert(1)">', "<p>&lt;img src=x onerror=&quot;alert(1)&quot;&gt;</p>"),
    ],
)
def test_the_text_is_shown_by_a_few_marks_and_anything_else_as_typed(text: str, html: str) -> None:
    assert policies.rendered(text).strip() == html


@given(st.text(max_size=300))
def test_no_text_makes_another_tag_than_those_of_a_text(text: str) -> None:
    tags = set(re.findall(r"</?([a-zA-Z!][^\s>/]*)", policies.rendered(text)))
    assert tags <= {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "a", "br"}


def test_the_texts_that_came_with_the_product_say_what_the_law_wants() -> None:
    text = (policies.TEXTS / f"{policies.SHIPPED}.md").read_text()

    for word in (
        "responsable",
        "finalidad",
        "sensibles",
        "diez días hábiles",
        "quince",
        "Superintendencia",
        "rige desde",
    ):
        assert word in text


@pytest.fixture
def as_ana(client: Client, ana: User) -> Client:
    client.force_login(ana)
    return client


CHANGE = "/admin/accounts/policy/{}/change/"


def test_a_superuser_writes_a_draft_that_begins_with_the_text_in_force(as_ana: Client, ana: User) -> None:
    assert "En pocas palabras" in as_ana.get("/admin/accounts/policy/add/").content.decode()

    as_ana.post("/admin/accounts/policy/add/", {"text": "## Nueva"})
    draft = Policy.objects.get(published_at=None)
    assert (draft.text, draft.created_by) == ("## Nueva", ana)
    assert "<h2>Nueva</h2>" in as_ana.get(CHANGE.format(draft.pk)).content.decode()


def act(client: Client, *chosen: Policy) -> Any:
    form = {"action": "publish", "_selected_action": [policy.pk for policy in chosen]}
    return client.post("/admin/accounts/policy/", form, follow=True)


def test_a_superuser_publishes_it(as_ana: Client) -> None:
    draft = Policy.objects.create(text="## Nueva")
    page = act(as_ana, draft).content.decode()

    assert Policy.objects.current() == draft
    assert "ya es la vigente" in page


def test_two_drafts_at_once_are_not_published(as_ana: Client) -> None:
    drafts = [Policy.objects.create(text="a"), Policy.objects.create(text="b")]

    assert "Elija un solo borrador" in act(as_ana, *drafts).content.decode()
    assert Policy.objects.current() not in drafts


def test_what_is_published_can_be_neither_changed_nor_deleted_there(as_ana: Client) -> None:
    policy = published()
    as_ana.post(CHANGE.format(policy.pk), {"text": "otra cosa"})
    as_ana.post(f"/admin/accounts/policy/{policy.pk}/delete/", {"post": "yes"})

    policy.refresh_from_db()
    assert policy.text == "## Otra"


def test_a_draft_can_be_thrown_away(as_ana: Client) -> None:
    draft = Policy.objects.create(text="a")
    as_ana.post(f"/admin/accounts/policy/{draft.pk}/delete/", {"post": "yes"})

    assert not Policy.objects.filter(pk=draft.pk).exists()


def test_staff_with_every_permission_but_that_of_a_superuser_do_not_see_it(client: Client, db: None) -> None:
    clerk = make.person("Oficina", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    client.force_login(clerk)

    assert client.get("/admin/accounts/policy/").status_code == 403
    assert client.get("/admin/accounts/policy/add/").status_code == 403
