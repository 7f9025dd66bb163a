# Two commands for a newcomer: make preview, make test. The environment lives in .venv, made from requirements.lock, which
# is complete: nothing is resolved anew, and a release of tomorrow changes nothing.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: help preview run doctor test format lint types imports unit bench torture lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/ready: requirements.lock
	@test -n "$(PYTHON)" || { echo "mv-bot needs Python 3.11, 3.12 or 3.13 (set PYTHON=/path/to/python)"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv --clear .venv || { echo "No venv module: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

preview: .venv/ready ## the bot on a simulated Discord, in the browser
	@$(BIN)/python -m bot preview

run: .venv/ready ## the bot, on Discord
	@$(BIN)/python -m bot

doctor: .venv/ready ## what is set up, and what is not
	@$(BIN)/python -m bot doctor

test: .venv/ready ## the whole check: format, lint, types, import rules, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile || { \
		echo "Once more, alone: what failed beside three others, for want of a processor, passes now; a fault does not."; \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none; }

format: .venv/ready ## mends what a machine can mend
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: .venv/ready ## how fast, against baselines measured in the same run
	@$(BIN)/python -m tests.bench

torture: .venv/ready ## the bot killed thirty times at work, and what became of sixty jobs (SEED=1 to repeat one)
	@$(BIN)/python -m tests.torture $(if $(SEED),--seed $(SEED))

lock: ## writes requirements.lock anew (needs a .venv)
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate -o requirements.lock pyproject.toml

clean: ## removes the environment
	rm -rf .venv
