# Each target works on a fresh checkout: it makes .venv with what it needs first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = .venv/bin
DEFINITION = setup.cfg pyproject.toml
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: quickstart test lint benchmark

quickstart: .venv/installed
	$(BIN)/seq2seq quickstart

test: .venv/installed-test
	$(BIN)/python -m pytest --timeout 300 $(TESTS)

lint: .venv/installed-lint
	$(BIN)/black --check --quiet -l 100 pipelines seq2seq tests
	$(BIN)/isort --check --quiet pipelines seq2seq tests
	$(BIN)/flake8 pipelines seq2seq tests
	$(BIN)/mypy pipelines seq2seq

benchmark: .venv/installed-test
	$(BIN)/python -m pytest -m slow -s $(TESTS)

# A stamp is older than the definitions when they change: the next target installs again.
.venv/installed: $(DEFINITION) | .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-%: $(DEFINITION) | .venv
	$(BIN)/python -m pip install --quiet --editable .[$*]
	touch $@

.venv:
	$(PYTHON) -m venv .venv
