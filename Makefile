# `make help` lists the verbs. Each works from a bare checkout: the environment is made and filled when it is needed.

PYTHON ?= python3
# Further arguments for pytest, such as PYTEST_ARGS='-x tests/dedup'.
PYTEST_ARGS ?=
# Processes that run tests; a file's tests stay in one.
TEST_PROCESSES ?= 2
# Further arguments for the benchmark, such as BENCH_ARGS="--tree TREE --peer-python PEER/bin/python".
BENCH_ARGS ?=
# Further engines, such as ENGINE_ARGS="--engine Flink '--runner=FlinkRunner --flink_master=localhost:8081'".
ENGINE_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
DEMO_READY := $(VENV)/.ready-demo
DOCS_READY := $(VENV)/.ready-docs
TEST_READY := $(VENV)/.ready-test
# A change of either means installing again.
PINS := pyproject.toml setup.py constraints.txt

# $(call install,EXTRAS): installs this checkout in place, with the pinned versions, and says how long that took.
define install
	@echo "Installing codemill[$(1)] into $(VENV): a few minutes the first time ..."
	@begin=$$(date +%s) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(1)]' && \
	echo "Installed in $$(( $$(date +%s) - begin )) s."
	@touch $@
endef

.PHONY: help demo test lint coverage bench engines docs clean
.DEFAULT_GOAL := help

help: ## list the verbs
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: $(DEMO_READY) ## build a small snapshot and train on it, end to end
	$(BIN)/codemill demo

test: $(TEST_READY) ## ruff, mypy and every test, the slow ones too
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/python -m pytest --numprocesses=$(TEST_PROCESSES) --dist=loadfile $(PYTEST_ARGS) || status=1; \
	exit $$status

lint: $(TEST_READY) ## ruff and mypy alone
	$(BIN)/ruff check .
	$(BIN)/mypy

coverage: $(TEST_READY) ## every test, and which lines of each room they run
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

bench: $(TEST_READY) ## measure a build against datatrove, on one core (see benchmarks/README.md)
	$(BIN)/python -m benchmarks.compare_build $(BENCH_ARGS)

engines: $(TEST_READY) ## build one corpus on every engine that can be had here, and compare the bytes
	$(BIN)/python -m benchmarks.compare_engines $(ENGINE_ARGS)

docs: $(DOCS_READY) ## make a site of docs/ in site/
	rm -rf build/pages && mkdir -p build/pages/docs/images build/pages/benchmarks build/pages/examples
	for page in *.md docs/*.md docs/images/* benchmarks/*.md examples/*; do ln -s "$(CURDIR)/$$page" "build/pages/$$page"; done
	$(BIN)/zensical build --clean --strict

clean: ## remove the environment, the caches and what the benchmarks wrote
	rm -rf $(VENV) build dist *.egg-info site .mypy_cache .pytest_cache .ruff_cache .hypothesis benchmarks/work
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
		"codemill needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is %d.%d: name another, as in make demo PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)

$(DEMO_READY): $(VENV)/pyvenv.cfg $(PINS)
	$(call install,trainer)

# The test extra holds all that the demo needs, so the demo has nothing left to install after it.
$(TEST_READY): $(VENV)/pyvenv.cfg $(PINS)
	$(call install,test)
	@touch $(DEMO_READY)

$(DOCS_READY): $(VENV)/pyvenv.cfg $(PINS)
	$(call install,docs)
