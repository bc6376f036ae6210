# Everything that a person types. The real work is in deploy/setup and ./tiepdan.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
PYTHON := .venvs/app/bin/python
RASA := .venvs/rasa/bin/python
export RASA_TELEMETRY_ENABLED := false

.PHONY: help setup setup-dev run test lint fmt train eval lock bench clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Make the two environments
	@deploy/setup

setup-dev: ## … and what tests and linters need
	@deploy/setup dev

run: setup ## Start everything and print the addresses
	@./tiepdan run

test: setup-dev ## The whole suite
	$(PYTHON) -m pytest

lint: setup-dev ## Format, ruff, mypy, import rules, rasa data validate
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy --config-file nlu/mypy.ini --python-executable $(RASA)
	.venvs/app/bin/lint-imports
	./tiepdan train --lexicon-only
	PYTHONPATH=. $(RASA) -m rasa data validate --fail-on-warnings --domain domain --config config.yml \
		--data $(wildcard data/nlu data/rules data/stories) 2>&1 |\
		grep -v "is not used in any story or rule" # Rasa does not see that our actions say them

fmt: setup-dev ## Format and mend what ruff can mend
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

train: setup ## Train if data or pipeline changed
	@./tiepdan train

eval: setup ## Measure understanding; reports/nlu/
	@./tiepdan eval

bench: setup ## Turn times beside stock Rasa
	$(PYTHON) -m benchmarks

lock: setup ## Compile the locks anew, with hashes and without an index address
	deploy/lock

clean: ## Remove what is made, except the database
	rm -rf .venvs .tools models reports .rasa
