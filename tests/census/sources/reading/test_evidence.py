import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vereda.census.sources.reading.evidence import LIMIT, has_placeholder, is_cut, scrub, with_cedula, without_cedula


def test_a_short_reply_is_kept_as_it_is() -> None:
    assert scrub("<p>Sitio en actualización</p>") == "<p>Sitio en actualización</p>"


def test_a_long_reply_is_cut() -> None:
    assert len(scrub("a b " * LIMIT)) == LIMIT


def test_a_form_nonce_is_not_kept() -> None:
    assert scrub("<input id=token value='0123456789abcdef0123456789abcdef'>") == "<input id=token value='[nonce]'>"


def test_a_captcha_token_is_not_kept() -> None:
    assert scrub(f'"g-recaptcha-response":"{"03AbC-_" * 70}"') == '"g-recaptcha-response":"[token]"'


def test_a_token_cut_at_the_limit_is_not_kept_either() -> None:
    assert "03AbC" not in scrub("x " * (LIMIT // 2 - 50) + "03AbC-_" * 70)


def test_session_cookies_are_not_kept() -> None:
    assert scrub("PHPSESSID=abc123; Path=/") == "PHPSESSID=[cookie]; Path=/"


def test_a_sitekey_is_not_kept() -> None:
    assert scrub(f'data-sitekey="6L{"x" * 38}"') == 'data-sitekey="[sitekey]"'


def test_what_a_database_refuses_is_removed() -> None:
    assert scrub("a\0b\ud800c") == "ab?c"


def test_a_reply_that_was_cut_says_so_and_a_whole_one_does_not() -> None:
    assert is_cut(scrub("a b " * LIMIT))
    assert is_cut(scrub("03AbC-_ " + "x" * LIMIT * 2))
    assert not is_cut(scrub("ab " * (LIMIT // 3)))


@settings(deadline=None)
@given(st.text() | st.text().map(lambda text: text * 5000))
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize(
    "written",
    [
        "1020304050",
        "1.020.304.050",
        "1,020,304,050",
        "1 020 304 050",
        "1\xa0020\xa0304\xa0050",
        "01020304050",
        r"1\u00a0020\u00a0304\u00a0050",
    ],
)
def test_the_number_that_was_asked_about_is_not_kept_however_it_is_written(written: str) -> None:
    assert without_cedula(f"<td>{written}</td>", "1020304050") == "<td>[cedula]</td>"


@pytest.mark.parametrize("other", ["10203040501", "21020304050", "102030405", "Mesa 4, CL 18 # 24-30"])
def test_other_numbers_stay(other: str) -> None:
    assert without_cedula(other, "1020304050") == other


def test_the_shortest_number_is_recognised_too() -> None:
    assert without_cedula("12.345 o 12345", "12345") == "[cedula] o [cedula]"


def test_the_number_comes_back_where_it_was() -> None:
    reply = '{"nuip":1020304050,"mensaje":"número 1020304050"}'
    assert with_cedula(without_cedula(reply, "1020304050"), "1020304050") == reply


def test_what_was_made_unreadable_is_known_as_such() -> None:
    assert has_placeholder(scrub("x" * 60))
    assert not has_placeholder("IE EL SAUCE")
