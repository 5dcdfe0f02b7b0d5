"""mtq: a POP3 server and POP3 proxy, and what its administrator works with."""

__version__ = "0.1.0"
