# What one does here. `make` alone lists it.
PY := .venv/bin/python
TESTS ?= tests
# One more worker of tests than cores: one waits for servers, as a rule.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -ge 2 ] || n=2; [ $$n -le 8 ] || n=8; echo $$((n + 1)))

.DEFAULT_GOAL := help
.PHONY: help demo env test check fmt bench soak lock clean

help: ## List what one can do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

demo: ## Run Postroom with a small company in it; needs Python 3.11 and nothing else
	@requirements/install run
	@exec $(PY) -m postroom demo

env: ## Make the developers' environment in .venv
	@requirements/install dev

test: env ## Run the tests, on SQLite and on PostgreSQL where it is installed
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile $(TESTS)
	@$(PY) -m tests.support.postgres $(PY) -m pytest -n $(WORKERS) --dist loadfile --only-database $(TESTS)

check: env ## Format, lint, types, floors and house rules: under a minute
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy src tests docs $(wildcard bench)
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m pytest -q tests/house

fmt: env ## Format, mend what the linter can mend, write the reference pages
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet . ; $(PY) -m docs.generate

bench: env ## Measure what a mail costs; figures as JSON in bench/out
	@$(PY) -m bench

soak: env ## Kill processes at random points under load, look for lost mail, read mail changed at random
	@$(PY) -m tests.soak && $(PY) -m tests.soak outbound --points 200 --mails 24000
	@$(PY) -m tests.soak understand --rounds 100000

lock: env ## Compile requirements/*.txt from requirements/*.in
	@requirements/compile

clean: ## Remove what was generated; the data under var/ stays
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/out
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
