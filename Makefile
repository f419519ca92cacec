# Both commands set everything up by themselves; see the README.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.installed

.PHONY: demo idp test lint types tests coverage browser-test bench faults soak load security \
	examples lock clean

demo: $(SETUP)
	@$(BIN)/python manage.py demo $(if $(SPEC),--spec "$(SPEC)") $(if $(ONCE),--once)

# An identity provider for development: it asks nobody for a password.
idp: $(SETUP)
	@$(BIN)/python -m tests.support.idp

test: lint types tests

lint: $(SETUP)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	@mkdir -p build
	$(BIN)/lint-imports --no-cache >build/imports.log || (cat build/imports.log; exit 1)

types: $(SETUP)
	$(BIN)/mypy --no-error-summary .

tests: $(SETUP)
	$(BIN)/python -m tests.checks

# Which lines and branches no test runs; it makes the tests twice as slow.
coverage: $(SETUP)
	$(BIN)/python -m pytest -q -n 2 -m "not faults and not live" --cov --cov-report=term

# What only a browser shows; where there is none, Debian's Chromium is installed.
browser-test: $(SETUP)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		test "$$(id -u)" = 0 || SUDO=sudo; \
		$$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends chromium; }
	$(BIN)/python -m pytest -m browser -n 1 -q

bench: $(SETUP)
	$(BIN)/python -m tests.bench

# Faults done on purpose (minutes), and at random for as long as MINUTES says.
faults: $(SETUP)
	$(BIN)/python -m tests.faults $(if $(SHORT),--short)

soak: $(SETUP)
	$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES))

# Half an hour. `SHORT=1` makes any of these suites shorter, with less to say.
load: $(SETUP)
	$(BIN)/python -m tests.load $(if $(SHORT),--short)

# What is tried against the service, and what of it should not have worked.
security: $(SETUP)
	$(BIN)/python -m tests.security $(if $(SHORT),--portion=8)

# pip refuses whatever does not have the locked hash; the log is shown on failure.
$(SETUP): requirements-dev.txt
	@mkdir -p build
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked packages into .venv (the first time takes a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements-dev.txt >build/pip.log 2>&1 \
		|| (cat build/pip.log; exit 1)
	@touch $@

# What the API's description shows is what tests/wire has.
examples: $(SETUP)
	@mkdir -p build
	DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python -m tests.support.wire_examples >build/examples.json
	@mv build/examples.json config/openapi_examples.json

# Needs uv; writes hashes and names no index.
lock:
	for name in requirements requirements-compute requirements-dev; do \
		uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
			--no-strip-extras --no-annotate --quiet $$name.in -o $$name.txt || exit 1; \
	done

clean:
	rm -rf .venv build var
