"""The completion of fish: a line of `complete` an option, an argument, a sub-command. fish quotes what it offers."""

import re
from collections.abc import Iterable, Iterator

from .keys import Key, Keys
from .takes import Choices, Source, Takes
from .tree import Argument, Command, Option

HEAD = r"""# fish completion for mtq. Written by `mtq completion fish`; a change of the command line is followed by
# `make completions`.
"""

ENGINE = r"""
# Where on the command line the cursor is. fish asks once a condition: the answer is kept until the line changes.
#   __mtq_path      the command, with the commands above it
#   __mtq_position  which argument of the command is at the cursor, from 1
#   __mtq_before    the argument before it
#   __mtq_config    the configuration that the line names
function __mtq_walk
    set -l line (commandline -pc | string collect)
    test "$line" = "$__mtq_line"; and return
    set -l tokens (commandline -opc)
    set -l option
    set -l ended
    set -g __mtq_line $line
    set -g __mtq_program $tokens[1]
    set -g __mtq_path mtq
    set -g __mtq_position 1
    set -g __mtq_before
    set -g __mtq_config
    for token in $tokens[2..-1]
        if test -n "$option"
            test "$__mtq_path $option" = 'mtq --config'; and set __mtq_config $token
            set option
        else if test -z "$ended"; and test "$token" = --
            set ended yes
        else if test -z "$ended"; and string match -qr -- '^-.' $token
            if test $__mtq_path = mtq; and string match -q -- '--config=*' $token
                set __mtq_config (string replace -- '--config=' '' $token)
            end
            contains -- "$__mtq_path $token" $__mtq_valued; and set option $token
        else if test $__mtq_position = 1; and contains -- "$__mtq_path $token" $__mtq_commands
            set __mtq_path "$__mtq_path $token"
            set __mtq_before
            set ended
        else
            set __mtq_position (math $__mtq_position + 1)
            set __mtq_before $token
        end
    end
end

# Whether the cursor is in this command; at this argument of it, if a number is given; at this or a later one (+).
function __mtq_at --argument-names path position
    __mtq_walk
    test "$__mtq_path" = $path; or return
    switch "$position"
        case ''
            return 0
        case '*+'
            test $__mtq_position -ge (string replace + '' $position)
        case '*'
            test $__mtq_position = $position
    end
end

# A word of the line as the command would get it. Nothing is run; of what the shell would put in, only ~/ and $NAME at
# its beginning are known.
function __mtq_plain --argument-names word
    set -l name (string replace -rf '^\$([A-Za-z_][A-Za-z0-9_]*).*' '$1' -- $word)
    if test -n "$name"
        string replace -- "\$$name" "$$name" $word
    else
        string replace -r '^~/' "$HOME/" -- $word
    end
end

# Ask mtq for names. It is the mtq of the line, which need not be on the path.
function __mtq_names --argument-names what
    # No name begins so, and fish asks for arguments at an option, too.
    string match -qr -- '^-[^=]*$' (commandline -ct); and return
    __mtq_walk
    set -l config
    set -q __mtq_config[1]; and set config --config (__mtq_plain $__mtq_config)
    set -l program (__mtq_plain $__mtq_program)
    command $program $config completion names $what 2>/dev/null </dev/null
end

# KEY=VALUE, a key of a service's table.
function __mtq_settings
    set -l word (string split -m 1 = -- (commandline -ct))
    if set -q word[2]
        for value in (__mtq_values $word[1] $word[2])
            echo $word[1]=$value
        end
    else
        __mtq_service_keys | string replace \t =\t
    end
end

# A key of the configuration.
function __mtq_keys
    if string match -q 'services.*' -- (commandline -ct)
        for name in (__mtq_names services | string match -v '*.*')      # a dot would have to be quoted
            __mtq_service_keys | string replace -r '^' services.$name.
        end
    else
        __mtq_config_keys
        printf '%s\t%s\n' services. 'the POP3 services'
    end
end

# A value of the key before.
function __mtq_value
    __mtq_walk
    __mtq_values (string replace -r '^services\.[^.]*\.' '' -- "$__mtq_before") (commandline -ct)
end

# A key and its value in turn.
function __mtq_pair
    __mtq_walk
    if test (math $__mtq_position % 2) = 1
        __mtq_keys
    else
        __mtq_value
    end
end

complete -c mtq -f
"""


