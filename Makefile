# `make` lists the targets. Each makes what it needs in .venv, once; ARGS goes to the program it runs.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
FRONTEND := $(addprefix core/frontend/,build.mjs hatch_build.py package.json package-lock.json) $(wildcard core/frontend/src/*)
# A file of tests on each core, in the order of pyproject.toml: the files that take long come first.
AT_ONCE := --numprocesses auto --dist loadfile --no-loadscope-reorder
UNBUILT := $(if $(wildcard core/watchfloor/web/static/vendor/.stamp),,unbuilt)

# Python keeps what it compiled: the tests start hundreds of processes that all import the same.
unexport PYTHONDONTWRITEBYTECODE

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test check lint test-wheel bench screenshots wheel programs browser-tools unbuilt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## a simulated MISP, live in the browser, with nothing else installed
	@$(BIN)/watchfloor demo $(ARGS)

test: $(VENV)/.dev programs browser-tools ## the tests, on the checkout
	@$(BIN)/python -m pytest $(AT_ONCE) $(ARGS)

check: lint test test-wheel ## everything a change must pass: lint, types, import contracts, tests, tests of the wheel

lint: $(VENV)/.dev ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-wheel: $(VENV)/.dev programs ## the tests, on the built wheel in an environment of its own
	@scripts/test-wheel $(BIN)/python $(AT_ONCE) $(ARGS)

bench: $(VENV)/.dev programs ## measure, and print a table
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/.dev programs ## the pictures of the documents, from the demo at a fixed seed
	@$(BIN)/python scripts/screenshots.py $(ARGS)

wheel: $(VENV)/.dev ## build sdist and wheel into dist/
	@$(BIN)/python -m build $(ARGS)

clean: ## remove what was built and installed here; ./data stays
	rm -rf $(VENV) dist build core/frontend/node_modules tests/browser/node_modules core/watchfloor/web/static/vendor
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

programs:
	@scripts/need-programs redis-server chromium mariadbd=mariadb-server bloom=golang-github-dcso-bloom-cli

browser-tools: $(VENV)/.dev
	@$(BIN)/python scripts/browser_tools.py

$(VENV)/.made:
	@scripts/make-venv $(VENV)
	@touch $@

$(VENV)/.runtime: pyproject.toml $(FRONTEND) $(UNBUILT) | $(VENV)/.made
	@echo "Installing Watchfloor into $(VENV)."
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(FRONTEND) $(UNBUILT) | $(VENV)/.made
	@echo "Installing Watchfloor and its development tools into $(VENV)."
	@$(PIP) install --quiet --editable '.[dev]'
	@touch $(VENV)/.runtime $@
