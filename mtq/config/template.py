"""The safe configuration that `mtq init` and a first `mtq serve` write."""

PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")


def safe(hostname: str, user: str | None, privileged: bool) -> str:
    """The text. `user`: as whom the server does its work when root starts it."""
    pop3, pop3s = ('"pop3"', '"pop3s"') if privileged else ("1110", "1995")
    lan = ", ".join(f'"{text}"' for text in ("127.0.0.0/8", "::1", *PRIVATE_RANGES))
    run_as = f'user = "{user}"' if user else '# user = "mtq"                    # started as root: serve as this user'
    return f"""\
# mtq's configuration. Every key that is not here has its default; `mtq config show` prints them all.
# `mtq config check` says whether this file is right.

[server]
hostname = "{hostname}"
# The local network: clients from here are let in by `access = "firewall+lan"`.
lan = [{lan}]
{run_as}

[users]
file = "users"                      # `mtq user add NAME`; a Dovecot passwd-file works as it is

# POP3 in the clear, upgraded by STLS. Passwords without TLS are taken from this machine only.
[services.pop3]
listen = [{pop3}]
tls = "starttls"
access = "firewall+lan"

# POP3 inside TLS from the first byte: what mail programs should be set to.
[services.pop3s]
listen = [{pop3s}]
tls = "implicit"
access = "firewall+lan"
"""
