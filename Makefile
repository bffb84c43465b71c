# Every target sets itself up: all it needs is make and Python 3.11 or newer.
# Another interpreter: make PYTHON=python3.12 run.  More server options: make run ARGS="--server.port 8080"

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
LOOK_AT := app.py playground pages tests benchmarks

.PHONY: run test quick test-processors deploy-check check lint bench messages format clean browser
.DEFAULT_GOAL := run

run: .venv/run.stamp
	$(BIN)/streamlit run app.py $(ARGS)

# The browser tests run one after the other: browser and server are two busy processes already.
test: .venv/dev.stamp browser
	$(BIN)/python -m pytest --ignore=tests/browser -n auto
	$(BIN)/python -m pytest tests/browser

# What needs no browser and no minute.
quick: .venv/dev.stamp
	$(BIN)/python -m pytest --ignore=tests/browser -n auto -m "not slow"

# The numeric tests as other processors compute: another order of sums, another rounding error, the same verdict. And
# what takes turns as on a slow machine that stalls.
test-processors: .venv/dev.stamp
	$(BIN)/python -m tests.processors

# Two replicas behind HAProxy, which has to be installed; `make test` does the same with fewer learners, if it is.
LEARNERS ?= 20
deploy-check: .venv/dev.stamp
	@command -v haproxy >/dev/null || { echo "HAProxy is needed. On Debian and Ubuntu: apt-get install haproxy"; exit 1; }
	LEARNERS=$(LEARNERS) $(BIN)/python -m pytest tests/deploy -s

check: lint
	$(MAKE) test

# Format, lint and types, of Python and of the stage's JavaScript.
lint: .venv/dev.stamp
	$(BIN)/ruff format --check $(LOOK_AT)
	$(BIN)/ruff check $(LOOK_AT)
	$(BIN)/pyright
	$(BIN)/python -m tests.web.typecheck

bench: .venv/dev.stamp browser
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.tasks
	$(BIN)/python -m benchmarks.shapes
	$(BIN)/python -m benchmarks.gradients
	$(BIN)/python -m benchmarks.live
	$(BIN)/python -m benchmarks.classroom --sessions 30

messages: .venv/dev.stamp
	$(BIN)/python -m tests.messages

format: .venv/dev.stamp
	$(BIN)/ruff format $(LOOK_AT)
	$(BIN)/ruff check --fix $(LOOK_AT)

browser: .venv/dev.stamp
	$(BIN)/python -m tests.ensure_browser

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is not. Name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# The compiled loops are an extra: where they cannot be had, torch computes everything.
.venv/run.stamp: requirements.txt requirements-fast.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-fast.txt \
	  || echo "Without Numba: small networks learn more slowly."
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
