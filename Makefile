# Two commands matter: `make demo` and `make test`. Both set up everything they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := include
export FURROW_HOME := $(CURDIR)
# Hundreds of short processes: each would compile what it imports anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup browser demo test check unit up down status torture bench quality schemas lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: .venv/ready ## Make .venv with the locked requirements (done by the others when needed)

.venv/ready: requirements-dev.txt pyproject.toml
	@echo "Setting up .venv (once; about 1.8 GB)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet uv==0.13.9
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Run the main job on the embedded default, and show what came out
	@$(BIN)/furrow demo

up: setup ## Start the embedded default: model servers, Kafka broker, Airflow
	@$(BIN)/furrow up

down: ## End the embedded default
	@$(BIN)/furrow down

status: ## What of the embedded default runs
	@$(BIN)/furrow status

check: setup ## ruff, mypy, import-linter, unit tests, use cases: about five minutes
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/furrow check
	@$(BIN)/pytest -q -n 2 tests/unit

browser: ## Chromium for the page tests, from Debian's packages
	@./tests/ui/install-browser

test: setup browser check ## Everything: check, contract, integration, dags, prompts, ui
	@$(BIN)/pytest -n 2 --dist loadfile --max-worker-restart 0 --ignore tests/unit tests

torture: setup ## 100 killed workers and more, whole-size: a quarter of an hour, into var/torture.json
	@$(BIN)/pytest --timeout 7200 -o faulthandler_timeout=15000 tests/torture -m torture
	@FURROW_FAULT_RECORDS=200 $(BIN)/pytest --timeout 7200 -o faulthandler_timeout=15000 tests/integration/test_fault_matrix.py

bench: setup ## Measure the engine and the DAG parse, each next to the usual way
	@$(BIN)/furrow bench engine
	@$(BIN)/furrow bench parse
	@$(BIN)/furrow bench rerun

quality: setup ## The test split of every use case on the local models: hours
	@$(BIN)/furrow up broker local-small local-large local-embed
	@for folder in prompts/*/pipeline.yaml; do $(BIN)/furrow eval $$(basename $$(dirname $$folder)) --split test; done

schemas: setup ## Write prompts/*.schema.json from the config models
	@$(BIN)/furrow schemas

lock: setup ## Resolve requirements*.in again into the locked files, with hashes
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean: down ## End what runs and remove what it wrote, and .venv
	@rm -rf var .venv .mypy_cache .ruff_cache .pytest_cache
