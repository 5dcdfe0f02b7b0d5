# What each target is for: CONTRIBUTING.md. What users call, the README and docs/ show.
PYTHON ?= python3
VENV   ?= .venv
# The image format is Docker's, because OCI's has no health check. With Docker itself: make container BUILD="docker build"
BUILD  ?= podman build --format docker
SOAK   ?= 180

.PHONY: demo test lint bench bench-plot bench-ranges bench-openings bench-dashboard soak soak-hostile fuzz completions \
	pictures reference site links wheel container clean

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

bench-plot: $(VENV)/installed
	$(VENV)/bin/python benchmarks/plot.py

bench-ranges: $(VENV)/installed
	$(VENV)/bin/python benchmarks/ranges.py

bench-openings: $(VENV)/installed
	$(VENV)/bin/python benchmarks/opening.py

soak: $(VENV)/tested
	$(VENV)/bin/python -m tests.soak.account 300

fuzz: $(VENV)/fuzzing
	$(VENV)/bin/python -m tests.fuzz $(or $(SECONDS),3600) $(TARGETS)

soak-hostile: $(VENV)/tested
	$(VENV)/bin/python -m tests.soak.hostile $(SOAK)

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

site: $(VENV)/documented
	$(VENV)/bin/sphinx-build --quiet --fail-on-warning --keep-going -c docs/site -d build/doctrees . build/site

links: $(VENV)/documented
	$(VENV)/bin/sphinx-build --quiet -b linkcheck -c docs/site -d build/doctrees . build/links

wheel: $(VENV)/installed
	rm -rf build/lib build/bdist.* dist/mtq-*.whl
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist .

container: wheel
	$(BUILD) --file Containerfile --tag mtq dist

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	PYTHONWARNINGS=ignore $(VENV)/bin/pip install --quiet --editable .
	touch $@

$(VENV)/tested: $(VENV)/installed
	$(VENV)/bin/pip install --quiet --group test --group lint
	touch $@

$(VENV)/fuzzing: $(VENV)/tested
	$(VENV)/bin/pip install --quiet --group fuzz
	touch $@

$(VENV)/documented: $(VENV)/installed
	$(VENV)/bin/pip install --quiet --group docs
	touch $@
