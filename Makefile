# make demo: the jobs over sample data, on an embedded PostgreSQL.  make test: everything CI runs.
PYTHON ?= python3
BIN := .venv/bin
KILLS ?= 200
RESTARTS ?= 20
PROPOSALS ?= ../shared/data/articles_r1.jsonl.gz
UV := $(BIN)/python -m tools.uv_with_pip_config
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --require-hashes
COMPILE = $(UV) pip compile --quiet --python $(BIN)/python --universal --python-version 3.11 \
  --generate-hashes --no-strip-extras --custom-compile-command 'make lock' $(UPGRADE)

# the tests start some hundred processes; without bytecode, each compiles 2.5 s of imports
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo dev test test-ui lint bench quality trials first-day test-celery celery-night deploy-check docs screenshots \
  lock clean

help:
	@echo "make demo   set up, load sample data, run the jobs, show the results"
	@echo "make dev    open the Dagster UI on the same data (http://127.0.0.1:3000)"
	@echo "make test   lint, types, import contracts and tests"
	@echo "make test-ui tests of the UI and the API's page in Chromium (Debian: apt-get install chromium)"
	@echo "make bench  ratios against the reference's way and against a bare scan"
	@echo "make quality recall and MRR of search with a real model; fails if they became worse (PROPOSALS, WRITE=--write)"
	@echo "make trials kill processes and the database server at random moments; compare everything (KILLS, RESTARTS, SEED)"
	@echo "make first-day the commands of the documentation in the order of a first day; a table of their times"
	@echo "make test-celery   runs on two Celery workers, one of which is killed (needs redis-server)"
	@echo "make celery-night  a night of 1,000 tenants on one Celery worker and on two: times, tables"
	@echo "make deploy-check  lint the Dockerfile, validate the files of deploy/ against their schemas"
	@echo "make docs   build the documentation as a site with search: site/index.html"
	@echo "make screenshots take the pictures of docs/ anew, from the demo's data in Chromium"
	@echo "make lock   bring the lock files in line with pyproject.toml (UPGRADE=--upgrade: all newest)"
	@echo "make clean  remove .venv and .loopctl"

.venv/installed-setup: requirements-setup.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/installed: .venv/installed-setup requirements.lock pyproject.toml
	$(INSTALL) -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-build-isolation --no-deps -e .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(INSTALL) -r requirements-dev.lock
	@touch $@

demo: .venv/installed
	$(BIN)/loopctl-pipelines demo

dev: .venv/installed
	$(BIN)/loopctl-pipelines dev

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest

# one process: the tests share one UI and one browser
test-ui: .venv/installed-dev
	$(BIN)/pytest -n 0 browser_tests

screenshots: .venv/installed-dev
	$(BIN)/python -m browser_tests.screenshots

.venv-docs/installed: .venv/installed-setup requirements-docs.lock
	$(PYTHON) -m venv --without-pip .venv-docs
	$(UV) pip install --quiet --python .venv-docs/bin/python --require-hashes -r requirements-docs.lock
	@touch $@

docs: .venv-docs/installed
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@echo "Open site/index.html, or run: $(CURDIR)/.venv-docs/bin/mkdocs serve"

bench: .venv/installed
	$(BIN)/python -m benchmarks

.venv-quality/installed: .venv/installed-setup requirements-quality.lock
	$(PYTHON) -m venv --without-pip .venv-quality
	$(UV) pip install --quiet --python .venv-quality/bin/python --require-hashes --no-deps -r requirements-quality.lock
	@touch $@

quality: .venv/installed .venv-quality/installed
	$(BIN)/python -m retrieval_quality $(PROPOSALS) $(WRITE)

# the tests' oracles are used, and those need the tests' packages
trials: .venv/installed-dev
	$(BIN)/python -m trials --kills $(KILLS) --restarts $(RESTARTS) $(if $(SEED),--seed $(SEED))

first-day: .venv/installed-dev
	$(BIN)/python -m trials.first_day

.venv-deploy/installed: .venv/installed-setup requirements-deploy.lock
	$(PYTHON) -m venv --without-pip .venv-deploy
	$(UV) pip install --quiet --python .venv-deploy/bin/python --require-hashes -r requirements-deploy.lock
	@touch $@

# what the image has, for Celery and Kubernetes, and what tests need
.venv-image/installed: .venv/installed-setup requirements-image.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv --without-pip .venv-image
	$(UV) pip install --quiet --python .venv-image/bin/python --require-hashes \
	  -r requirements-setup.lock -r requirements-image.lock -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --python .venv-image/bin/python --offline --no-build-isolation --no-deps -e .
	@touch $@

# runs on Celery workers; needs Debian's redis-server
test-celery: .venv-image/installed
	.venv-image/bin/pytest -n 0 loopctl_pipelines_tests/deploy/celery_test.py

# a night of 1,000 tenants as one run and as two, on Celery workers
celery-night: .venv-image/installed
	.venv-image/bin/python -m benchmarks.celery_night

deploy-check: .venv-deploy/installed .venv-image/installed
	.venv-deploy/bin/hadolint Dockerfile
	.venv-deploy/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	.venv-deploy/bin/kubernetes-validate --strict --quiet deploy/k8s/*.yaml
	@command -v kubectl >/dev/null || echo "kubectl is missing: deploy/kustomization.yaml is not rendered"
	! command -v kubectl >/dev/null || { kubectl kustomize deploy > .venv-deploy/rendered.yaml && \
	  .venv-deploy/bin/kubernetes-validate --strict --quiet .venv-deploy/rendered.yaml; }
	.venv-image/bin/python -m tools.check_instances deploy/dagster.*.yaml > .venv-deploy/job_of_a_run.json
	.venv-deploy/bin/kubernetes-validate --strict --quiet .venv-deploy/job_of_a_run.json

lock: .venv/installed-setup
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --output-file requirements-dev.lock --extra dev --constraint requirements.lock pyproject.toml
	$(COMPILE) --output-file requirements-image.lock --extra celery --extra k8s --constraint requirements-dev.lock pyproject.toml
	$(COMPILE) --output-file requirements-deploy.lock --group deploy
	$(COMPILE) --output-file requirements-setup.lock --group setup --constraint requirements-dev.lock
	$(COMPILE) --output-file requirements-quality.lock --no-deps --group quality
	$(COMPILE) --output-file requirements-docs.lock --group docs

clean:
	-$(BIN)/loopctl-pipelines db stop
	rm -rf .venv .venv-deploy .venv-docs .venv-image .venv-quality .loopctl site
