"""What a connection is offered as TLS and policy have it."""

from mtq.protocol.asks import Features


def test_clear_text_mechanisms_are_offered_where_a_password_may_be_shown() -> None:
    assert Features(clear_text=True).offered == (b"PLAIN", b"LOGIN")
    assert Features(clear_text=False).offered == ()


def test_a_mechanism_that_shows_no_password_is_offered_anyway() -> None:
    assert Features((b"PLAIN", b"SCRAM-SHA-256"), clear_text=False).offered == (b"SCRAM-SHA-256",)


def test_user_and_pass_may_be_used_where_plain_or_login_may() -> None:
    assert Features().password
    assert not Features(clear_text=False).password


def test_user_and_pass_are_refused_though_another_mechanism_is_offered() -> None:
    assert not Features((b"PLAIN", b"SCRAM-SHA-256"), clear_text=False).password
