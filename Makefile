# Everything a person runs here. `make` alone lists it; `make check` is the one gate.
# PYTHON makes .venv: the first on the PATH that is 3.11 or newer, or say it: make setup PYTHON=python3.12
PY = .venv/bin/python
PYTHONS = $(PY) python3.12 python3.11 python3.13 python3.14 python3 python
ifndef PYTHON
PYTHON := $(or $(shell for p in $(PYTHONS); do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && { echo $$p; break; }; done),python3)
endif
STAGE ?= dev
LAMBDA = $(PY) infra/lambda_python.py
DRY = $(if $(filter-out 0,$(DRY_RUN)),--dry-run)
ARCH ?= arm64
COMPILE = pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-emit-find-links --no-header
LAYERED = requirements requirements-server requirements-archive layers/opencv/requirements layers/firebase/requirements \
	layers/shapely/requirements layers/gdal/requirements

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run unit test check format format-check lint types arrows secure sbom migrate schema settings lock audit \
	trip-archive trip-sample trip-sentinel2 contact-sheet score series bench bench-queries api-cases simulate server-load same-as release-check package layers advice \
	infra deploy finish smoke destroy size coldstart deploy-test clean

help:  ## list what make can do
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup:  ## make .venv from the locked dependencies (PYTHON=python3.12 to choose)
	@command -v $(PYTHON) >/dev/null || { echo "Install Python 3.11 or newer: $(PYTHON) is not on the PATH."; exit 1; }
	@$(PYTHON) infra/setup.py

run: setup  ## start everything on this machine (DATABASE=mysql+pymysql://... ARGS="--port 8001 --no-demo")
	@$(if $(DATABASE),BHUPRAHARI_DATABASE_URL='$(DATABASE)') $(PYTHON) infra/setup.py run $(ARGS)

unit: setup  ## the tests that need nothing but memory, in seconds (ARGS="-k name")
	@$(PY) -m pytest tests/unit $(ARGS)

test: setup  ## run the tests on SQLite and MySQL (ARGS="tests/contract -k name")
	@$(PYTHON) infra/setup.py test $(ARGS)

check: format-check lint types arrows secure sbom test  ## the one gate: format, lint, types, arrows, security, tests

format: setup  ## rewrite the code in the one format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix --quiet --exit-zero .

format-check: setup  ## is everything in the one format?
	$(PY) -m ruff format --check .

lint: setup  ## ruff, all rules minus the list in pyproject.toml
	$(PY) -m ruff check .

types: setup  ## mypy, strict
	$(PY) -m mypy

arrows: setup  ## who may import whom (import-linter)
	$(PY) -c 'from importlinter.cli import lint_imports_command as check; check()'

secure: setup  ## what an attacker would like in the code (bandit), and keys and passwords in the tree (detect-secrets)
	$(PY) -m infra.secure

sbom: setup  ## what a release is made of, from the locks: CycloneDX files in build/sbom
	$(PY) -m infra.sbom

migrate: setup  ## bring a database to head (DATABASE=mysql+pymysql://..., else the local SQLite file)
	$(if $(DATABASE),BHUPRAHARI_DATABASE_URL='$(DATABASE)') $(PY) -m infra.migrate

schema: setup  ## write docs/schema.sql, the tables as MySQL has them
	$(PY) -m infra.schema

settings: setup  ## write docs/settings.md from the models of the settings
	$(PY) -m infra.settings_doc

