"""What went wrong, in the words of the client and in those of the log."""

import errno
import os

import pytest

from mtq.access.servers import Server
from mtq.errors import Code
from mtq.protocol.client import Reply
from mtq.proxy.refusals import NotAllowed, SaidNo, Trouble, Unreachable, unreachable

ISP = Server("pop.isp.com", 995)


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (errno.ECONNREFUSED, Trouble.REFUSED),
        (errno.ETIMEDOUT, Trouble.TIME_OUT),
        (errno.ENETUNREACH, Trouble.ROUTE),
        (errno.EHOSTUNREACH, Trouble.ROUTE),
        (errno.EADDRNOTAVAIL, Trouble.ROUTE),
        (errno.EPERM, Trouble.ROUTE),
        (errno.ECONNRESET, Trouble.HUNG_UP),
        (errno.EPIPE, Trouble.HUNG_UP),
    ],
)
def test_an_error_of_the_system_has_its_word(number: int, trouble: Trouble) -> None:
    assert unreachable(OSError(number, os.strerror(number)), ISP).trouble is trouble


@pytest.mark.parametrize(
    ("error", "trouble"), [(TimeoutError(), Trouble.TIME_OUT), (ConnectionResetError(), Trouble.HUNG_UP)]
)
def test_an_error_without_a_number_has_its_word(error: OSError, trouble: Trouble) -> None:
    assert unreachable(error, ISP).trouble is trouble


def test_the_client_hears_what_failed_and_no_more() -> None:
    refusal = Unreachable(Trouble.CERTIFICATE, ISP, "self-signed certificate")
    assert refusal.line == b"-ERR [SYS/TEMP] cannot reach pop.isp.com:995: certificate not trusted"
    assert refusal.cause == "cannot reach pop.isp.com:995: certificate not trusted (self-signed certificate)"
    assert not refusal.counts


def test_a_target_that_is_not_allowed_counts_as_a_failed_login() -> None:
    assert NotAllowed("no", "because").counts


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("to_login", [True, False])
def test_a_no_counts_only_where_it_may_be_about_the_password(code: Code, to_login: bool) -> None:
    refusal = SaidNo(Reply(False, code, "no"), ISP, to_login)
    assert refusal.counts is (to_login and code in (Code.AUTH, Code.NONE))
    assert refusal.code is (Code.SYS_TEMP if code is Code.NONE and not to_login else code)
