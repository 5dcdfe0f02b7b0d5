"""A POP3 server made of twisted.mail, for the comparison.

    python benchmarks/twisted_server.py PORT TLS_PORT MAIL USERS CERTIFICATE KEY
"""

import sys
import warnings
from pathlib import Path

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import reactor, ssl  # noqa: E402 - the reactor has to be chosen before
from twisted.internet.protocol import Factory  # noqa: E402
from twisted.mail.maildir import MaildirMailbox  # noqa: E402
from twisted.mail.pop3 import POP3, IMailbox  # noqa: E402
from zope.interface import implementer  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt


class Box(MaildirMailbox):
    """Its own opens messages as text, which POP3 cannot send."""

    def getMessage(self, number):
        return open(self.list[number], "rb")


@implementer(IRealm, ICredentialsChecker)
class House:
    """Knows the users and their mailboxes."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, mail, users):
        self._mail = mail
        self._secrets = dict(row.split(b":")[:2] for row in users.read_bytes().splitlines())

    def requestAvatarId(self, credentials):
        scheme, _, kept = self._secrets.get(credentials.username, b"").partition(b"}")
        shown = credentials.password
        if scheme == b"{SHA512-CRYPT":
            shown = crypt.crypt(shown.decode(), kept.decode()).encode()
        if shown != kept:
            raise UnauthorizedLogin
        return credentials.username

    def requestAvatar(self, user, mind, *interfaces):
        return IMailbox, Box(str(self._mail / user.decode()).encode()), lambda: None


class Talk(POP3):
    """Without this each message waits 40 milliseconds for the client's acknowledgement."""

    def connectionMade(self):
        self.transport.setTcpNoDelay(True)
        super().connectionMade()


class Talks(Factory):
    noisy = False

    def __init__(self, house):
        self._portal = Portal(house, [house])

    def buildProtocol(self, address):
        talk = Talk()
        talk.factory, talk.portal, talk.timeOut = self, self._portal, 600
        return talk

    challengers = {}  # noqa: RUF012 - Twisted looks for it here


if __name__ == "__main__":
    port, tls_port, mail, users, certificate, key = sys.argv[1:]
    talks = Talks(House(Path(mail), Path(users)))
    reactor.listenTCP(int(port), talks, backlog=4096, interface="127.0.0.1")
    context = ssl.DefaultOpenSSLContextFactory(key, certificate)
    reactor.listenSSL(int(tls_port), talks, context, backlog=4096, interface="127.0.0.1")
    reactor.run()
