"""Each address hears once that a trouble began and once that it ended, whoever looks and whatever fails meanwhile."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests import make
from tests.census.worker.threads import at_once
from vereda.census import gate
from vereda.census.models import Alert, SourceState, Worker
from vereda.census.statuses import ClosedReason
from vereda.census.worker import alerts, heartbeat

NOW = datetime(2099, 3, 1, 17, 0, tzinfo=UTC)
MAIL, CHAT = "mailtos://ana:clave@example.org", "tgram://123:secreto/4"


class Post:
    """Takes messages, but for the addresses that a test says are down."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, str]] = []
        self.down: set[str] = set()

    def send(self, addresses: Collection[str], title: str, body: str) -> Collection[str]:
        took = [address for address in addresses if address not in self.down]
        self.messages += [(address, title, body) for address in took]
        return took

    def told(self) -> list[tuple[str, str]]:
        """Return who was told what since the last time: its address and the end of the title."""
        told = [(address, title.rpartition(": ")[2]) for address, title, _ in self.messages]
        self.messages.clear()
        return told


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clock(settings: Any) -> Iterator[time_machine.Traveller]:
    settings.ALERT_URLS = [MAIL]
    settings.ALLOWED_HOSTS = ["localhost", ".vereda.example.org"]
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def at_work(clock: time_machine.Traveller, db: None) -> None:
    gate.state_of("practice")
    heartbeat.register("uno-1", 11, now=NOW)


def keep_alive() -> None:
    Worker.objects.update(seen_at=timezone.now())


def close() -> None:
    later = NOW + timedelta(days=1)
    SourceState.objects.update(rests=1, rests_until=later, rest_reason=ClosedReason.NO_BALANCE)


def check(post: Post) -> tuple[int, int]:
    """Be `./manage alert-check`, with a worker that lives."""
    keep_alive()
    alerts.note(timezone.now())
    return alerts.send_due(timezone.now(), post.send)


def check_for(minutes: int, post: Post, clock: time_machine.Traveller) -> None:
    for _ in range(minutes):
        clock.shift(60)
        check(post)


def test_while_all_is_well_nothing_is_told(at_work: None, post: Post) -> None:
    assert not alerts.note(NOW)
    assert check(post) == (0, 0)
    assert not Alert.objects.exists()


def test_a_trouble_is_told_when_it_begins_and_when_it_ends_and_then_forgotten(
    at_work: None, post: Post, clock: time_machine.Traveller
) -> None:
    close()
    assert alerts.note(timezone.now())
    check_for(180, post, clock)
    assert post.told() == [(MAIL, "problema")]

    gate.end_rest("practice")
    check_for(30, post, clock)
    assert post.told() == [(MAIL, "resuelto")]
    assert not Alert.objects.exists()


def test_a_message_names_the_site_what_is_wrong_what_to_do_and_since_when(at_work: None, post: Post) -> None:
    close()
    check(post)

    ((_, title, body),) = post.messages
    assert title == "Vereda (vereda.example.org): problema"
    assert "El servicio de captchas no tiene saldo" in body
    assert "Qué hacer: Recárguelo" in body
    assert "Desde: 01/03 12:00" in body


def test_a_message_of_the_end_says_how_long_it_was(at_work: None, post: Post, clock: time_machine.Traveller) -> None:
    close()
    check(post)
    clock.shift(3600)
    gate.end_rest("practice")
    check(post)

    assert "Ya no sucede: El servicio de captchas no tiene saldo" in post.messages[-1][2]
    assert "Duró del 01/03 12:00 al 01/03 13:00." in post.messages[-1][2]


def test_what_begins_again_is_told_again(at_work: None, post: Post, clock: time_machine.Traveller) -> None:
    for _ in range(2):
        close()
        check_for(2, post, clock)
        gate.end_rest("practice")
        check_for(2, post, clock)

    assert [what for _, what in post.told()] == ["problema", "resuelto"] * 2


def test_several_troubles_are_told_one_by_one(at_work: None, post: Post) -> None:
    close()
    Worker.objects.update(fault=Worker.Fault.NO_BROWSER)
    check(post)

    assert len(post.told()) == 2


def test_a_worker_that_is_started_again_at_once_is_not_missed(
    at_work: None, post: Post, clock: time_machine.Traveller
) -> None:
    Worker.objects.all().delete()
    check(post)
    clock.shift(60)
    check(post)
    heartbeat.register("uno-2", 12, now=timezone.now())
    check_for(20, post, clock)

    assert post.told() == []
    assert not Alert.objects.exists()


def test_a_worker_that_stays_away_is_missed(at_work: None, post: Post, clock: time_machine.Traveller) -> None:
    Worker.objects.all().delete()
    check_for(3, post, clock)

    assert post.told() == [(MAIL, "problema")]


