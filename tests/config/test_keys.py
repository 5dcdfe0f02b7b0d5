"""What a key path names."""

import pytest

from mtq.config.assignment import key
from mtq.config.keys import NoSuchTable, UnknownKey, find
from mtq.config.layout import Path
from mtq.errors import Exit
from tests.config.written import EXAMPLE, Key, config, keys

CONFIG = config(EXAMPLE)
TARGETS = ("services", "pop3", "proxy", "targets")
HOST = 'services.pop3.proxy.targets."pop.isp.com"'


@pytest.mark.parametrize("known", list(keys()), ids=lambda known: known.dotted)
def test_every_key_of_the_model_is_found_with_its_kind(known: Key) -> None:
    assert find(CONFIG, known.path) == (known.path, known.kind)


@pytest.mark.parametrize(
    "path", [(), ("server",), ("services",), ("services", "pop3"), TARGETS, (*TARGETS, "pop.isp.com")]
)
def test_a_table_has_no_kind(path: Path) -> None:
    assert find(CONFIG, path) == (path, None)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("pop.isp.com.port", (*TARGETS, "pop.isp.com", "port")),
        ("pop.isp.com", (*TARGETS, "pop.isp.com")),
    ],
)
def test_the_quotes_of_a_target_may_be_lost_on_the_way_through_a_shell(text: str, path: Path) -> None:
    assert find(CONFIG, (*TARGETS, *key(text))).path == path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("server", "hostnam"), 'server.hostnam: unknown key; did you mean "hostname"?'),
        (("service",), 'service: unknown key; did you mean "services"?'),
        (("zzz",), "zzz: unknown key; known here: server, mailboxes, users, tls, services"),
        (("server", "hostname", "x"), "server.hostname.x: unknown key; server.hostname is a value and no table"),
        (("server", "lan", "0"), "server.lan.0: unknown key; server.lan is a value and no table"),
        ((*TARGETS, "pop.isp.com", "prot"), f'{HOST}.prot: unknown key; did you mean "port"?'),
        (("\x1b[2J",), r'"\x1b[2J": unknown key; '),
    ],
)  # fmt: skip
def test_an_unknown_key_names_the_nearest(path: Path, said: str) -> None:
    with pytest.raises(UnknownKey) as caught:
        find(CONFIG, path)
    assert str(caught.value).startswith(said)
    assert caught.value.exit == Exit.FAILED


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("services", "pop", "listen"), 'services.pop: there is no such service; did you mean "pop3"?'),
        ((*TARGETS, "pop.isp", "port"), f'{HOST[:-5]}": there is no such target; did you mean "pop.isp.com"?'),
        ((*TARGETS, "x", "port"), "services.pop3.proxy.targets.x: there is no such target; known here: pop.isp.com"),
    ],
)
def test_a_service_or_target_that_is_not_there_names_the_nearest(path: Path, said: str) -> None:
    with pytest.raises(NoSuchTable) as caught:
        find(CONFIG, path)
    assert str(caught.value).startswith(said)


def test_where_there_are_none_none_is_named() -> None:
    with pytest.raises(NoSuchTable, match=r"services\.pop3: there is no such service; known here: none"):
        find(config(""), ("services", "pop3"))


def test_a_target_may_be_new_and_a_service_may_not() -> None:
    path = (*TARGETS, "new.isp.com", "port")
    found = find(CONFIG, path, new_target=True)
    assert found.path == path
    assert found.kind is not None
    with pytest.raises(NoSuchTable):
        find(CONFIG, ("services", "new", "listen"), new_target=True)
    with pytest.raises(UnknownKey):
        find(CONFIG, (*TARGETS, "new.isp.com", "prot"), new_target=True)
