# Every target explains itself: `make help`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: imports traffic figures install demo test matrix matrix-pytest matrix-node prove lint soak fuzz bench clean help

install: $(STAMP)  ## Make a virtual environment in .venv and install everything into it

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP)  ## Record an agent against a local model, replay it offline, then see where an edited prompt diverges
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/demo.py

test: $(STAMP)  ## Run the test suite on two processors (no network, no key)
	$(BIN)/python -m pytest -n 2 --dist worksteal

matrix-pytest: $(STAMP)  ## Run the suites of the pytest plugin on pytest 8, in an environment of its own
	test -x $(VENV)/pytest8/bin/python || $(PYTHON) -m venv $(VENV)/pytest8
	$(VENV)/pytest8/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' 'pytest<9'
	$(VENV)/pytest8/bin/python -m pytest tests/pytest_plugin tests/regression

matrix: $(STAMP)  ## Record and replay every SDK and framework, in environments of their own; makes the README's table
	$(BIN)/python -m tests.matrix

matrix-node: $(STAMP)  ## Record and replay programs in JavaScript through the proxy, with SDKs from npm
	$(BIN)/python -m tests.node

prove: $(STAMP)  ## The whole proof: replays of every agent in all weathers, comparisons over the whole corpus
	REPLAY_PROVE=1 $(BIN)/python -m pytest -n 2 --dist worksteal tests/determinism tests/diff tests/dialects/test_corpus.py

imports: $(STAMP)  ## Import, serve to four clients and export again every recording at REPLAY_CORPUS, as a table
	$(BIN)/python -m tests.interop.proof

traffic: $(STAMP)  ## Which calls to models in the recordings at REPLAY_CORPUS are recognised, with their usage, as a table
	$(BIN)/python -m tests.dialects.traffic

figures: $(STAMP)  ## The proof as a table: each agent, its clean replays, and the false alarms among them (half an hour)
	$(BIN)/python -m tests.determinism.table

lint: $(STAMP)  ## Style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(STAMP)  ## Kill a recording program 500 times at any moment under load; nothing it was told may be lost
	$(BIN)/python -m tests.soak

fuzz: $(STAMP)  ## Open a million damaged cassettes, guided by coverage (atheris)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz

bench: $(STAMP)  ## Measure speed beside peers, as ratios
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(VENV)/peers cassetter
	PYTHONPATH=$(VENV)/peers $(BIN)/python -m tests.bench

clean:  ## Remove what the other targets made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .replay build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22
