# Two commands: `make run` refreshes the hub, `make test` checks the project.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DBT := --project-dir dbt_project --profiles-dir dbt_project
export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false

.PHONY: run test lint types unit integration clean

run: $(VENV)/.run
	$(BIN)/tandem run

test: lint types $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests
	$(BIN)/dbt --quiet parse $(DBT)
	$(BIN)/dbt-bouncer --config-file dbt-bouncer.yml
	$(BIN)/yamllint --strict .
	$(BIN)/codespell

types: $(VENV)/.dev
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@
