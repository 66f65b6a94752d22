from vereda.census.sources.evidence import LIMIT, scrub


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