lock: UV = $(or $(shell command -v uv),build/lock/bin/uv)
lock: setup  ## lock the dependencies from the *.in files, with uv (ARGS=--upgrade for the newest)
	@test -x "$(UV)" || { $(PY) -m venv build/lock && build/lock/bin/python -m pip install --quiet uv; }
	$(UV) $(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt
	$(UV) $(COMPILE) $(ARGS) tests/support/templates/sam/requirements.in -o tests/support/templates/sam/requirements.txt
	for f in $(LAYERED); do $(UV) $(COMPILE) -c requirements-dev.txt $$f.in -o $$f.txt || exit 1; done

audit: setup  ## known vulnerabilities in the locked dependencies (needs the network)
	$(PY) -m pip_audit --strict --require-hashes --disable-pip -r requirements-dev.txt

trip-archive: setup  ## the whole trip on an archive of real image pairs (ARGS="--pairs 20")
	$(PY) -m tests.e2e.trip_archive $(ARGS)

trip-sample: setup  ## the whole trip on the rendered landscape, against its ground truth
	$(PY) -m tests.e2e.trip_sample $(ARGS)

trip-sentinel2: setup  ## the whole trip on real Sentinel-2 scenes from a local catalogue (ARGS="--out FOLDER" keeps the images)
	$(PY) -m tests.e2e.trip_sentinel2 $(ARGS)

contact-sheet: setup  ## ten rendered tiles among ten real ones, as one picture
	$(PY) -m research.contact_sheet $(ARGS)

score: setup  ## score the detector on the labelled pairs of ../shared, and draw what it found
	$(PY) -m tests.bench.score $(ARGS)

series: setup  ## false alerts and recall on rendered series of eight dates, with and without older pictures
	$(PY) -m research.series $(ARGS)

bench: setup  ## the detector's milliseconds and MiB by size, beside the plain tutorial method
	$(PY) -m tests.bench.detector_speed $(ARGS)

bench-queries: setup  ## statements, rows, ms and plans of each route and tick on a full database (ARGS="--runs 100000")
	$(PY) -m tests.bench.queries $(ARGS)

api-cases: setup  ## generated requests against the whole API, each answer held against openapi.json (ARGS="--cases 20000 --seed 7")
	$(PY) -m tests.bench.api_cases $(ARGS)

server-load: setup  ## fifty clients at once on a whole server: nginx, gunicorn, MariaDB (ARGS="--clients 100")
	$(PY) -m tests.bench.server_load $(ARGS)

simulate: SEEDS ?= 200
simulate: SEED ?= 1
simulate: JOBS ?= 2
simulate: setup  ## many seeded histories of the trip with faults, each invariant checked (SEEDS=200 SEED=1 JOBS=2 ARGS="--queue sqs")
	$(PY) -m tests.simulation --seeds $(SEEDS) --first $(SEED) --jobs $(JOBS) $(ARGS)

same-as: REV ?= 548a6ad
same-as: setup  ## what people see of REV=548a6ad and of this tree, how both are built, and an upgrade of a filled home
	$(PY) -m tests.same_as.house $(REV)
	$(PY) -m tests.same_as $(REV)
	$(PY) -m tests.same_as.rolling $(REV)

release-check: check  ## the longer lanes: everything slow, both trips, known vulnerabilities (that needs the network)
	$(PY) -m pytest -m slow
	$(MAKE) trip-sample trip-archive audit

package: setup  ## the AWS package of STAGE=dev under build/package (needs Python 3.12)
	@$(PY) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' || { \
		echo "make package needs Python 3.12, because Lambda will run what packages; .venv has another. Install 3.12" \
		"(your system's python3.12, pyenv install 3.12 or uv python install 3.12), then:" \
		"rm -rf .venv && make setup PYTHON=python3.12"; exit 1; }
	@grep -q '"BHUPRAHARI_STAGE": "$(STAGE)"' .chalice/config.json || { \
		echo "There is no stage $(STAGE) in .chalice/config.json: say one that is there, as in make package STAGE=dev"; exit 1; }
	@find app.py chalicelib -name __pycache__ -type d -prune -exec rm -rf {} +
	@mkdir -p build && rm -rf build/package
	@{ CHALICE_STARTED_BY_MAKE=1 PYTHONDONTWRITEBYTECODE=1 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} \
		$(PY) -c 'import sys; from chalice.cli import main; sys.exit(main())' package --stage $(STAGE) build/package 2>&1 \
		|| echo "Not packaged."; } | tee build/package.log
	@! grep -qE 'Could not install|Not packaged' build/package.log

layers: setup  ## the layers of OpenCV, firebase and shapely under build/layers (ARCH=x86_64; with .pyc on Python 3.12)
	@$$($(LAMBDA) --find >/dev/null 2>&1 && echo $(LAMBDA) || echo $(PY)) layers/build.py --arch $(ARCH) $(ARGS)

advice:  ## what checkov says of the templates for AWS, if it is installed (build/package/sam.json too)
	@command -v checkov >/dev/null || { echo "checkov is not installed: pipx install checkov"; exit 1; }
	checkov --config-file infra/aws/checkov.yaml --file infra/aws/stage.yaml infra/aws/watch.yaml $(wildcard build/package/sam.json)

infra: setup  ## what STAGE=dev needs on AWS (SET="MultiAz=true ..." FIREBASE=file DRY_RUN=1)
	@$(LAMBDA) -m infra.aws infra $(STAGE) $(if $(SET),--set $(SET)) $(if $(FIREBASE),--firebase '$(FIREBASE)') $(DRY)

deploy: setup  ## publish the layers, migrate and deploy STAGE=dev to AWS (DRY_RUN=1)
	@$(LAMBDA) -m infra.aws deploy $(STAGE) $(DRY)

finish: setup  ## after a plain chalice deploy of STAGE=dev: the migration, IPv6, throttling, gateway answers, alarms
	@$(LAMBDA) -m infra.aws finish $(STAGE)

smoke: setup  ## walk the contract on a live stage: URL=https://.../v1
	@$(LAMBDA) -m infra.aws smoke '$(URL)'

destroy: setup  ## remove STAGE from AWS; images and a snapshot stay (EVERYTHING=1 YES=1 DRY_RUN=1)
	@$(LAMBDA) -m infra.aws destroy $(STAGE) $(if $(EVERYTHING),--everything) $(if $(YES),--yes) $(DRY)

size: setup  ## MiB of each function of STAGE with its layers; fails where Lambda would
	@$(LAMBDA) -m infra.aws size $(STAGE)

coldstart: setup  ## what a first invocation of each function costs, from the packaged artefacts
	@$(LAMBDA) -m tests.deploy.coldstart

deploy-test: setup  ## package, deploy to a stand-in of AWS on this machine, and use, change and remove what was deployed
	@$(LAMBDA) -m pytest -m slow -x tests/deploy $(ARGS)

clean:  ## remove what the tools left: caches and build/ (not .venv, not .local)
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
