# Everything here starts from nothing but python3, make and a checkout.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Tests run in so many processes, each with servers of its own
WORKERS ?= 2
PARALLEL := --numprocesses $(WORKERS) --dist loadfile
CODE := $(wildcard pg_chameleon lab tests benchmarks)
ALL_SOURCES := mysql-9.7 mysql-5.6 mariadb-10.11 mariadb-11.8
ALL_TARGETS := postgresql-15 postgresql-17 postgresql-18

.DEFAULT_GOAL := help
.PHONY: help venv demo test unit test-all matrix lint format bench ddl-corpus

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  make %-11s %s\n' "$$name" "$$text"; \
	done

venv: $(INSTALLED) ## make .venv with everything that development needs

$(INSTALLED): pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo 'Python 3.10 or newer is needed; name it with PYTHON=…'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory system-packages
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.PHONY: system-packages
system-packages:
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		|| { echo 'Python cannot make virtual environments here; install python3-venv.'; exit 1; }
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv python3-dev

demo: $(INSTALLED) ## the whole journey, on private servers or on SOURCE=… TARGET=…
	$(BIN)/python -m lab.demo

test: $(INSTALLED) ## all tests but the slow ones, with private servers
	$(BIN)/python -m lab.servers provision $${LAB_SOURCES:-mysql-9.7 mariadb-10.11} $${LAB_TARGETS:-postgresql-15}
	$(BIN)/pytest $(PARALLEL) -m 'not slow'

unit: $(INSTALLED) ## the tests that need no server
	$(BIN)/pytest tests/unit

test-all: $(INSTALLED) ## all tests, on every server version that the lab knows
	$(BIN)/python -m lab.servers provision $(ALL_SOURCES) $(ALL_TARGETS)
	LAB_SOURCES='$(ALL_SOURCES)' LAB_TARGETS='$(ALL_TARGETS)' $(BIN)/pytest $(PARALLEL)

matrix: $(INSTALLED) ## every type and edge value on all servers, as a table (MATRIX='--source …')
	$(BIN)/python -m lab.matrix $(MATRIX)

lint: $(INSTALLED) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CODE)

format: $(INSTALLED) ## let ruff rewrite the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## measure against what else could be used
	$(BIN)/python -m benchmarks

ddl-corpus: $(INSTALLED) ## read the corpus of real-world DDL, also on PostgreSQL and on MySQL 9.7
	$(BIN)/python -m tests.ddl_corpus