def script(root: Command, keys: Keys) -> str:
    """The whole script."""
    below = [command for command in root.all() if command is not root]
    valued = [
        (*command.path, name)
        for command in root.all()
        for option in command.options
        if option.takes is not None
        for name in option.names
    ]
    parts = [
        HEAD,
        _list("__mtq_commands", "The commands, each with those above it.", (command.path for command in below)),
        _list("__mtq_valued", "The options with a value.", valued),
        _described("__mtq_service_keys", "The keys of a service's table.", keys.service),
        _described("__mtq_config_keys", "The keys of the configuration but for the services.", keys.config),
        _values(keys),
        ENGINE,
        *(f"\n# {' '.join(command.path)}\n" + "\n".join(_lines(command)) + "\n" for command in root.all()),
    ]
    return "".join(parts)


def _list(name: str, about: str, items: Iterable[tuple[str, ...]]) -> str:
    lines = "".join(f" \\\n    {_quoted(' '.join(item))}" for item in items)
    return f"\n# {about}\nset -g {name}{lines}\n"


def _described(name: str, about: str, keys: tuple[Key, ...]) -> str:
    lines = "".join(f" \\\n        {_quoted(key.name)} {_quoted(key.about)}" for key in keys)
    return f"\n# {about}\nfunction {name}\n    printf '%s\\t%s\\n'{lines}\nend\n"


def _values(keys: Keys) -> str:
    offered = [key for key in (*keys.config, *keys.service) if key.takes is not Source.NOWHERE]
    cases = "".join(f"        case {key.name}\n            {_value(key.takes)}\n" for key in offered)
    return (
        "\n# What a key of the configuration, or of a service's table, takes; of paths, those that begin like word.\n"
        f"function __mtq_values --argument-names key word\n    switch $key\n{cases}    end\nend\n"
    )


def _value(takes: Takes) -> str:
    if isinstance(takes, Choices):
        return "printf '%s\\n' " + " ".join(_quoted(word) for word in takes.words)
    return "__fish_complete_path $word"


def _lines(command: Command) -> Iterator[str]:
    path = " ".join(command.path)
    for below in command.commands:
        yield f"{_complete(path, '1')} -a {_quoted(_word(below.name))}{_about(below.about)}"
    for option in command.options:
        yield f"{_complete(path)}{_names(option)}{_option(option.takes)}{_about(option.about)}"
    for number, argument in enumerate(command.arguments, 1):
        if argument.takes is not Source.NOWHERE:
            yield f"{_complete(path, _position(number, argument))}{_offer(argument.takes)}"


def _complete(path: str, position: str = "") -> str:
    condition = f"__mtq_at {_quoted(path)} {position}".rstrip()
    return f'complete -c mtq -n "{condition}"'


def _position(number: int, argument: Argument) -> str:
    return f"{number}+" if argument.many else str(number)


def _names(option: Option) -> str:
    return "".join(f" {'-l' if name.startswith('--') else '-s'} {name.lstrip('-')}" for name in option.names)


def _option(takes: Takes | None) -> str:
    if takes is None:
        return ""
    return f" -r{_offer(takes)}" if takes is Source.FILES else f" -x{_offer(takes)}"


def _offer(takes: Takes) -> str:
    if isinstance(takes, Choices):
        return f" -a {_quoted(' '.join(_word(word) for word in takes.words))}"
    return {
        Source.NOWHERE: "",
        Source.FILES: " -F",
        Source.SERVICES: " -a '(__mtq_names services)'",
        Source.USERS: " -a '(__mtq_names users)'",
        Source.SETTING: " -a '(__mtq_settings)'",
        Source.KEY: " -a '(__mtq_keys)'",
        Source.VALUE: " -a '(__mtq_value)'",
        Source.PAIRS: " -a '(__mtq_pair)'",
    }[takes]


def _about(text: str) -> str:
    return f" -d {_quoted(text)}" if text else ""


def _word(text: str) -> str:
    """A word within the argument of -a, which fish splits and expands."""
    return re.sub(r"([^\w.+@%/:=-])", r"\\\1", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
