"""Users that are not there look like those that are."""

from collections import Counter

from mtq.users.decoys import Decoys
from mtq.users.scram import Form

OURS = Form(16, 4096, derived=False)
OTHERS = Form(24, 20000, derived=False)
PLAIN = Form(16, 4096, derived=True)
NAMES = [f"user{number}" for number in range(1000)]

DECOYS = Decoys(b"one secret")


def test_a_name_has_the_same_salt_and_keys_again_and_another_name_has_others() -> None:
    assert DECOYS.keys("fred", OURS) == Decoys(b"one secret").keys("fred", OURS)
    assert len({DECOYS.salt(name, OURS) for name in NAMES}) == len(NAMES)
    assert len({DECOYS.keys(name, OURS).stored_key for name in NAMES}) == len(NAMES)


def test_another_servers_salts_and_keys_are_others() -> None:
    other = Decoys(b"another secret")
    assert DECOYS.salt("fred", OURS) != other.salt("fred", OURS)
    assert DECOYS.keys("fred", OURS).stored_key != other.keys("fred", OURS).stored_key


def test_keys_are_of_their_form() -> None:
    keys = DECOYS.keys("fred", OTHERS)
    assert (len(keys.salt), keys.iterations, len(keys.stored_key), len(keys.server_key)) == (24, 20000, 32, 32)


def test_a_salt_has_any_length() -> None:
    assert len(DECOYS.salt("fred", Form(500, 4096, derived=False))) == 500


def test_a_name_that_is_no_text_has_a_salt_too() -> None:
    assert len(DECOYS.salt("fr\udcffed", OURS)) == 16


def test_a_user_that_gets_another_form_gets_another_salt() -> None:
    """As somebody does who is given another password."""
    assert DECOYS.salt("fred", OURS)[:8] not in DECOYS.salt("fred", PLAIN)


def test_where_there_is_one_form_every_name_has_it() -> None:
    assert {DECOYS.form(name, {OTHERS: 3}) for name in NAMES} == {OTHERS}


def test_where_there_is_nobody_to_look_like_the_form_is_that_of_a_user_to_come() -> None:
    assert DECOYS.form("fred", {}) == OURS


def test_forms_are_as_frequent_as_they_are_among_the_users() -> None:
    rare = Counter(DECOYS.form(name, {OURS: 95, OTHERS: 5}) for name in NAMES)[OTHERS]
    assert 20 <= rare <= 90


def test_as_users_come_and_go_hardly_a_name_changes_its_form() -> None:
    before, after = ({OURS: 100, OTHERS: 50}, {OTHERS: 50, OURS: 101})
    assert sum(DECOYS.form(name, before) != DECOYS.form(name, after) for name in NAMES) < 20
