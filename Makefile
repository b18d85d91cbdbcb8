# `make help` lists what there is. Every target makes .venv first, from hashed lock files; nothing else has to be installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

BIN := .venv/bin
READY := .venv/.ready
LOCKS := requirements/build.lock requirements/dev.lock
PORT ?= 8000
# What to run: make test TESTS="tests/routing -k static"
TESTS ?= tests
# Processes that run them: make test WORKERS=0 TESTS=tests/routing
WORKERS ?= 2

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): $(LOCKS) pyproject.toml tools/venv.sh
	@tools/venv.sh .venv $(LOCKS)
	@touch $@

demo: $(READY) examples/housing/housing.skops  ## train the housing model and serve it on PORT, until Ctrl-C
	@$(BIN)/python examples/housing/demo.py --port $(PORT)

examples/housing/housing.skops: examples/housing/train.py examples/housing/housing.csv requirements/dev.lock | $(READY)
	@$(BIN)/python examples/housing/train.py --output $@

vision: $(READY)  ## train the digits network, and serve it with a page to draw on, until Ctrl-C
	@[ -d examples/vision/models ] || $(BIN)/python examples/vision/train.py
	@TRINE_ACCEPT_RISKS=open-monitor $(BIN)/trine run examples/vision/app.py --port $(PORT)

embeddings: $(READY)  ## fetch a sentence-embedding model (84 MB, once) and serve it, until Ctrl-C
	@[ -d examples/embeddings/models ] || $(BIN)/python examples/embeddings/fetch.py
	@TRINE_ACCEPT_RISKS=open-monitor $(BIN)/trine run examples/embeddings/app.py --port $(PORT)

test: $(READY) .tools/servers/.ready  ## run the tests, in WORKERS processes
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

.tools/servers/.ready: requirements/build.lock requirements/servers.lock tools/venv.sh
	@tools/venv.sh .tools/servers requirements/build.lock requirements/servers.lock
	@touch $@

check: $(READY)  ## style, types, the house rules and the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/house
	@$(MAKE) --no-print-directory docs

docs: $(READY)  ## build the documentation into site/, warnings are errors
	$(BIN)/zensical build --clean --strict

docs-serve: $(READY)  ## show the documentation and rebuild it on change
	$(BIN)/zensical serve

bench: .tools/bench/.ready  ## measure Trine beside its peers: make bench ARGS="--workloads json"
	@.tools/bench/bin/python -m benchmarks $(ARGS)

.tools/bench/.ready: requirements/build.lock requirements/bench.lock tools/venv.sh
	@tools/venv.sh .tools/bench requirements/build.lock requirements/bench.lock
	@touch $@

bench-serving: .tools/serving/.ready  ## measure models behind Trine beside model servers: make bench-serving ARGS="--works forest"
	@.tools/serving/bin/python -m benchmarks.serving $(ARGS)

.tools/serving/.ready: requirements/build.lock requirements/serving.lock tools/venv.sh
	@tools/venv.sh .tools/serving requirements/build.lock requirements/serving.lock
	@touch $@

bench-data: .tools/bench-data/.ready  ## measure rows from a database beside the ORMs: make bench-data ARGS="--databases sqlite"
	@.tools/bench-data/bin/python -m benchmarks.database $(ARGS)

.tools/bench-data/.ready: requirements/build.lock requirements/bench-data.lock tools/venv.sh
	@tools/venv.sh .tools/bench-data requirements/build.lock requirements/bench-data.lock
	@touch $@

conformance: $(READY)  ## run FastAPI's, Starlette's and Flask's own test suites against trine.compat (ARGS="--suite flask")
	$(BIN)/python tests/compat/conformance.py $(ARGS)

versions: $(READY)  ## run the quick tests on every other supported Python found here
	@tools/versions.sh

setup-system: $(READY)  ## install Chromium, Redis, PostgreSQL and MariaDB for the tests that drive them (Debian and Ubuntu, as root)
	@tools/setup-system.sh

lock:  ## write the lock files anew (needs uv)
	@tools/lock.sh $(if $(UPGRADE),--upgrade)

build: $(READY)  ## build the source distribution and the wheel into dist/
	@$(BIN)/python -m hatchling build

clean:  ## remove everything that make made
	rm -rf .venv .tools site build dist .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis examples/housing/housing.skops examples/*/models
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help demo vision embeddings test check docs docs-serve bench bench-data bench-serving conformance versions setup-system lock build clean
