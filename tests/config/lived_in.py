"""A configuration that people have lived in for years, and TOML in any layout there can be."""

from hypothesis import strategies as st

LIVED_IN = """\
# Our mail server. Ask wilma before you touch this.
#   2024: moved to the new box

[server]   # the whole
  hostname = "mail.bedrock.example" # must match the certificate
state_dir = "state"                 # relative to this file
lan = [
  "127.0.0.0/8",    # ourselves
  # "10.0.0.0/8",   the old office
  "192.168.1.*",
  { range = "!192.168.1.66", until = 2031-12-01T00:00:00Z, comment = "fred's \\" [broken] # printer" },
  # more to come
]   # the local network

# user = "mtq"                      # not yet
shutdown_grace = 10                 # seconds
\tlog_level="info"\t# tabs, as barney writes them



# --- POP3 in the clear -------------------------------------------------
# Only for the till.
[services.pop3]
listen = "127.0.0.1:1110"           # a lone one
tls = "off"
plaintext_auth = "always"           # the till cannot do better
proxy.enabled = false
proxy.dialup = { enabled = false, up = [ "/usr/bin/pon", "isp" ] }   # the modem

[users]
file = "users"
# file = "/etc/dovecot/users"       # before

# --- POP3 inside TLS ---------------------------------------------------
["services" . pop3s]
listen = ["127.0.0.1:1995","[::1]:1995"]
tls = 'implicit'
max_connections = 25                # 1 to 999
firewall = [ ]                      # nobody yet
idle_timeout = 60                   # seconds
[services.pop3s.proxy]
allow = ["pop.isp.com", # ours
         "*.isp.com" ]
# targets of the proxy
[services.pop3s.proxy.targets."pop.isp.com"]
port = 995                          # as they say
[services.pop3.proxy.targets."mail.isp.com"]
tls = "starttls"

[mailboxes]
path = '''mail/{user}'''

# vim: set ft=toml:
"""

LAYOUTS = {
    "as it is": LIVED_IN,
    "CRLF": LIVED_IN.replace("\n", "\r\n"),
    "no end of the last line": LIVED_IN.rstrip("\n"),
    "no end of the last key": LIVED_IN.partition("\n\n# vim")[0],
    "no blank lines": "".join(line for line in LIVED_IN.splitlines(keepends=True) if line.strip()),
}

_spaces = st.sampled_from(["", " ", "  ", "\t"])
_trivia = st.sampled_from(["", " ", "\n", "\n  ", "  # c ] }\n  ", "\n # 'x',\n\n  "])
_scalars = st.sampled_from(
    [
        "1",
        "0x1f",
        "1.5",
        "true",
        "2026-12-01",
        "2026-12-01 00:00:00Z",
        '"a # b"',
        '"\\"]"',
        "'\\'",
        '""',
        '"""\n"a"""""',
        "'''it's\n\n'''",
        '"""\\\n  x\\""""',
    ]
)


@st.composite
def _arrays(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    text, count = "[", draw(st.integers(0, 3))
    for index in range(count):
        comma = "," if index < count - 1 else draw(st.sampled_from(["", ","]))
        text += draw(_trivia) + draw(items) + draw(_trivia) + comma
    return text + draw(_trivia) + "]"


@st.composite
def _inline_tables(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    keys = draw(st.lists(st.sampled_from(["a", '"b c"', "'d'", "e.f", "e . g"]), max_size=3, unique=True))
    pairs = [f"{draw(_spaces)}{key}{draw(_spaces)}={draw(_spaces)}{draw(items)}{draw(_spaces)}" for key in keys]
    return "{" + ",".join(pairs) + ("}" if pairs else draw(_spaces) + "}")


_one_line = _scalars.filter(lambda text: "\n" not in text)
_nested = _scalars | _inline_tables(_one_line) | _arrays(_scalars)
values = _scalars | _arrays(_nested) | _inline_tables(_one_line)
"""Values in every way in which TOML lets them be written."""

_keys = st.sampled_from(["a", "b_2", '"c d"', "'e'", "f.g", "f . h", 'i."j.k"', "7"])
_tables = st.sampled_from(["t", "t.u", "t . v", '"w x"', "t.'y'.z", "s.m", "s.n", "s.m.p", "s"])
_between = st.sampled_from(["", "", "\n", "# comment = 1\n", "   \n", "\t# [x]\n", "\n\n# a\n\n"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Valid TOML in any layout."""
    text = draw(_between)
    for table in [None, *draw(st.lists(_tables, max_size=6, unique_by=lambda name: name.replace(" ", "")))]:
        if table is not None:
            text += f"{draw(_spaces)}[{draw(_spaces)}{table}{draw(_spaces)}]{draw(_spaces)}{draw(_ends)}"
        for key in draw(st.lists(_keys, max_size=3, unique=True)):
            name = key if table else f"root.{key}"
            text += f"{draw(_spaces)}{name}{draw(_spaces)}={draw(_spaces)}{draw(values)}{draw(_ends)}"
        text += draw(_between)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.rstrip("\r\n") if draw(st.booleans()) else text


_ends = st.sampled_from(["\n", " \n", "  # comment ' \"\n", "# c\n"])
