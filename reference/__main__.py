"""`python -m reference`: write the files."""

from pathlib import Path

from .written import files

TOP = Path(__file__).parent.parent

for path, text in files().items():
    (TOP / path).write_text(text)
