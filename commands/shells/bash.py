"""The completion of bash, 4.0 or later, with or without the package bash-completion.

The script reads the line itself: COMP_WORDS is cut at every `=`, `:` and `@`. Nothing on the line is run, and no name
that mtq gives is ever expanded. Readline replaces only the end of a word that is broken so, and quotes no names: what
is replied is quoted here, and is that end alone.
"""

import shlex
from collections.abc import Iterable, Iterator

from .keys import Key, Keys
from .takes import Choices, Source, Takes
from .tree import Command

HEAD = r"""# bash completion for mtq. Written by `mtq completion bash`; a change of the command line is followed by
# `make completions`.
"""

ENGINE = r"""
# The words of the line up to the cursor, as the command would get them. Nothing is run; of what the shell would put
# in, only a leading ~/ and plain $NAME are known.
#   words   the words, the last of them at the cursor
#   typed   that last word as it was typed
#   quote   the quotation mark that is still open in it
#   redirected   whether it names a file after < or >
_mtq_read() {
    local line=${COMP_LINE:0:COMP_POINT} char name word='' begun=''
    words=() typed='' quote='' redirected=''
    while [[ -n $line ]]; do
        char=${line:0:1} line=${line:1}
        case $quote$char in
            [[:space:]])
                [[ -n $begun && -z $redirected ]] && words+=("$word")
                [[ -n $begun ]] && redirected=''
                word='' typed='' begun=''
                continue ;;
            '<' | '>')
                [[ -n $begun && -z $redirected && $word != [0-9'&'] ]] && words+=("$word")
                redirected=yes word='' typed='' begun=''
                continue ;;
            \' | \")
                quote=$char ;;
            \'\' | \"\")
                quote='' ;;
            \\ | \"\\)
                char+=${line:0:1} line=${line:1}
                word+=${char:1} ;;
            \$ | \"\$)
                if [[ $line =~ ^[A-Za-z_][A-Za-z0-9_]* ]]; then
                    name=${BASH_REMATCH[0]}
                    char+=$name line=${line:${#name}}
                    word+=${!name-}
                else
                    word+=$char
                fi ;;
            '~')
                [[ -z $begun && $line == /* ]] && word=$HOME || word+=$char ;;
            *)
                word+=$char ;;
        esac
        typed+=$char begun=yes
    done
    words+=("$word")
}

# Where on the command line the cursor is.
#   path      the command, with the commands above it
#   expected  what the word at the cursor is, if it is the value of the option before
#   position  which argument of the command it else is, from 1
#   before    the argument before it
#   ended     whether a -- has ended the options
#   config    the configuration that the line names
_mtq_walk() {
    local index word option='' choices commands options takes
    path=mtq expected='' position=1 before='' ended='' config=''
    for ((index = 1; index < ${#words[@]} - 1; index++)); do
        word=${words[index]}
        if [[ -n $expected ]]; then
            [[ $path$option == mtq--config ]] && config=$word
            expected=''
        elif [[ -z $ended && $word == -- ]]; then
            ended=yes
        elif [[ -z $ended && $word == --*=* ]]; then
            [[ $path$word == mtq--config=* ]] && config=${word#*=}
        elif [[ -z $ended && $word == -?* ]]; then
            option=$word
            _mtq_takes "$path $option"
            expected=$takes
        else
            _mtq_command "$path"
            if [[ $position == 1 && " ${commands[*]-} " == *" $word "* ]]; then
                path+=" $word" before='' ended=''
            else
                before=$word
                position=$((position + 1))
            fi
        fi
    done
}

# Offer what a parameter takes. $1: what it takes, $2: what stands before it in the same word.
_mtq_offer() {
    local candidates=() choices=() commands options key name takes
    case $1 in
        files)
            compopt -o default ;;       # readline's own: it knows about ~, folders and quotes
        choices)
            _mtq_takes "$place"
            _mtq_reply "$2" ${choices[@]+"${choices[@]}"} ;;
        services | users)
            _mtq_names "$1"
            _mtq_reply "$2" ${candidates[@]+"${candidates[@]}"} ;;
        setting)
            if [[ $word == "$2"*=* ]]; then
                key=${word#"$2"} key=${key%%=*}
                _mtq_offer_value "$key" "$2$key="
            else
                _mtq_service_keys
                _mtq_reply "$2" "${candidates[@]/%/=}"
                compopt -o nospace
            fi ;;
        key)
            if [[ $word == "$2"services.* ]]; then
                _mtq_names services
                for name in ${candidates[@]+"${candidates[@]}"}; do
                    [[ $name == *.* ]] && continue      # it would have to be quoted
                    _mtq_service_keys
                    _mtq_reply "$2services.$name." "${candidates[@]}"
                done
            else
                _mtq_config_keys
                _mtq_reply "$2" "${candidates[@]}" services.
                [[ ${COMPREPLY[*]-} == *services. ]] && compopt -o nospace
            fi ;;
        value)
            _mtq_offer_value "${before#services.*.}" "$2" ;;
        pairs)
            if ((position % 2)); then _mtq_offer key "$2"; else _mtq_offer value "$2"; fi ;;
    esac
}

# Offer the values of a key. $1: the key, $2: what stands before them in the same word.
_mtq_offer_value() {
    local choices takes commands options
    _mtq_value "$1"
    [[ $takes == files ]] && compopt -o default
    _mtq_reply "$2" ${choices[@]+"${choices[@]}"}
}

# Ask mtq for names. It is the mtq of the line, which need not be on the path.
_mtq_names() {
    mapfile -t candidates < <(
        command "${words[0]}" ${config:+--config "$config"} completion names "$1" 2> /dev/null < /dev/null
    )
}

# Reply with those words that fit. $1: what stands before them in the same word.
_mtq_reply() {
    local start=$1 kept=${typed%"$replaced"} candidate quoted
    shift
    kept=${kept%"$quote"}
    for candidate; do
        candidate=$start$candidate
        [[ $candidate == "$word"* ]] || continue
        printf -v quoted %q "$candidate"
        # Between quotation marks others are needed than %q makes: only what needs none is offered there.
        [[ -z $quote || $quoted == "$candidate" ]] || continue
        [[ $quoted == "$kept"* ]] && COMPREPLY+=("${quoted#"$kept"}")
    done
}

_mtq() {
    local IFS=$' \t\n' replaced=$2
    local words typed quote redirected path expected position before ended config
    local word place takes choices commands options
    COMPREPLY=()
    _mtq_read
    _mtq_walk
    word=${words[${#words[@]} - 1]}
    _mtq_command "$path"
    if [[ -n $redirected ]]; then
        _mtq_offer files ''
    elif [[ -n $expected ]]; then
        place="$path ${words[${#words[@]} - 2]}"
        _mtq_offer "$expected" ''
    elif [[ -z $ended && $word == --*=* ]]; then
        place="$path ${word%%=*}"
        _mtq_takes "$place"
        _mtq_offer "$takes" "${word%%=*}="
    elif [[ -z $ended && $word == -* ]]; then
        _mtq_reply '' ${options[@]+"${options[@]}"}
    elif [[ ${#commands[@]} -gt 0 ]]; then
        [[ $position == 1 ]] && _mtq_reply '' "${commands[@]}"
    else
        place="$path $position"
        _mtq_takes "$place"
        _mtq_offer "$takes" ''
    fi
    return 0
}

complete -F _mtq mtq
"""


