"""Where a change belongs among the statements of a configuration.

    a new key         after the last key of its table
    a new table       after the tables that it belongs to, before the comments that introduce what follows; a blank
                      line is put before it
    a removed key     takes its line along and leaves the comment lines above it alone
    a removed table   takes all in it along, comments right below its last key and the blank line before it included;
                      comments above its header stay
"""

from collections import Counter

from mtq.config.layout import KeyPath, Kind, Path, Statement
from mtq.config.writing import dotted

NO_ROOM = "  "
"""What stands before a comment whose value reaches into the column of comments."""


def holder(statements: list[Statement], path: Path) -> int | None:
    """Which statement holds the value at this path, itself or within an inline table."""
    held = (i for i, s in enumerate(statements) if s.kind is Kind.PAIR and _within(path, s.path))
    return next(held, None)


def give(statements: list[Statement], index: int, value: str) -> None:
    """Give a key another value. The comment behind it stays, in one column with others if there is room."""
    pair = statements[index]
    column = _comment_column(statements, index)
    gap = pair.gap
    if column is not None and "\n" not in value:
        gap = " " * (column - len(pair.before) - len(value)) or NO_ROOM
    statements[index] = pair._replace(value=value, gap=gap)


def insert(statements: list[Statement], path: Path, value: str, line_end: str) -> None:
    """Put in a new key. A table that is not there yet is made."""
    table = around = path[:-1]
    while not any(s.content and _within(s.path, around) for s in statements) and around:
        around = around[:-1]
    own = [i for i, s in enumerate(statements) if s.content and s.section == table]
    beside = [     # dotted keys: `pop3.tls = "off"` in [services]
        i
        for i, s in enumerate(statements)
        if s.kind is Kind.PAIR and _within(s.path, around) and len(s.section) < len(around)
    ]
    if own or not table:
        _insert_key(statements, own[-1] + 1 if own else 0, path, value, line_end)
    elif beside:
        _insert_key(statements, beside[-1] + 1, path, value, line_end)
    else:
        _insert_table(statements, _after(statements, around), path, value, line_end)


def remove_table(statements: list[Statement], path: Path) -> None:
    """Take out a table with all that is in it, wherever its parts stand."""
    kept: list[Statement] = []
    at = 0
    while at < len(statements):
        stop = _end_of_part(statements, at, path)
        if stop == at:
            kept.append(statements[at])
            stop += 1
        elif statements[at].kind is Kind.HEADER and kept and kept[-1].kind is Kind.BLANK:
            kept.pop()
        at = stop
    statements[:] = kept


def _insert_key(statements: list[Statement], at: int, path: Path, value: str, line_end: str) -> None:
    above = statements[at - 1] if at else None
    section = above.section if above else ()
    indent = "" if above is None or above.kind is Kind.HEADER else above.indent
    key = dotted(path[len(section) :])
    statements.insert(at, Statement(Kind.PAIR, section, path, f"{indent}{key} = ", value, end=line_end))


def _insert_table(statements: list[Statement], at: int, path: Path, value: str, line_end: str) -> None:
    table = path[:-1]
    new = [
        Statement(Kind.HEADER, table, table, f"[{dotted(table)}]", end=line_end),
        Statement(Kind.PAIR, table, path, f"{dotted(path[-1:])} = ", value, end=line_end),
    ]
    if at:
        new.insert(0, Statement(Kind.BLANK, (), (), line_end))
    statements[at:at] = new


def _after(statements: list[Statement], table: Path) -> int:
    """Where a table that belongs to this one may begin: below its last part and that part's section."""
    last = max((i for i, s in enumerate(statements) if s.content and _within(s.path, table)), default=None)
    if last is None:        # nothing but comments
        return max((i + 1 for i, s in enumerate(statements) if s.kind is Kind.COMMENT), default=0)
    for i in range(last + 1, len(statements)):
        if statements[i].kind is Kind.HEADER:
            break
        if statements[i].kind is Kind.PAIR:
            last = i
    return _below(statements, last)


def _end_of_part(statements: list[Statement], start: int, table: Path) -> int:
    """Where the part of the table that begins here ends; `start` if none begins here."""
    first = statements[start]
    if not (first.content and _within(first.path, table)):
        return start
    if first.kind is Kind.PAIR:
        return start + 1
    last = start
    for i in range(start, len(statements)):
        if statements[i].kind is Kind.HEADER and not _within(statements[i].path, table):
            break
        if statements[i].content:
            last = i
    return _below(statements, last)


def _below(statements: list[Statement], index: int) -> int:
    """The first place below a statement and the comments that touch it, unless they touch the next header, too."""
    at = index + 1
    while at < len(statements) and statements[at].kind is Kind.COMMENT:
        at += 1
    touching = at < len(statements) and statements[at].kind is Kind.HEADER
    return index + 1 if touching else at


def _comment_column(statements: list[Statement], index: int) -> int | None:
    """The column that the comment of a key shares with others; None: it shares none, and stays as far from its value.

    Two spaces beyond the column of the others say that there was no room: if there is again, it is back in line.
    """
    pair, own = statements[index], _column(statements[index])
    commented = [(i, s, column) for i, s in enumerate(statements) if (column := _column(s)) is not None]
    made = {column for _, s, column in commented if len(s.gap) > len(NO_ROOM)}     # less is no column, but a habit
    others = [(column, s.section == pair.section) for i, s, column in commented if i != index and column in made]
    if own is None or not others:
        return None
    number = Counter(others)
    usual = max(others, key=lambda other: (number[other[0], True], number[other[0], False]))[0]
    if pair.gap == NO_ROOM and own > usual:
        return usual
    return own if any(column == own for column, _ in others) else None


def _column(pair: Statement) -> int | None:
    """Where the comment of a key on one line begins."""
    if pair.kind is not Kind.PAIR or not pair.comment or pair.gap.strip(" ") or "\n" in pair.value:
        return None
    return len(pair.before) + len(pair.value) + len(pair.gap)


def _within(path: KeyPath, table: KeyPath) -> bool:
    return path[: len(table)] == table
