# Two commands for a newcomer: `make demo`, `make test`. They need Python 3.11 and make, and bring the rest.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh

# Choices of `make demo`. Set them on the command line: make demo MODEL=dealer_stock PORT=9000
MODEL := days_to_sell
DATA :=
ADVERTS := 20000
PORT := 8080
PREPROD_PORT := 8081
MLFLOW_PORT := 5000
# Parts of `make bench`, all when empty.
PART :=
# How much `make parity` and `make fuzz` do, and where they begin, to repeat what they found.
ROWS :=
SEED :=
CASES :=
FIRST :=
# How often `make soak` asks, and which model package.
REQUESTS :=
PACKAGE :=
# How often `make swaps` swaps, and at which target; `make chaos` takes the target too, and SEED.
SWAPS :=
TARGET :=
# How often `make kubelet` updates.
UPDATES :=
# How often `make chaos` promotes.
PROMOTIONS :=
# Base of the scoring image; may come from the environment.
BASE_IMAGE ?=
# Version of MLeap whose runtime the JVM engine is; only `make lock-jars` needs it.
MLEAP := 0.16.0
# What compiles the locks (https://docs.astral.sh/uv); only `make lock` needs it.
UV ?= uv

VENV := .venv
BIN := $(VENV)/bin
TOOLKIT := $(VENV)/.toolkit
DEV := $(VENV)/.dev
# Airflow and the toolkit cannot share an environment: each pins what the other has to have otherwise.
AIRFLOW := build/airflow-venv/.made
# Only pinned files with known hashes, built with pinned tools: nothing else is fetched, not even to build.
# Bytecode is written when a module is first imported: compiling all of them costs half a minute more.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	--no-build-isolation --use-pep517 --no-compile
unexport PYTHONDONTWRITEBYTECODE
# MLflow reports its use to its makers otherwise; nothing here needs any network but pip's and Maven's.
export MLFLOW_DISABLE_TELEMETRY ?= true
RUN := $(BIN)/days-to-sell
LOCK := $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate \
	$(if $(UPGRADE),--upgrade)

.PHONY: help
help: ## Show what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "make demo takes MODEL, DATA, ADVERTS, PORT, PREPROD_PORT, MLFLOW_PORT and BASE_IMAGE, such as"
	@echo "  make demo MODEL=dealer_stock DATA=dealer_stock.csv PORT=9000"

.PHONY: setup
setup: $(TOOLKIT) ## Create .venv with the pinned requirements
	@:

.PHONY: demo
demo: ## Train, register, promote, prove and serve the example; leaves the service and MLflow running
	@started=$$(date +%s); \
	$(MAKE) --no-print-directory setup && \
	$(RUN) demo --setup-seconds "$$(($$(date +%s) - started))" --model "$(MODEL)" --adverts "$(ADVERTS)" \
		--port "$(PORT)" --preprod-port "$(PREPROD_PORT)" --mlflow-port "$(MLFLOW_PORT)" \
		$(if $(DATA),--data "$(DATA)") $(if $(BASE_IMAGE),--base-image "$(BASE_IMAGE)")

.PHONY: stop
stop: ## Stop what the demo left running
	@if [ -x $(RUN) ]; then $(RUN) demo --stop; else echo "Nothing was set up here, so nothing runs."; fi

.PHONY: ui
ui: $(TOOLKIT) ## Start the MLflow UI on the demo's store and print its address
	@$(RUN) demo --ui --mlflow-port "$(MLFLOW_PORT)"

.PHONY: test
test: $(DEV) ## Run the tests that need no service (a quarter of an hour on two cores)
	@$(BIN)/python -m pytest tests -m "not parts" --numprocesses=2 --dist=loadfile \
		--no-loadscope-reorder --session-timeout=2400

.PHONY: test-parts
test-parts: $(DEV) ## Run the tests against real parts (Docker engine, S3 server, ...) and the longest trainings
	@$(BIN)/python -m pytest tests -m parts --numprocesses=2 --dist=loadfile --no-loadscope-reorder \
		--session-timeout=3600

.PHONY: parity
parity: $(DEV) ## Hold Spark, MLeap's runtime and Python against each other on random pipelines; ROWS=100000
	@$(BIN)/python -m tests.parity $(if $(ROWS),--rows "$(ROWS)") $(if $(SEED),--seed "$(SEED)")

.PHONY: fuzz
fuzz: $(DEV) ## Damage thousands of bundles and score them; PART=service asks the service; CASES=100000
	@$(BIN)/python -m tests.fuzz $(if $(PART),--part "$(PART)") $(if $(CASES),--cases "$(CASES)") $(if $(FIRST),--first "$(FIRST)")

.PHONY: bench
bench: $(DEV) ## Measure side by side; PART=training_data runs one part, ADVERTS=10000000 a larger lake
	@$(BIN)/python -m bench $(PART) $(if $(filter command line,$(origin ADVERTS)),--adverts "$(ADVERTS)") \
		$(if $(DATA),--data "$(DATA)")

.PHONY: soak
soak: $(DEV) ## Ask the service a million times and look for errors; REQUESTS=20000, PACKAGE=folder of a package
	@$(BIN)/python -m bench.soak $(if $(REQUESTS),--requests "$(REQUESTS)") $(if $(PACKAGE),--package "$(PACKAGE)")

.PHONY: swaps
swaps: $(DEV) ## Swap versions 50 times under 200 requests a second and look for lost ones; SWAPS=5, TARGET=process
	@$(BIN)/python -m bench.swaps $(if $(SWAPS),--swaps "$(SWAPS)") $(if $(TARGET),--target "$(TARGET)")

