"""The site of the docs: it is built as `make site` builds it, and shows everything without a network."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.page import DOCS, TOP

PAGES = [*DOCS.rglob("*.md"), *TOP.glob("*.md")]
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="([^"]+)"|<link\b[^>]*\bhref="([^"]+)"|url\(["']?([^"')]+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the options of `make site`, elsewhere."""
    [line] = re.findall(r"/sphinx-build (.*--fail-on-warning.*)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    folder = tmp_path_factory.mktemp("site")
    options = line.replace("build/", f"{folder}/").split()
    done = subprocess.run([sys.executable, "-m", "sphinx", *options], cwd=TOP, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


def test_every_page_is_a_page_of_the_site(site: Path) -> None:
    assert [page for page in PAGES if not (site / page.relative_to(TOP)).with_suffix(".html").exists()] == []


def test_the_navigation_is_the_index_in_its_order(site: Path) -> None:
    links = re.findall(r"^- \[.*?\]\((.*?)\.md\)", (DOCS / "index.md").read_text(), re.MULTILINE)
    shown = re.findall(r'<li class="toctree-l1"><a class="reference internal" href="(.*?)\.html">', front(site))
    assert shown == links


def front(site: Path) -> str:
    """The first page, by way of the one at the top that leads to it."""
    target = re.search(r"url=([^\"]+)", (site / "index.html").read_text())
    assert target is not None
    return (site / target[1]).read_text()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    loaded = {"".join(found) for path in files for found in LOADED.findall(path.read_text())}
    assert len(loaded) > 10
    assert {address for address in loaded if urlsplit(address).netloc} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_elsewhere_are_https_with_a_host(page: Path) -> None:
    links = [urlsplit(link) for link in re.findall(r"\]\((\w+:[^)]*)\)", page.read_text())]
    assert [link.geturl() for link in links if link.scheme != "https" or "." not in link.netloc] == []
