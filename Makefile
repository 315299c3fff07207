# One vocabulary of commands: people, CI and the documentation use the same ones.
# PYTHON=3.12 (or 3.13) runs any of them on another Python, in an environment of its own.

PYTHON ?=
VENV := .venv$(if $(PYTHON),-$(PYTHON))
BIN := $(VENV)/bin
PY := $(BIN)/python
STAMP := $(VENV)/.set-up
CHROMA := .venv-chroma/.set-up
TAVERN := .venv-tavern/.set-up
FOLDERS := $(wildcard contracts/generators sdk reference-server test-server mocks tests scripts examples)

# For `make itest` and `make fuzz`: somebody else's deployment instead of our own.
TARGET ?=
GRPC ?=
KEY ?=
FULL ?=
ifneq ($(KEY),)
# By the environment: an argument would show in the list of processes.
export QBRIDGE_API_KEY := $(KEY)
endif
# For `make readme-check`: every page that tells people what to type.
PAGES ?= README.md docs/ru/README.md docs/index.md docs/start.md docs/ru/index.md docs/ru/start.md docs/implementers.md docs/reliability.md $(wildcard docs/guides/*.md)
# For `make test` and `make bench`.
ARGS ?=
NAME ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup lock serve check format lint imports types contracts contracts-check contracts-breaking \
        test itest judge conformance node-mock fuzz pact readme-check release-check bench budget docs docs-serve requirements requirements-check licences mutation clean \
        crash powercut ioerrors corrupt checks-proof

##@ Start here
help: ## List every target
	@awk -f scripts/help.awk Makefile

setup: $(STAMP) ## Make the environment: what requirements.lock names, and this checkout

$(STAMP): requirements.lock pyproject.toml scripts/setup
	@scripts/setup $(VENV) $(PYTHON)

# A real Chroma server in an environment of its own: one wheel without its dependencies.
$(CHROMA): requirements-chroma.lock scripts/setup
	@scripts/setup --tool $(dir $@) requirements-chroma.lock

# Tavern, which the harness is measured against; nothing of ours runs in it.
$(TAVERN): requirements-tavern.lock scripts/setup
	@scripts/setup --tool $(dir $@) requirements-tavern.lock

serve: $(STAMP) ## Run the reference server on its default ports (ARGS='--rest 127.0.0.1:7401 ...')
	$(BIN)/qbridge serve $(ARGS)

##@ Before a commit
check: lint imports types contracts-check requirements-check test ## Everything that a change must pass

format: $(STAMP) ## Put the code into its one form
	-$(BIN)/ruff check --fix --quiet $(FOLDERS)
	$(BIN)/ruff format $(FOLDERS)
	cd contracts && $(abspath $(BIN))/buf format --write

lint: $(STAMP) ## Style and likely bugs (ruff), and the contract's own lint (buf)
	$(BIN)/ruff check $(FOLDERS)
	$(BIN)/ruff format --check $(FOLDERS)
	$(BIN)/buf lint contracts/python/qbridge_contract/descriptor.binpb --config contracts/buf.yaml
	@cd contracts && $(abspath $(BIN))/buf format --diff --exit-code

imports: $(STAMP) ## The import law: who may import whom (import-linter)
	$(BIN)/lint-imports --no-cache --no-logo

types: $(STAMP) ## Types, strict (mypy)
	$(BIN)/mypy

contracts: $(STAMP) ## Generate everything that comes from the contract
	$(PY) contracts/generators/main.py

contracts-check: $(STAMP) ## Fail where generated files and the contract differ
	$(PY) contracts/generators/main.py --check

contracts-breaking: $(STAMP) ## Fail where the contract breaks the one of another revision (AGAINST=main)
	$(PY) contracts/generators/breaking.py $(if $(AGAINST),--against $(AGAINST))

requirements: $(STAMP) ## Make docs/requirements.md from docs/requirements.yaml
	$(PY) scripts/requirements.py

requirements-check: $(STAMP) ## Fail where the map of requirements is not true, or its page not current
	$(PY) scripts/requirements.py --check

licences: $(STAMP) ## Hold every dependency's licence to docs/licences.toml, and write the table
	$(PY) scripts/licences.py

mutation: $(STAMP) ## Change matchers and verdicts in small ways, and count how many changes the tests notice
	$(PY) -m scripts.mutation $(ARGS)

##@ Tests
test: $(STAMP) $(CHROMA) ## All tests (ARGS='tests/packaging -k wheel' narrows them)
	@mkdir -p reports/test
	$(PY) -m pytest --junit-xml=reports/test/junit.xml $(ARGS)

itest: $(STAMP) $(if $(FULL),$(CHROMA)) ## The harness's cases against our server; FULL=1 for all, TARGET=http://... GRPC=host:port KEY=... for another's
	$(PY) scripts/timed.py itest$(if $(FULL),-full) -- $(PY) -m qbridge_harness itest --reports reports/itest \
	  $(if $(FULL),--full) $(if $(TARGET),--target $(TARGET)) $(if $(GRPC),--grpc $(GRPC))

judge: $(STAMP) ## The harness judged: every implementation green, or red on exactly its rules (ARGS='--only NAME', --short)
	@if command -v node >/dev/null && command -v npm >/dev/null; then node mocks/node/scripts/build.mjs; fi
	@$(PY) scripts/timed.py judge -- $(PY) -m tests.judge $(ARGS)

conformance: $(STAMP) ## schemathesis and the published pacts against TARGET=http://... GRPC=host:port (KEY=...); spoils what is there
	@test -n "$(TARGET)" || { echo "name a deployment that may be spoilt: make conformance TARGET=http://127.0.0.1:7401 GRPC=127.0.0.1:7400"; exit 2; }
	@$(PY) -m qbridge_harness contract --target $(TARGET) $(if $(GRPC),--grpc $(GRPC)) $(ARGS)

node-mock: ## Build and run the implementation in TypeScript, mocks/node (ARGS='--require-key KEY'); needs Node 20 and npm
	@node mocks/node/scripts/build.mjs
	@exec node mocks/node/dist/src/main.js $(ARGS)

fuzz: $(STAMP) ## schemathesis alone against TARGET=http://... (KEY=...); spoils what is there (ARGS='--seed 7')
	@test -n "$(TARGET)" || { echo "name a deployment that may be spoilt: make fuzz TARGET=http://127.0.0.1:7401"; exit 2; }
	@$(PY) -m qbridge_harness contract fuzz --target $(TARGET) $(ARGS)

pact: $(STAMP) ## Let the SDK write its pacts, contracts/pacts/*.json, which a test compares
	@PACT_DO_NOT_TRACK=true $(PY) -m tests.checks.consumer
	@PACT_DO_NOT_TRACK=true $(PY) -m tests.checks.stream_consumer

readme-check: $(STAMP) ## Run the blocks of the README and of the guides (PAGES=README.md for one)
	$(PY) scripts/readme_check.py $(PAGES)

release-check: $(STAMP) ## Build, check the metadata, and let the wheel alone make qbridge.connect() work
	$(PY) scripts/release_check.py --dist dist

##@ Faults
crash: $(STAMP) ## kill -9, N times, with at least 50 requests in flight (N=200; ARGS='--store forgets-a-group' must report loss)
	$(PY) -m tests.server.buffer.crash --kills $(or $(N),200) $(ARGS)

powercut: $(STAMP) ## A power cut at every write and sync of a scripted run, and N at random (N=2000; ARGS='--every 10')
	$(PY) -m tests.server.buffer.powercut --random $(or $(N),2000) $(ARGS)

ioerrors: $(STAMP) ## The disk fails at every call of a scripted run: EIO, full, cut short (ARGS='--every 10')
	$(PY) -m tests.server.buffer.ioerrors $(ARGS)

corrupt: $(STAMP) ## 1,000 flipped bits and 500 truncations of the log: no wrong answer, the rest is served
	$(PY) -m tests.server.buffer.corrupt $(ARGS)

checks-proof: $(STAMP) ## The history checkers: every planted bug is caught, 1,000 clean runs raise no alarm
	$(PY) -m tests.checks_lib.proof $(ARGS)

##@ Speed
bench: $(STAMP) $(if $(filter harness,$(NAME)),$(TAVERN)) ## Run a bench: NAME=path runs tests/benches/path.py
	@test -f "tests/benches/$(NAME).py" || { echo "name a bench: make bench NAME=$(word 1,$(notdir $(basename $(wildcard tests/benches/*.py))))"; exit 2; }
	$(PY) tests/benches/$(NAME).py $(ARGS)

budget: $(STAMP) ## Python calls and allocations per request and hop, against the written budget
	$(PY) tests/benches/budget.py $(ARGS)

##@ Documentation
docs: $(STAMP) ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs-serve: $(STAMP) ## Show the documentation on 127.0.0.1:8000 while you write
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

##@ Tidying
lock: $(STAMP) ## Renew requirements.lock from pyproject.toml (UPGRADE=1 takes newer versions)
	$(PY) scripts/lock.py $(if $(UPGRADE),--upgrade)

clean: ## Remove what builds and runs wrote; environments stay
	rm -rf build dist reports site mocks/node/dist mocks/node/gen .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .schemathesis
	find contracts sdk reference-server test-server mocks tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
