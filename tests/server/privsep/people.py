"""The user of this system as whom the server works in these tests."""

from mtq.server.privsep.account import find

SERVICE = find("daemon")
"""A user that every system has."""
