# Each target works on a fresh checkout: it first makes .venv and installs what it needs there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = .venv/bin
PACKAGES = pipelines seq2seq
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: quickstart test lint benchmark
.NOTPARALLEL:

quickstart: .venv/installed
	$(BIN)/seq2seq quickstart

# TESTS=tests/pipelines runs a part of them. A process has whole files: what they make is shared.
test: .venv/installed-test
	$(BIN)/python -m pytest -n 2 --dist loadfile --timeout 600 $(TESTS)

lint: .venv/installed-lint
	$(BIN)/black --check -l 100 $(PACKAGES) tests
	$(BIN)/isort --check $(PACKAGES) tests
	$(BIN)/flake8 $(PACKAGES) tests
	$(BIN)/mypy $(PACKAGES)

benchmark: .venv/installed-test
	$(BIN)/python -m pytest -m slow -s $(TESTS)

# These files are empty and stand for an installation; a newer setup.cfg makes it anew.
# pip is what venv installs last: without it, an earlier attempt was interrupted.
.venv/installed .venv/installed-test .venv/installed-lint: setup.cfg pyproject.toml
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --editable '.$(EXTRA)'
	touch $@

.venv/installed-test: EXTRA = [test]
.venv/installed-lint: EXTRA = [lint]
