# Each target only calls what the README shows.
PYTHON ?= python3
VENV   ?= .venv

.PHONY: demo test lint bench bench-ranges bench-openings bench-dashboard soak fuzz completions pictures reference clean

demo: $(VENV)/installed
	$(VENV)/bin/mtq serve --demo

test: $(VENV)/tested
	$(VENV)/bin/pytest

lint: $(VENV)/tested
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/installed
	$(VENV)/bin/python benchmarks/compare.py $(BENCH)

bench-ranges: $(VENV)/installed
	$(VENV)/bin/python benchmarks/ranges.py

bench-openings: $(VENV)/installed
	$(VENV)/bin/python benchmarks/opening.py

soak: $(VENV)/tested
	$(VENV)/bin/python -m tests.soak.account 300

fuzz: $(VENV)/fuzzing
	$(VENV)/bin/python -m tests.fuzz $(or $(SECONDS),3600) $(TARGETS)

bench-dashboard: $(VENV)/installed
	$(VENV)/bin/python benchmarks/dashboard.py

completions: $(VENV)/installed
	$(VENV)/bin/mtq completion bash > completions/mtq.bash
	$(VENV)/bin/mtq completion zsh > completions/_mtq
	$(VENV)/bin/mtq completion fish > completions/mtq.fish

pictures: $(VENV)/installed
	$(VENV)/bin/python docs/pictures/draw.py

reference: $(VENV)/installed
	$(VENV)/bin/python -m reference

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(VENV)/bin/pip install --quiet --editable .
	touch $@

$(VENV)/tested: $(VENV)/installed
	$(VENV)/bin/pip install --quiet --group test --group lint
	touch $@

$(VENV)/fuzzing: $(VENV)/tested
	$(VENV)/bin/pip install --quiet --group fuzz
	touch $@
