# Everything that a person types. The real work is in deploy/setup and ./tiepdan.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
PYTHON := .venvs/app/bin/python
RASA := .venvs/rasa/bin/python
export RASA_TELEMETRY_ENABLED := false

.PHONY: help setup setup-dev run test lint fmt train eval eval-stock eval-ablation lock bench chaos-submit clean

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
	@# Warnings stay visible: Rasa does not see that our actions say a response, and buttons have no examples.
	PYTHONPATH=. $(RASA) -m rasa data validate --domain domain --config config.yml --data data/nlu data/rules

fmt: setup-dev ## Format and mend what ruff can mend
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

train: setup ## Train if data or pipeline changed
	@./tiepdan train

eval: setup ## Measure understanding; reports/nlu/
	@./tiepdan eval

eval-stock: setup ## Beside stock Rasa (white space, DIET) on the same data; takes long
	@./tiepdan train --lexicon-only
	@PYTHONPATH=. $(RASA) -W ignore -m nlu.tools.stock

eval-ablation: setup ## What each part of the pipeline is worth
	@PYTHONPATH=. $(RASA) -W ignore -m nlu.tools.ablation

bench: setup-dev ## Turn times and memory of the running system
	$(PYTHON) -m benchmarks

chaos-submit: setup-dev ## Citizens file complaints while processes are killed; then the tickets are counted
	$(PYTHON) -m tests.chaos.submit

lock: setup ## Compile the locks anew, with hashes and without an index address
	deploy/lock

clean: ## Remove what is made, except the database
	rm -rf .venvs .tools models reports .rasa