def script(root: Command, keys: Keys) -> str:
    """The whole script."""
    parts = [
        HEAD,
        _function("_mtq_command", "The sub-commands and the options of a command.", _commands(root)),
        _function("_mtq_takes", "What an option of a command takes, or its argument of that number.", _places(root)),
        _function("_mtq_value", "What a key of the configuration, or of a service's table, takes.", _values(keys)),
        _array("_mtq_service_keys", "The keys of a service's table.", keys.service),
        _array("_mtq_config_keys", "The keys of the configuration but for the services.", keys.config),
        ENGINE,
    ]
    return "".join(parts)


def _function(name: str, about: str, cases: Iterable[str]) -> str:
    """A function that looks its argument up. It sets the variables of its caller."""
    lines = "".join(f"        {case} ;;\n" for case in cases)
    reset = "commands=() options=() takes='' choices=()"
    return f"\n# {about}\n{name}() {{\n    {reset}\n    case $1 in\n{lines}    esac\n}}\n"


def _array(name: str, about: str, keys: tuple[Key, ...]) -> str:
    return f"\n# {about}\n{name}() {{\n    candidates=({_words(key.name for key in keys)})\n}}\n"


def _commands(root: Command) -> Iterator[str]:
    for command in root.all():
        options = f"options=({_words(name for option in command.options for name in option.names)})"
        commands = f" commands=({_words(below.name for below in command.commands)})" if command.commands else ""
        yield f"{_quoted(command.path)}) {options}{commands}"


def _places(root: Command) -> Iterator[str]:
    for command in root.all():
        for option in command.options:
            if option.takes is not None:
                names = " | ".join(_quoted((*command.path, name)) for name in option.names)
                yield f"{names}) {_takes(option.takes)}"
        for number, argument in enumerate(command.arguments, 1):
            place = f"{_quoted(command.path)}' '[1-9]*" if argument.many else _quoted((*command.path, str(number)))
            yield f"{place}) {_takes(argument.takes)}"


def _values(keys: Keys) -> Iterator[str]:
    for key in (*keys.config, *keys.service):
        if key.takes is not Source.NOWHERE:
            yield f"{key.name}) {_takes(key.takes)}"


def _takes(takes: Takes) -> str:
    if isinstance(takes, Choices):
        return f"takes=choices choices=({_words(takes.words)})"
    return f"takes={takes.value}"


def _words(words: Iterable[str]) -> str:
    return " ".join(shlex.quote(word) for word in words)


def _quoted(words: tuple[str, ...]) -> str:
    return shlex.quote(" ".join(words))
