# Two commands do everything on a fresh clone: `make plan` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE ?= examples/letrozole-three-years-falling-dxa.yaml

.PHONY: plan test test-all lint bench docs clean

$(VENV)/.core: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "aimss needs Python 3.11 or later")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.core
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

plan: $(VENV)/.core  ## her plan, from an example record
	@$(BIN)/aimss plan $(EXAMPLE) --out out/plan

test: $(VENV)/.dev  ## the tests, under ten minutes on two cores
	@$(BIN)/python -m pytest -n 2

test-all: $(VENV)/.dev  ## the slow tests too
	@$(BIN)/python -m pytest -n 2 -m "slow or not slow"

lint: $(VENV)/.dev  ## ruff, mypy strict, the one-way flow
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:
	rm -rf $(VENV) out
