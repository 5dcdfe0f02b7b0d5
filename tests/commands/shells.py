"""The shells, as a person uses them: what is offered for the last word of a command line.

bash and zsh run at a terminal. The line is typed, the shell itself puts everything that it offers into it, and then
runs it: so each word counts as a command would get it, and what can harm does. fish can be asked without a terminal.

The mtq that they find gives names as the real one does; called for anything else, it keeps its words and ends the
shell.
"""

import os
import pty
import select
import shlex
import subprocess
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.house import MTQ, WAIT

PROMPT, MORE = "what now? ", "and then? "

ALL = "\x18a"
"""The key that puts all that is offered into the line."""

TAB = "\t"
"""The key that people press: it puts in what is common to all."""

MTQ_OF_THE_DESK = r"""#!/bin/sh
case " $* " in
    *" completion names "*) echo yes > "$ASKED"; exec "$MTQ" "$@" ;;
esac
printf '%s\0' "$@" > "$WORDS"
kill -KILL $PPID
"""

BASHRC = r"""
PS1='what now? ' PS2='and then? '
bind 'set bell-style none'
bind '"\C-xa": insert-completions'
"""

ZSHRC = r"""
PS1='what now? ' PS2='and then? '
fpath=(share/zsh/site-functions $fpath)
autoload -Uz compinit
compinit -u
all() { _main_complete; compstate[insert]=all; compstate[list]= }
zle -C all complete-word all
bindkey '^Xa' all
"""

FISH = r"""
touch $WORDS
for line in (complete -C --escape $argv[1])
    echo $line
    set -l word (string split -m 1 \t -- $line)
    eval "printf '%s\0' $word[1]" >> $WORDS
end
"""


@dataclass(frozen=True)
class Offer:
    """What a shell offers, whether it asked mtq for names, and all that was shown."""

    words: set[str]
    asked: bool
    shown: bytes


class Shell(Protocol):
    """A shell with a script of completion, in a folder of its own."""

    @property
    def folder(self) -> Path:
        """Where it is at work; its user's home, too."""

    def offer(
        self, before: str, at: str = "", program: str = "mtq", key: str = ALL, **environment: str
    ) -> Offer:
        """What is offered at a word, after others. The word as it stands if nothing is, and nothing for none."""


@dataclass(frozen=True)
class AtTerminal:
    """bash or zsh."""

    folder: Path
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def offer(
        self, before: str, at: str = "", program: str = "mtq", key: str = ALL, **environment: str
    ) -> Offer:
        _clear(self.folder)
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(ours, (50, 200))
        with subprocess.Popen(
            self.command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=self.folder,
            env=_environment(self.folder) | self.environment | environment,
        ) as shell:
            os.close(theirs)
            try:
                _read(ours, PROMPT)
                os.write(ours, f"{program} {before}{at}{key}\r".encode())
                shown = _read(ours, MORE)
                if shown.endswith(MORE.encode()):       # a quotation mark is still open
                    os.write(ours, f"{at[:1]}\r".encode())
                    shown += _read(ours)
            finally:
                shell.kill()
                os.close(ours)
        return Offer(set(_words(self.folder)[len(shlex.split(before)) :]), _asked(self.folder), shown)


@dataclass(frozen=True)
class Fish:
    """fish."""

    folder: Path

    def offer(
        self, before: str, at: str = "", program: str = "mtq", key: str = ALL, **environment: str
    ) -> Offer:
        _clear(self.folder)
        done = subprocess.run(
            ["fish", "--command", FISH, f"{program} {before}{at}"],
            cwd=self.folder,
            env=_environment(self.folder) | environment,
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        return Offer(set(_words(self.folder)) or {at} - {""}, _asked(self.folder), done.stdout)


def bash(folder: Path, script: str) -> Shell:
    """bash without the package bash-completion, and with settings that scripts stumble over."""
    return _bash(folder, script, "source share/bash-completion/completions/mtq\nset -u\nshopt -s failglob\n")


def bash_with_its_package(folder: Path, script: str) -> Shell:
    """bash with the package bash-completion, which finds the script by itself when it is first wanted."""
    return _bash(folder, script, "source /usr/share/bash-completion/bash_completion\n")


def _bash(folder: Path, script: str, settings: str) -> Shell:
    _install(folder, "bash-completion/completions/mtq", script)
    (folder / "bashrc").write_text(BASHRC + settings)
    return AtTerminal(folder, ("bash", "--noprofile", "--rcfile", str(folder / "bashrc"), "-i"))


def zsh(folder: Path, script: str) -> Shell:
    """zsh with compinit."""
    _install(folder, "zsh/site-functions/_mtq", script)
    (folder / ".zshrc").write_text(ZSHRC)
    return AtTerminal(folder, ("zsh", "-d", "-i"), {"ZDOTDIR": str(folder)})


def fish(folder: Path, script: str) -> Shell:
    """fish, which finds its script by itself."""
    _install(folder, "fish/vendor_completions.d/mtq.fish", script)
    return Fish(folder)


SHELLS: dict[str, tuple[str, Callable[[Path, str], Shell]]] = {
    "bash": ("mtq.bash", bash),
    "zsh": ("_mtq", zsh),
    "fish": ("mtq.fish", fish),
}
"""Each shell with its file in `completions`."""


def _install(folder: Path, place: str, script: str) -> None:
    """A home whose `bin` and `share` are those that the shells know."""
    file = folder / "share" / place
    file.parent.mkdir(parents=True)
    file.write_text(script)
    program = folder / "bin" / "mtq"
    program.parent.mkdir()
    program.write_text(MTQ_OF_THE_DESK)
    program.chmod(0o755)


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(folder),
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "XDG_DATA_DIRS": f"{folder}/share",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
        "MTQ": MTQ,
        "WORDS": str(folder / "words"),
        "ASKED": str(folder / "asked"),
    }


def _clear(folder: Path) -> None:
    (folder / "words").unlink(missing_ok=True)
    (folder / "asked").unlink(missing_ok=True)


def _words(folder: Path) -> list[str]:
    return (folder / "words").read_bytes().decode().split("\0")[:-1]


def _asked(folder: Path) -> bool:
    return (folder / "asked").exists()


def _read(terminal: int, up_to: str | None = None) -> bytes:
    """Read what a terminal shows, up to a text or to the end."""
    shown = b""
    while up_to is None or up_to.encode() not in shown:
        ready, _, _ = select.select([terminal], [], [], WAIT)
        assert ready, shown
        try:
            shown += os.read(terminal, 4096)
        except OSError:     # the other side has gone
            break
    return shown
