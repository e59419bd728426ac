# Two commands: `make run` refreshes the hub, `make test` checks the project.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Looked through for secrets: everything but hashes of packages and vendors' own words.
NO_SECRETS := ':!*.lock' ':!*.ambr' ':!tests/unit/shopify_api' ':!ingestion/guard/lists'
DBT := --project-dir dbt_project --profiles-dir dbt_project
# Tables as wide as a person's terminal, so that tests read whole cells.
export COLUMNS = 200
export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false

.PHONY: run test test-faults test-servers bench lint audit types

run: $(VENV)/.run
	$(BIN)/tandem run

# Two workers, a file to a worker: fixtures that start a warehouse are made once a worker.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile -m "not faults and not servers and not volume"

# Fast ones first.
test: lint types $(VENV)/.dev
	$(PYTEST) tests/unit
	$(PYTEST) tests/integration tests/privacy tests/acceptance

# Every fault of tests/faults/catalogue.yml; the table of what became of them is kept beside it.
test-faults: export TANDEM_FAULT_TABLE = tests/faults/README.md
test-faults: $(VENV)/.dev
	$(BIN)/python -m pytest -m "faults or survives" tests

# Every stage at volume (SIZE = S, M or L), in a home of its own.
SIZE ?= S
bench: $(VENV)/.dev
	$(BIN)/tandem bench --size $(SIZE) --peers

# Vendors' own software, installed from its registries into .servers/ (see tests/servers/README.md).
test-servers: $(VENV)/.dev
	$(BIN)/python -m tests.servers.install
	$(BIN)/python -m pytest -m servers tests/servers

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests
	$(BIN)/dbt --quiet parse $(DBT)
	$(BIN)/dbt-bouncer --config-file dbt-bouncer.yml
	$(BIN)/yamllint --strict .
	$(BIN)/codespell
	git ls-files -z $(NO_SECRETS) | xargs -0 $(BIN)/detect-secrets-hook --no-verify
	@if [ -n "$(AUDIT)" ]; then $(MAKE) audit; fi

# Asks PyPI's advisory database about every locked package, so it runs where that can be reached:
# `make audit`, or `make lint AUDIT=1` in a pipeline with network.
audit: $(VENV)/.dev
	$(BIN)/pip-audit --require-hashes --disable-pip --requirement requirements.lock

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
