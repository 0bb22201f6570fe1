# Tanjian 碳鉴. `make run` to use it, `make test` to prove it; `make help` lists the rest.

SHELL := /bin/sh
PORT ?= 8000
export TANJIAN_DEMO ?= 1
VENV := .venv
BIN := $(VENV)/bin
FIND := for each in python3.11 python3.12 python3.13 python3.14 python3; do \
	  command -v $$each >/dev/null 2>&1 && \
	  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$each && break; done
PYTHON ?= $(shell $(FIND))

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev python run migrate demo test soak bench conformance audit lint format types layers \
	check docs translations migration lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(BIN)/.runtime  ## Make the virtual environment with what the program needs

setup-dev: $(BIN)/.development

python:
	@test -n "$(PYTHON)" || { \
	  echo "Python 3.11 or newer is missing. Debian, Ubuntu: apt-get install python3 python3-venv" >&2; \
	  echo "Fedora: dnf install python3.11    macOS: brew install python@3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; }

$(BIN)/python: | python
	$(PYTHON) -m venv $(VENV)

# The wheels are checked against the hashes of the lock file; nothing else is resolved.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r

$(BIN)/.runtime: requirements.txt | $(BIN)/python
	$(INSTALL) requirements.txt
	@touch $@

$(BIN)/.development: requirements-dev.txt | $(BIN)/python
	$(INSTALL) requirements-dev.txt
	@touch $@ $(BIN)/.runtime

run: setup migrate demo  ## Serve the demonstration city on 127.0.0.1; PORT=8001 for another port
	@echo "http://127.0.0.1:$(PORT)"
	@TANJIAN_TICKER=1 exec $(BIN)/gunicorn --bind 127.0.0.1:$(PORT) wsgi:application

migrate: setup  ## Bring the database to the newest schema
	$(BIN)/flask db upgrade

demo: setup
	$(BIN)/flask demo load

test: setup-dev  ## Run the whole suite, on SQLite and on a real PostgreSQL
	$(BIN)/pytest -n 2 --dist loadgroup

soak: setup-dev  ## Run what takes minutes, and print its figures
	$(BIN)/pytest -m soak -n 2 --dist loadgroup -rP

bench: setup-dev  ## Measure against a hand-written floor
	$(BIN)/python -m benchmarks

# pm4py is under the AGPL: it lives in an environment of its own and reads files only.
OTHER := .venv-conformance
CHECKED := build/conformance

$(OTHER)/.installed: requirements-conformance.txt | python
	$(PYTHON) -m venv $(OTHER)
	$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  -r requirements-conformance.txt
	@touch $@

conformance: setup-dev $(OTHER)/.installed  ## Have pm4py check logs and models, and look for tampering
	rm -rf $(CHECKED)
	$(BIN)/python -m conformance.prepare $(CHECKED)
	PM4PY_SHOW_PROGRESS_BAR=False $(OTHER)/bin/python -W ignore -m conformance.check $(CHECKED)
	$(BIN)/python -m conformance.judge $(CHECKED)

# The suite checks the locks without a network; the advisories are asked here.
AUDIT := .venv-audit

$(AUDIT)/.installed: requirements-audit.txt | python
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  -r requirements-audit.txt
	@touch $@

audit: $(AUDIT)/.installed  ## Ask the public advisories about every locked package; needs the network
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt

lint: setup-dev  ## Find mistakes
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup-dev  ## Lay out the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

types: setup-dev  ## Check the types
	$(BIN)/mypy

layers: setup-dev  ## Check that imports point downwards
	$(BIN)/lint-imports

check: lint types layers test  ## All of the above

docs: setup-dev  ## Draw the diagrams of the lifecycles anew
	$(BIN)/flask lifecycle docs

translations: setup-dev  ## Gather new words of the screens for translation
	$(BIN)/pybabel extract -F babel.cfg -k _l -k lazy_gettext --no-location --sort-output -o build/messages.pot .
	$(BIN)/pybabel update -i build/messages.pot -d app/translations -N --no-fuzzy-matching

migration: setup-dev  ## Draft a migration: make migration m="Add ..."
	@test -n "$(m)" || { echo 'Say what it does: make migration m="Add ..."' >&2; exit 1; }
	$(BIN)/flask db revision "$(m)"

lock:  ## Pin the newest versions that fit, with hashes and without hosts
	@command -v uv >/dev/null || { echo "uv is missing: pip install uv" >&2; exit 1; }
	uv pip compile --universal -p 3.11 --generate-hashes --upgrade requirements.in -o requirements.txt
	uv pip compile --universal -p 3.11 --generate-hashes --upgrade requirements-dev.in -o requirements-dev.txt
	uv pip compile --universal -p 3.11 --generate-hashes --upgrade requirements-conformance.in -o requirements-conformance.txt
	uv pip compile --universal -p 3.11 --generate-hashes --upgrade requirements-audit.in -o requirements-audit.txt

clean:  ## Remove what was built; the data under instance/ stays
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
