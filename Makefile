# Every target makes what it needs; none needs root. Python 3.11 or newer as PYTHON.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEV := $(VENV)/.dev-installed
RUN := $(VENV)/.installed
# A test process a core; `make test PARALLEL=` for one after the other. The order is the tests' own:
# tests/conftest.py puts the long ones first, so that no core waits for another at the end.
PARALLEL ?= -n auto --dist loadscope --no-loadscope-reorder
export TONGBAN_HOME ?= $(CURDIR)/var

.PHONY: run test coverage check test-postgres test-browser bench messages acts permissions asvs \
	personal-data case-handling \
	audit sbom requirements format clean

run: $(RUN)
	@$(BIN)/tongban load demo
	@$(BIN)/tongban serve

test: $(DEV)
	$(BIN)/pytest $(PARALLEL)

# The same, and which lines no test reached; half as long again.
coverage: $(DEV)
	$(BIN)/pytest $(PARALLEL) --cov --cov-report=term:skip-covered

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_migrations.py

test-postgres: $(DEV)
	tools/with_postgres $(BIN)/pytest $(PARALLEL) -p no:cacheprovider

test-browser: $(DEV)
	$(BIN)/pytest tests/browser -m browser -n 2 --dist loadfile

bench: $(DEV)
	$(BIN)/python -m bench

permissions: $(DEV)
	$(BIN)/python tools/permissions.py

# docs/case-handling.md: its tables, from the table of acts.
case-handling: $(DEV)
	$(BIN)/python tools/case_handling.py

messages: $(DEV)
	$(BIN)/python tools/messages.py

# The security requirements table: counts, and docs/security/asvs.md from its CSV.
asvs: $(DEV)
	$(BIN)/python tools/asvs.py

# docs/acts.md: every kind of act and what its entry holds.
acts: $(DEV)
	$(BIN)/python tools/acts.py

# docs/personal-data.md: classes of data, retention, who sees what.
personal-data: $(DEV)
	$(BIN)/python tools/personal_data.py

# Known faults in the packages we run on; see docs/security.md.
audit: $(DEV)
	$(BIN)/python tools/audit.py

sbom: $(DEV)
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements/base.txt --pyproject pyproject.toml --output-reproducible --validate -o build/sbom.json

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# After a change of the dependencies in pyproject.toml.
COMPILE = $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-annotate \
	--no-header --universal --fork-strategy fewest --python-version 3.11 pyproject.toml
requirements: $(VENV)/bin/uv
	$(COMPILE) -o requirements/base.txt
	$(COMPILE) --extra dev -o requirements/dev.txt

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tongban needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "On Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install -q --disable-pip-version-check uv

INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python --only-binary :all: --require-hashes
PO := src/tongban/web/locale/zh_Hans/LC_MESSAGES/django.po
$(RUN): $(VENV)/bin/uv requirements/base.txt pyproject.toml $(PO)
	$(INSTALL) -r requirements/base.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	$(BIN)/python -m tongban.web.translations
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	$(INSTALL) -r requirements/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
