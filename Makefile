# `make help` lists the targets. Needs GNU make, a POSIX shell and Python 3.11 to 3.13; everything else goes into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
SERVER := .venv-server
BENCH  := .venv-cosmos
LOCK   := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

CODE      := quarterdeck loaders transform expectations publication pages benchmarks dags deploy samples tests
TYPED     := quarterdeck loaders transform expectations publication pages benchmarks dags deploy samples
SAMPLES   := samples/*/*/[0-9][0-9][0-9][0-9]-[0-9][0-9]/*

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-long test-server fuzz lint format lock samples up down stack stack-native bench docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Make the development environment in .venv; does nothing when it is up to date

demo: $(VENV)/.runtime ## Submit the samples, run the real DAGs to the end, show what was published
	@$(BIN)/quarterdeck submit $(SAMPLES)
	@$(BIN)/quarterdeck run
	@$(BIN)/quarterdeck publications current
	@$(BIN)/python samples/show.py

test: $(VENV)/.dev ## Run the tests, but those of test-long; the end-to-end ones follow each other on one worker
	$(BIN)/python -m pytest -n auto

test-fast: $(VENV)/.dev ## Run the tests that start no scheduler
	$(BIN)/python -m pytest -n auto -m "not e2e and not long and not server"

fuzz: $(VENV)/.dev ## Read more than 10,000 files nobody thought of, new ones every time
	QUARTERDECK_FUZZ_EXAMPLES=1120 $(BIN)/python -m pytest tests/loaders/test_fuzz.py

test-long: $(SERVER)/.made ## Run the tests that take many minutes: processes killed, workers on two hosts, Superset
	$(SERVER)/bin/python -m pytest -m long

test-server: $(SERVER)/.made ## Run the tests of the server's stack, natively: needs PostgreSQL and Redis
	$(SERVER)/bin/python -m pytest -m server

lint: $(VENV)/.dev ## Check style, types, SQL and the import rule
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

format: $(VENV)/.dev ## Put Python and SQL into the one form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)
	$(BIN)/sqlfluff fix dbt_project/models dbt_project/tests

lock: $(UV) ## Write the locks anew from pyproject.toml, keeping versions that still fit (LOCK_FLAGS=--upgrade moves them)
	$(LOCK) $(LOCK_FLAGS) -o requirements/bootstrap.txt requirements/bootstrap.in >/dev/null
	$(LOCK) $(LOCK_FLAGS) -o requirements/runtime.txt pyproject.toml requirements/build.in >/dev/null
	$(LOCK) $(LOCK_FLAGS) -o requirements/superset.txt requirements/superset.in >/dev/null
	$(LOCK) $(LOCK_FLAGS) -o requirements/datacontract.txt requirements/datacontract.in >/dev/null
	$(LOCK) $(LOCK_FLAGS) -o requirements/dev.txt -c requirements/runtime.txt --extra dev pyproject.toml requirements/build.in >/dev/null
	$(LOCK) $(LOCK_FLAGS) -o requirements/server.txt -c requirements/runtime.txt requirements/server.in >/dev/null
	$(LOCK) $(LOCK_FLAGS) -o requirements/cosmos.txt -c requirements/runtime.txt requirements/cosmos.in >/dev/null

samples: $(VENV)/.dev ## Write the sample workbooks anew from samples/data
	$(BIN)/python samples/build.py

up: $(VENV)/.runtime ## Start Airflow with its page, on this machine only
	@$(BIN)/quarterdeck up

down: $(VENV)/.runtime ## Stop what `make up` started
	@$(BIN)/quarterdeck down

stack: ## Start everything on a server with containers; makes the keys in .env the first time
	@sh deploy/stack.sh

stack-native: $(SERVER)/.made ## Start the same services without containers, until Ctrl-C: needs PostgreSQL and Redis
	@$(SERVER)/bin/python -m deploy

bench: $(BENCH)/.made ## Measure, and write the results to benchmarks/results
	$(BENCH)/bin/python -m benchmarks

docs: $(VENV)/.runtime ## Write the documentation of the marts to build/docs/static_index.html
	@mkdir -p build/docs
	QUARTERDECK_WAREHOUSE=$(CURDIR)/build/docs/none.duckdb $(BIN)/dbt docs generate --static --empty-catalog \
		--project-dir dbt_project --profiles-dir dbt_project --target-path $(CURDIR)/build/docs --log-path $(CURDIR)/build/docs
	@echo "Open build/docs/static_index.html"

clean: ## Remove caches and what was built; the environment and the data in var/ stay
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. Each stamp is newer than the lock it stands for; the locks hold hashes and name no index.
$(UV): requirements/bootstrap.txt
	@sh requirements/check_python.sh "$(PYTHON)"
	@echo "Making the environment in $(VENV)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml $(UV)
	$(call install,runtime)

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(UV)
	$(call install,dev)

# The development environment with what the server's image holds, and with what dbt is compared with.
.venv-%/.made: requirements/%.txt requirements/dev.txt pyproject.toml $(UV)
	@$(UV) venv --quiet --allow-existing --python $(BIN)/python .venv-$*
	@VIRTUAL_ENV=$(CURDIR)/.venv-$* $(UV) pip install --require-hashes --compile-bytecode -r requirements/dev.txt -r requirements/$*.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv-$* $(UV) pip install --quiet --no-deps --no-build-isolation --offline -e .
	@touch $@

define install
@echo "Installing requirements/$(1).txt (the first time: about 1 GB, a minute or more)"
@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --require-hashes --compile-bytecode -r requirements/$(1).txt
@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --offline -e .
@touch $@
endef
