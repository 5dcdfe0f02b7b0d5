"""A server to be attacked, and the figures of a run as a table at its end."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.server.hostile.figures import Figure
from tests.server.hostile.siege import Besieged, Siege, besieged

_FIGURES = pytest.StashKey[list[Figure]]()


@pytest.fixture(name="besieged")
def _besieged(tmp_path: Path, request: pytest.FixtureRequest) -> Besieged:
    """Starts a server in a folder of the test's own."""
    figures = request.config.stash.setdefault(_FIGURES, [])

    def start(settings: str = "", server: str = "") -> AbstractContextManager[Siege]:
        return besieged(tmp_path, figures.append, settings, server)

    return start


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the figures."""
    figures = config.stash.get(_FIGURES, [])
    if not figures:
        return
    terminalreporter.section("what hostile clients cost")
    terminalreporter.write_line("| attack | clients | memory, MiB | descriptors | another client's sessions |")
    terminalreporter.write_line("|---|---|---|---|---|")
    for figure in figures:
        terminalreporter.write_line(figure.row)
