# Needs python3 (3.11 or later), make and a package index. `make help` lists the targets.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
# Tests that need no service, no browser and no patience.
QUICK := not e2e and not postgres and not long
# What the application keeps in its database, once more on PostgreSQL.
POSTGRES := web and (postgres or not home) and not e2e and not long
WORKERS ?= auto
# Each worker takes its half in order, so that a plan computed for a module is computed
# once; the one that is done first takes over from the other.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_PROGRESS := 1
# Each command, and each worker of a test run, is a new process: compile only once.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE
# Two test processes fill two cores: threads of the matrix library would only wait.
test-sqlite test-postgres unit test-long e2e: export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-sqlite test-postgres check lint unit golden test-long e2e bench bench-web bench-public bench-planner backtest docs lock lock-bench clean locale
.DELETE_ON_ERROR:

help:
	@echo 'make setup      installera i $(VENV) (görs av sig självt vid behov)'
	@echo 'make demo       räkna planen för Vimmerby och skriv rapporten i ut/'
	@echo 'make test       alla prov som inte kräver webbläsare (test-sqlite och test-postgres)'
	@echo 'make test-postgres  databasens prov en gång till, på PostgreSQL'
	@echo 'make check      format, stil, typer, lager, enhetsprov och facit'
	@echo 'make golden     facit skrivs om (granska skillnaden)'
	@echo 'make locale     engelskan ur källan; säger vad som saknar översättning (MISSING=fil, MERGE=fil)'
	@echo 'make test-long  de långa slumpproven'
	@echo 'make e2e        rapporten och webben i en webbläsare (kräver chromium)'
	@echo 'make bench      tider och minne'
	@echo 'make bench-web  webbens svarstider med 10 000 projekt'
	@echo 'make bench-public  de offentliga sidornas svarstider vid 50 frågor i sekunden'
	@echo 'make bench-planner  planeraren bredvid andra lösare (40 minuter; FULL=1 allt, AGAIN=1 om igen)'
	@echo 'make backtest   prognoserna mot utfallet, skriver docs/backtest.md (SECTIONS=drift bara en del)'
	@echo 'make docs       referenssidorna i docs/reference'
	@echo 'make lock       lås beroendena (UPGRADE=1 höjer dem)'

setup: $(VENV)/.ok

# uv installs in half a minute; where it cannot be had, plain pip reads the same lock.
$(VENV)/.ok: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo 'Python saknas. Installera Python 3.11 eller senare (Debian och Ubuntu: apt-get install python3 python3-venv).' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 eller senare behövs, men $(PYTHON) är äldre. Ange en nyare: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'Python saknar modulen venv. Installera den (Debian och Ubuntu: apt-get install python3-venv) och kör make igen.' >&2; exit 1; }
	@echo 'Installerar i $(VENV) …' >&2
	@rm -f $@
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q uv==$(UV_VERSION) 2>/dev/null \
	  && $(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements.lock \
	  || { echo 'uv kom inte fram; pip används i stället, och det tar några minuter.' >&2; \
	       $(BIN)/python -m pip install -q --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/rodtrad demo

test: test-sqlite test-postgres

test-sqlite: setup
	$(PYTEST) -m "$(QUICK)"

# The server that RODTRAD_TEST_POSTGRES_URL names, or one started for the run.
test-postgres: setup
	RODTRAD_TEST_DATABASE=postgres $(PYTEST) -m "$(POSTGRES)" tests/web

check: lint unit

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup
	$(PYTEST) -m "$(QUICK) and not slow" tests/unit tests/golden

golden: setup
	$(BIN)/python -m pytest tests/golden --update-golden

# The application's texts (needs gettext), then the core's: what is untranslated is listed;
# MISSING= writes it to a file to fill in, MERGE= takes one in.
locale: setup
	@$(BIN)/python -m django makemessages --settings rodtrad.web.settings
	@$(BIN)/python -m rodtrad.sources.catalogue $(if $(MISSING),--missing $(MISSING)) $(if $(MERGE),--merge $(MERGE))

test-long: setup
	$(PYTEST) -m long tests

e2e: setup
	$(PYTEST) --dist loadfile -m e2e tests

bench: setup
	@$(BIN)/python benchmarks/run.py

bench-web: setup
	@$(BIN)/python benchmarks/web/run.py

bench-public: setup
	@$(BIN)/python benchmarks/web/public.py

# The other solvers have a lock and a home of their own: nobody needs them to plan.
bench-planner: setup $(VENV)-bench/.ok
	@$(VENV)-bench/bin/python benchmarks/planner/run.py $(if $(FULL),--full) $(if $(AGAIN),--again) $(if $(SOLVERS),--solvers $(SOLVERS)) $(if $(SIZES),--sizes $(SIZES))

$(VENV)-bench/.ok: benchmarks/planner/requirements.lock
	@echo 'Installerar i $(VENV)-bench …' >&2
	@rm -f $@
	@$(PYTHON) -m venv $(VENV)-bench
	@$(BIN)/uv pip sync -q --python $(VENV)-bench/bin/python --require-hashes $<
	@$(VENV)-bench/bin/python -m pip install -q --no-deps --no-build-isolation --editable .
	@touch $@

# The larger data: $$RODTRAD_DATA, else ../shared/data.
backtest: setup
	@$(BIN)/python -m benchmarks.backtest.run $(SECTIONS)

docs: setup
	$(BIN)/python docs/build.py

lock: setup
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' -q -o requirements.lock

lock-bench: setup
	$(BIN)/uv pip compile pyproject.toml --group bench --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade --custom-compile-command 'make lock-bench' -q -o benchmarks/planner/requirements.lock

clean:
	rm -rf $(VENV) $(VENV)-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
