"""The site: Sphinx over the pages as they stand, for people who read them elsewhere than in the source tree.

`make site` builds it into build/site and fails on every warning, a link that leads nowhere among them; `make links`
calls what is linked outside. What is in the navigation, and in which order, is said by docs/index.md alone.
"""

import re
import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP))

from mtq import __version__  # noqa: E402 - the source tree's own, which is found only now

project = "mtq"
version = release = __version__
project_copyright = ""

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/**.md", "*.md", "benchmarks/NOTES.md"]
exclude_patterns = [".*", "build", "dist", "mtq", "commands", "tui", "tests"]      # many files and no page

myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"mtq {__version__}"
html_show_copyright = False
html_copy_source = False
html_extra_path = ["front"]
html_theme_options = {"light_css_variables": {"font-stack": "system-ui, sans-serif"}}

linkcheck_timeout = 20
linkcheck_retries = 2


def navigation(index: str) -> str:
    """The pages that the index links, as tables of contents for Sphinx: one for each heading."""
    tables = []
    for section in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        pages = re.findall(r"\]\(([^)#:]+)\.md\)", text)
        if pages:
            tables.append("\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *pages, "```", ""]))
    return "\n".join(tables)


def _with_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        source[0] = f"{source[0]}\n{navigation(source[0])}"


def setup(app: Sphinx) -> None:
    """What Sphinx calls first."""
    app.connect("source-read", _with_navigation)
    app.add_lexer("crontab", TextLexer)
