"""KEY and VALUE as an administrator types them: `mtq config set KEY VALUE`, `mtq service set NAME KEY=VALUE`."""

import re
import tomllib

from mtq.config.kinds import Kind, Unfit
from mtq.config.layout import Path, keys, tokens
from mtq.config.wording import named, wrong
from mtq.config.writing import Plain
from mtq.errors import WrongUsage

_PART = r"""[ \t]* (?: [A-Za-z0-9_-]+ | "(?: \\. | [^"\\] )*" | '[^']*' ) [ \t]*"""
_KEY = re.compile(rf"{_PART} (?: \. {_PART} )*", re.VERBOSE)


def key(text: str) -> Path:
    """The parts of a key as TOML writes it: `services.pop3.proxy.targets."pop.isp.com".port`. Raises WrongUsage."""
    path = _parts(text) if _KEY.fullmatch(text) else None
    if path is None:
        raise WrongUsage(f'{text!r} is no key; a key looks like services.pop3.listen or targets."pop.isp.com".port')
    return path


def pair(text: str) -> tuple[Path, str]:
    """Key and value of `KEY=VALUE`. Raises WrongUsage."""
    found = _KEY.match(text)
    path = _parts(found[0]) if found and text[found.end() :].startswith("=") else None
    if found is None or path is None:
        raise WrongUsage(f"{text!r} is not KEY=VALUE; one looks like max_connections=50")
    return path, text[found.end() + 1 :]


def value(path: Path, text: str, kind: Kind[object]) -> Plain:
    """What a value's text means for a key of this kind: TOML if it parses, else a string. Raises WrongUsage.

    TOML that is not of the kind is a string if that is: `1.2` is a number to TOML, and a version to tls.min_version.
    """
    meanings = [*_as_toml(text), text]
    problems = []
    for meaning in meanings:
        try:
            kind.read(meaning)
        except Unfit as unfit:
            problems.append(unfit)
        else:
            if _encodable(text):
                return meaning
            problems.append(Unfit(meaning))
    first = problems[0]
    item = () if first.item is None else (first.item,)
    raise WrongUsage(f"{named((*path, *item))}{wrong(first.found, kind.allowed)}")


def _as_toml(text: str) -> list[Plain]:
    """The one value that the text is, and nothing beside it: no comment, no further item or key."""
    try:
        alone, listed = tomllib.loads(f"value = {text}"), tomllib.loads(f"value = [{text}]")
    except (ValueError, RecursionError):        # also a number of thousands of digits, brackets thousands deep
        return []
    return [alone["value"]] if alone.keys() == {"value"} and len(listed["value"]) == 1 else []


def _parts(text: str) -> Path | None:
    try:
        return keys(tokens(text)) if _encodable(text) else None
    except tomllib.TOMLDecodeError:      # a wrong escape or a control character in quotes
        return None


def _encodable(text: str) -> bool:
    """Whether it is UTF-8: arguments may be any bytes, a configuration may not."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