def test_what_could_not_be_sent_is_tried_again_later_and_later(
    at_work: None, post: Post, clock: time_machine.Traveller
) -> None:
    close()
    post.down = {MAIL}
    tried_after = []
    for minutes in range(200):
        if check(post) == (0, 1):
            tried_after.append(minutes)
        clock.shift(60)
    assert tried_after == [0, 1, 3, 7, 15, 31, 63, 123, 183]

    post.down = set()
    check_for(60, post, clock)
    assert post.told() == [(MAIL, "problema")]


def test_a_trouble_that_ends_before_it_could_be_told_is_not_told(
    at_work: None, post: Post, clock: time_machine.Traveller
) -> None:
    close()
    post.down = {MAIL}
    check(post)
    post.down = set()
    gate.end_rest("practice")
    check_for(20, post, clock)

    assert post.told() == []
    assert not Alert.objects.exists()


def test_an_address_that_took_a_message_does_not_get_it_again_because_another_did_not(
    at_work: None, post: Post, clock: time_machine.Traveller, settings: Any
) -> None:
    settings.ALERT_URLS = [MAIL, CHAT]
    close()
    post.down = {CHAT}
    check_for(5, post, clock)
    assert post.told() == [(MAIL, "problema")]
    post.down = set()
    check_for(10, post, clock)
    assert post.told() == [(CHAT, "problema")]

    gate.end_rest("practice")
    check(post)
    assert sorted(post.told()) == [(MAIL, "resuelto"), (CHAT, "resuelto")]


def test_who_did_not_hear_of_the_beginning_does_not_hear_of_the_end(
    at_work: None, post: Post, clock: time_machine.Traveller, settings: Any
) -> None:
    settings.ALERT_URLS = [MAIL, CHAT]
    close()
    post.down = {CHAT}
    check(post)
    post.down = set()
    gate.end_rest("practice")
    check_for(20, post, clock)

    assert post.told() == [(MAIL, "problema"), (MAIL, "resuelto")]


def test_an_end_that_comes_while_the_beginning_is_on_its_way_is_told_too(
    at_work: None, post: Post, clock: time_machine.Traveller
) -> None:
    def slow(addresses: Collection[str], title: str, body: str) -> Collection[str]:
        gate.end_rest("practice")
        clock.shift(30)
        alerts.note(timezone.now())
        return post.send(addresses, title, body)

    close()
    alerts.note(timezone.now())
    alerts.send_due(timezone.now(), slow)
    check(post)

    assert [what for _, what in post.told()] == ["problema", "resuelto"]


def test_without_addresses_nothing_is_written_down(at_work: None, post: Post, settings: Any) -> None:
    settings.ALERT_URLS = []
    close()

    assert check(post) == (0, 0)
    assert not Alert.objects.exists()


def test_what_is_written_down_holds_no_secret(at_work: None, post: Post, settings: Any) -> None:
    settings.ALERT_URLS = [MAIL, CHAT]
    close()
    check(post)

    assert not any(secret in str(Alert.objects.values().get()) for secret in ("clave", "secreto", "example"))


def test_no_message_names_a_person(at_work: None, post: Post) -> None:
    waiting = make.person("Nora Quintero", phone="3001234567")
    waiting.cedula_info.__class__.objects.update(requested_at=NOW - timedelta(hours=2))
    check(post)

    ((_, title, body),) = post.messages
    assert "desde hace más de una hora" in body
    assert not any(own in title + body for own in (waiting.cedula, "Nora", "3001234567"))


@pytest.mark.parametrize(
    ("hosts", "name"),
    [(["vereda.example.org", "otra.org"], "vereda.example.org"), (["localhost", ".example.org"], "example.org")],
)
def test_a_site_has_the_name_that_people_call_it_by(settings: Any, hosts: list[str], name: str) -> None:
    settings.ALLOWED_HOSTS = hosts

    assert alerts.site_name() == name


@pytest.mark.parametrize("hosts", [["*"], ["localhost", "127.0.0.1"]])
def test_a_site_without_a_name_has_its_machines(settings: Any, hosts: list[str]) -> None:
    settings.ALLOWED_HOSTS = hosts

    assert alerts.site_name() == alerts.socket.gethostname()


@pytest.mark.django_db(transaction=True)
def test_of_many_hosts_that_look_at_once_one_tells(settings: Any) -> None:
    settings.ALERT_URLS = [MAIL, CHAT]
    heartbeat.register("uno-1", 11, now=timezone.now())
    gate.state_of("practice")
    post = Post()

    def check_at_once() -> tuple[int, int]:
        alerts.note(timezone.now())
        return alerts.send_due(timezone.now(), post.send)

    for _ in range(5):
        SourceState.objects.update(
            rests=1, rests_until=timezone.now() + timedelta(days=1), rest_reason=ClosedReason.NO_BALANCE
        )
        at_once(4, check_at_once)
        assert sorted(post.told()) == [(MAIL, "problema"), (CHAT, "problema")]

        gate.end_rest("practice")
        at_once(4, check_at_once)
        assert sorted(post.told()) == [(MAIL, "resuelto"), (CHAT, "resuelto")]