.PHONY: kubelet
kubelet: $(DEV) ## Do to the container what a kubelet does, by the manifests, under load; look for lost requests; UPDATES=3
	@$(BIN)/python -m bench.kubelet $(if $(UPDATES),--updates "$(UPDATES)")

.PHONY: chaos
chaos: $(DEV) ## Promote 200 times while all that releases is killed, and look for lost ones; PROMOTIONS=20, SEED=7
	@$(BIN)/python -m chaos $(if $(PROMOTIONS),--promotions "$(PROMOTIONS)") $(if $(SEED),--seed "$(SEED)") \
		$(if $(TARGET),--target "$(TARGET)")

.PHONY: platform
platform: $(DEV) airflow ## Start a whole platform, train by Airflow, deploy by git, ask the container; ADVERTS=10000
	@$(BIN)/python -m stack $(if $(filter command line,$(origin MODEL)),--model "$(MODEL)") \
		$(if $(filter command line,$(origin ADVERTS)),--adverts "$(ADVERTS)")

.PHONY: notebooks
notebooks: $(DEV) ## Execute the notebooks on a small lake, with an MLflow store of their own
	@$(RUN) notebooks run $(if $(filter command line,$(origin ADVERTS)),--adverts "$(ADVERTS)")

.PHONY: equivalence
equivalence: $(DEV) ## Prove that a notebook and the project make the same data and the same model
	@$(RUN) equivalence $(if $(filter command line,$(origin ADVERTS)),--adverts "$(ADVERTS)")

.PHONY: docs
docs: $(DEV) ## Write docs/operators.md and docs/protocol.md anew from what the code knows
	@$(BIN)/python -m docs.operators
	@$(BIN)/python -m docs.protocol

.PHONY: screenshots
screenshots: $(DEV) ui ## Take the pictures of the MLflow UI and of the page that the demo serves, in Chromium
	@$(BIN)/python docs/screenshots.py --mlflow "http://127.0.0.1:$(MLFLOW_PORT)" --service "http://127.0.0.1:$(PORT)"

.PHONY: refusals
refusals: $(DEV) ## Take the pictures of refused promotions in the MLflow UI, in Chromium
	@REFUSAL_PICTURES=docs/images $(BIN)/python -m pytest -q tests/integration/test_refusals_in_browser.py

.PHONY: airflow
airflow: $(AIRFLOW) ## Create build/airflow-venv with the pinned Airflow, apart from the toolkit
	@:

.PHONY: lint
lint: $(DEV) ## Check style, types, the order of imports and the requirement files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports
	@if grep -nE '://|--(extra-)?index-url|--find-links|^ *-[if] ' requirements/* conda.yaml; then \
		echo "A requirement file names an address; the machine's own pip configuration decides that."; exit 1; fi

.PHONY: wheel
wheel: $(TOOLKIT) ## Build the toolkit's wheel into dist, for spark-submit
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: lock
lock: ## Compile requirements/*.in to hash-locked files with uv (UPGRADE=1 takes newer versions)
	$(LOCK) requirements/toolkit.in -o requirements/toolkit.txt
	$(LOCK) requirements/serving.in -c requirements/toolkit.txt -o requirements/serving.txt
	$(LOCK) requirements/jvm.in -c requirements/toolkit.txt -o requirements/jvm.txt
	$(LOCK) requirements/mlflow.in -c requirements/toolkit.txt -o requirements/mlflow.txt
	$(LOCK) requirements/build.in -c requirements/toolkit.txt -o requirements/build.txt
	$(LOCK) requirements/databricks.in -c requirements/toolkit.txt -o requirements/databricks.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt
	$(LOCK) requirements/airflow.in -o requirements/airflow.txt
	$(LOCK) requirements/dev.in -c requirements/toolkit.txt -o requirements/dev.txt

.PHONY: lock-jars
lock-jars: $(TOOLKIT) ## Write the list of MLeap's jars for the JVM engine anew (MLEAP=0.16.0)
	$(BIN)/python -m days_to_sell.training.spark.mleap_runtime "$(MLEAP)"

.PHONY: clean
clean: stop ## Stop the demo and remove what it, builds and tests wrote (keeps .venv)
	rm -rf build dist mlruns mlartifacts mlflow.db spark-warehouse metastore_db derby.log
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis src/*.egg-info

$(VENV)/.created:
	@for candidate in python3.11 python3 python; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
			if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then \
				"$$candidate" -m venv $(VENV) && touch $@; exit; \
			fi; \
			echo "$$candidate is Python 3.11 but cannot make virtual environments; on Debian and Ubuntu," \
				"install python3.11-venv." >&2; exit 1; \
		fi; \
	done; \
	echo "Python 3.11 is needed: none of python3.11, python3 and python on PATH is it." \
		"Install it, then run make again." >&2; exit 1

$(TOOLKIT): requirements/build.txt requirements/toolkit.txt pyproject.toml | $(VENV)/.created
	@echo "Installing $$(grep -c == requirements/toolkit.txt) pinned packages (a minute or two) ..."
	@$(INSTALL) -r requirements/build.txt
	@$(INSTALL) -r requirements/toolkit.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.txt $(TOOLKIT)
	@echo "Installing the test tools ..."
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(AIRFLOW): requirements/airflow.txt $(VENV)/.created
	@echo "Installing $$(grep -c == requirements/airflow.txt) pinned packages (about a minute) ..."
	@$(BIN)/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--no-compile -r requirements/airflow.txt
	@touch $@
