# Each command sets up what it needs in .venv from nothing but Python 3.11 and make.
PYTHON ?= python3.11
ifeq (,$(shell command -v $(PYTHON) 2>/dev/null))
PYTHON := python3
endif
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
SECONDS ?= 30
JOBS ?= 2

.PHONY: demo test check fuzz bench clean help

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/'

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## run the demonstration of four gateways (SECONDS=30)
	$(BIN)/gateway demo --seconds $(SECONDS)

check: $(STAMP) ## lint, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## the checks and every test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

fuzz: $(STAMP) ## every property and fuzz test on new random examples
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m hypothesis --hypothesis-profile=default

bench: $(STAMP) ## measure every stage and the whole path; print rates and ratios
	$(BIN)/python -m tests.bench

clean: ## remove everything that was set up
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
