# Two commands do everything on a fresh clone: `make plan` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE ?= examples/letrozole-three-years-falling-dxa.yaml

.PHONY: plan test test-all lint bench docs lock clean

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

bench: $(VENV)/.dev  ## every benchmark, our engine beside its peers; minutes
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements-dev.lock "diffrax>=0.6" "libroadrunner>=2.8"
	@mkdir -p out
	@$(BIN)/python benchmarks/engine.py --json out/engine.json
	@$(BIN)/python benchmarks/ensemble.py --json out/ensemble.json
	@$(BIN)/python benchmarks/conditioning_coverage.py
	@$(BIN)/python benchmarks/synthesis.py
	@$(BIN)/python benchmarks/rules.py
	@$(BIN)/python benchmarks/evidence_store.py
	@$(BIN)/python benchmarks/trials.py

docs: $(VENV)/.dev  ## the pages that are made from the model, the rules and the runs
	@$(BIN)/aimss model describe --format markdown > docs/model.md
	@$(BIN)/python -m tests.care.rules.make_manual
	@$(BIN)/python docs/make_trials.py
	@$(BIN)/aimss validate --out out/validation --summary src/aimss/calibration/validation_summary.json
	@cp out/validation/validation.md docs/validation.md

lock:  ## the lock files anew (needs uv)
	@uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  pyproject.toml -q -o requirements.lock
	@uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra dev --extra interop --extra survival --extra parquet --extra cluster -c requirements.lock \
	  pyproject.toml -q -o requirements-dev.lock

clean:
	rm -rf $(VENV) out
