"""The completion of zsh: a function a command, which calls zsh's own _arguments. compadd quotes what is offered."""

from collections.abc import Iterable, Iterator

from .keys import Key, Keys
from .takes import Choices, Source, Takes
from .tree import Argument, Command, Option

HEAD = r"""#compdef mtq
# zsh completion for mtq. Written by `mtq completion zsh`; a change of the command line is followed by
# `make completions`.
"""

PROGRAM = r"""  local mtq_program=$words[1] mtq_config
  local -a match mbegin mend
"""

# In opt_args zsh has put a backslash before each colon and each backslash.
CONFIG = r"""  mtq_config=${opt_args[--config]//(#b)\\(?)/$match[1]}
"""

ENGINE = r"""
# A word of the line as the command would get it. Nothing is run; of what the shell would put in, only ~/ and $NAME at
# its beginning are known.
__mtq_plain() {
  local word=$1 name
  if [[ $word == '~/'* ]]; then
    word=${(q)HOME}${word#'~'}
  elif [[ $word == '$'[A-Za-z_]* ]]; then
    name=${${word#'$'}%%[^A-Za-z0-9_]*}
    word=${(q)${(P)name}}${word#?$name}
  fi
  REPLY=${(Q)word}
}

# Ask mtq for names. It is the mtq of the line, which need not be on the path.
__mtq_ask() {
  local REPLY program
  local -a config
  reply=()
  [[ $PREFIX == -* ]] && return         # no name begins so, and zsh asks for arguments at an option, too
  __mtq_plain $mtq_program
  program=$REPLY
  if [[ -n $mtq_config ]]; then
    __mtq_plain $mtq_config
    config=(--config $REPLY)
  fi
  reply=(${(f)"$(command $program $config completion names $1 2> /dev/null < /dev/null)"})
}

__mtq_services() {
  local -a reply
  __mtq_ask services
  compadd "$@" -a reply
}

__mtq_users() {
  local -a reply
  __mtq_ask users
  compadd "$@" -a reply
}

if [[ $funcstack[1] == _mtq ]]; then
  _mtq "$@"
else
  compdef _mtq mtq
fi
"""

KEYS = r"""
# A key of the configuration.
__mtq_keys() {{
  local -a reply keys
  local name
  local -a of_config=(
{described}  )
  local -a of_service=(
{names}  )
  if [[ $PREFIX == services.* ]]; then
    __mtq_ask services
    for name in ${{reply:#*.*}}; do         # a dot would have to be quoted
      keys+=(services.$name.$^of_service)
    done
    compadd "$@" -a keys
  else
    _describe -t keys key of_config
    compadd "$@" -S '' services.
  fi
}}

# KEY=VALUE, a key of a service's table.
__mtq_setting() {{
  _values setting \
{settings}
}}

# A value of the key before.
__mtq_value() {{
  case ${{words[CURRENT-1]#services.*.}} in
{values}  esac
}}

# A key and its value in turn.
__mtq_pair() {{
  if (( $#line % 2 )); then __mtq_keys "$@"; else __mtq_value "$@"; fi
}}
"""


def script(root: Command, keys: Keys) -> str:
    """The whole script."""
    return "".join([HEAD, *(_function(command) for command in root.all()), _keys(keys), ENGINE])


def _function(command: Command) -> str:
    specs = [spec for option in command.options for spec in _option(option)]
    body = _group(command, specs) if command.commands else _leaf(command, specs)
    return f"\n{_name(command)}() {{\n{body}}}\n"


def _leaf(command: Command, specs: list[str]) -> str:
    specs += [_argument(number, argument) for number, argument in enumerate(command.arguments, 1)]
    return _call("-s -S", specs)


def _group(command: Command, specs: list[str]) -> str:
    top = len(command.path) == 1
    described = "".join(f"    {_quoted(_described(below.name, below.about))}\n" for below in command.commands)
    cases = "".join(f"        {below.name}) {_name(below)} ;;\n" for below in command.commands)
    return (
        (PROGRAM if top else "")
        + "  local curcontext=$curcontext state state_descr line\n"
        + "  local -A opt_args\n"
        + f"  local -a commands=(\n{described}  )\n"
        + _call("-C -s -S", [*specs, "1:command:->command", "*:: :->rest"])
        + (CONFIG if top else "")
        + "  case $state in\n"
        + "    command) _describe -t commands command commands ;;\n"
        + "    rest)\n"
        + "      [[ $words[1] == -- ]] && shift words && (( CURRENT-- ))\n"
        + f"      case $words[1] in\n{cases}      esac ;;\n"
        + "  esac\n"
    )


def _call(flags: str, specs: Iterable[str]) -> str:
    return " \\\n".join([f"  _arguments {flags} :", *(f"    {_quoted(spec)}" for spec in specs)]) + "\n"


def _option(option: Option) -> Iterator[str]:
    """The option under each of its names. One that is given is not offered again, unless it may be repeated."""
    last = {"--help", "--version"} & set(option.names)
    for name in option.names:
        if option.repeatable:
            start = "*"
        elif last:
            start = "(- : *)"
        else:
            start = f"({' '.join(option.names)})"
        yield f"{start}{_start(name, option.takes)}[{_escaped(option.about, '[]:')}]{_value(option)}"


def _start(name: str, takes: Takes | None) -> str:
    if takes is None:
        return name
    return f"{name}=" if name.startswith("--") else f"{name}+"


def _value(option: Option) -> str:
    return "" if option.takes is None else f":{_escaped(option.word, ':')}:{_action(option.takes)}"


def _argument(number: int, argument: Argument) -> str:
    place = "*" if argument.many else str(number)
    return f"{place}:{_escaped(argument.word, ':')}:{_action(argument.takes)}"


def _action(takes: Takes) -> str:
    if isinstance(takes, Choices):
        return f"({' '.join(_word(word) for word in takes.words)})"
    return {
        Source.NOWHERE: " ",
        Source.FILES: "_files",
        Source.SERVICES: "__mtq_services",
        Source.USERS: "__mtq_users",
        Source.SETTING: "__mtq_setting",
        Source.KEY: "__mtq_keys",
        Source.VALUE: "__mtq_value",
        Source.PAIRS: "__mtq_pair",
    }[takes]


def _keys(keys: Keys) -> str:
    described = "".join(f"    {_quoted(_described(key.name, key.about))}\n" for key in keys.config)
    names = "".join(f"    {key.name}\n" for key in keys.service)
    settings = " \\\n".join(f"    {_quoted(_setting(key))}" for key in keys.service)
    offered = [key for key in (*keys.config, *keys.service) if key.takes is not Source.NOWHERE]
    values = "".join(f"    {key.name}) {_offer(key.takes)} ;;\n" for key in offered)
    return KEYS.format(described=described, names=names, settings=settings, values=values)


def _setting(key: Key) -> str:
    return f"{key.name}[{_escaped(key.about, '[]:')}]:value:{_action(key.takes)}"


def _offer(takes: Takes) -> str:
    if isinstance(takes, Choices):
        return f'compadd "$@" {" ".join(_word(word) for word in takes.words)}'
    return '_files "$@"'


def _name(command: Command) -> str:
    return "_" + "_".join(command.path)


def _described(name: str, about: str) -> str:
    return f"{_escaped(name, ':')}:{_escaped(about, '')}"


def _word(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_.+" else f"\\{char}" for char in text)


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{char}" if char in special + "\\" else char for char in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
