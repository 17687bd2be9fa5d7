# What people type here. Everything is installed into .venv; nothing else on the machine is touched.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 …` takes another one.
PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done)
PORT ?= 8080
# Many tests wait for pictures to come: three more at once than there are processors.
JOBS ?= $(shell echo $$(( $$(nproc 2> /dev/null || echo 1) + 3 )))

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo
demo: $(VENV)/.installed  ## Install, then watch a drawn clip: prints the viewer's address (PORT=8080)
	@exec $(BIN)/gorewatch serve --demo --port $(PORT)

.PHONY: test
test: $(VENV)/.installed-test  ## Install, then run the whole test suite (ARGS='-k judge' for some, JOBS=1 for one at a time)
	@$(BIN)/pytest -n $(JOBS) --maxprocesses 8 $(ARGS)

.PHONY: lint
lint: $(VENV)/.installed-test  ## Check style and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

.PHONY: types
types: $(VENV)/.installed-test  ## Check types
	@$(BIN)/mypy

.PHONY: format
format: $(VENV)/.installed-test  ## Format, and correct what can be corrected
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

.PHONY: bench
bench: $(VENV)/.installed  ## Measure the whole path on this machine; JSON on the last line
	@$(BIN)/gorewatch bench pipeline

.PHONY: docs
docs: $(VENV)/.installed-test  ## Write docs/cli.md anew from the commands' help
	@$(BIN)/python -m tests.test_docs

.PHONY: wheel
wheel: $(VENV)/.installed-test  ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel

.PHONY: constraints
constraints:  ## Resolve all versions anew and pin them in constraints.txt
	@rm -rf build/resolve && $(PYTHON) -m venv build/resolve
	@build/resolve/bin/python -m pip install --quiet '.[test]'
	@{ sed -n '/^#/p' constraints.txt; \
	   { build/resolve/bin/python -m pip freeze --exclude gorewatch; grep '^onnxruntime==' constraints.txt; } \
	   | sort --ignore-case --unique; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt && git --no-pager diff --stat constraints.txt

.PHONY: clean
clean:  ## Remove the environment and everything built
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache

.PHONY: help
help:  ## Show this
	@grep -hE '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

# Stamps: installed again only when the dependencies may have changed.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing gorewatch and what it needs into $(VENV) …"
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing gorewatch and its tests' needs into $(VENV) …"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "gorewatch needs Python 3.11 or newer, which was not found here: install it," \
		"or say where it is with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The environment $(VENV) could not be made;" \
		"on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
