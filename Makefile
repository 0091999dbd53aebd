# Two commands: make demo, make test. The environment is made in .venv on the first call.
SHELL := /bin/sh
VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && { command -v $$p; break; }; done)
RUN := $(VENV)/bin/python

.PHONY: demo test lint browser docs bench calibration fuzz reliability env clean

env: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; install one, or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "making the environment in $(VENV) with $(PYTHON) (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV) || { echo "make: this Python has no venv; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(RUN) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group test
	@touch $@

demo: $(VENV)/.done
	@$(RUN) examples/score_bulk.py

test: $(VENV)/.done
	@$(RUN) -m pytest -q -n auto --dist worksteal $(PYTEST)

lint: $(VENV)/.done
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group lint
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy

# Looks at the report in a real browser; needs Chromium and poppler-utils (Debian or Ubuntu: apt-get install chromium poppler-utils).
browser: $(VENV)/.done
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { echo "make: no Chromium found; on Debian or Ubuntu: apt-get install chromium" >&2; exit 1; }
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group browser
	@$(RUN) -m pytest -q $(PYTEST) -m browser tests/test_report_browser.py

# Builds the documentation (warnings are errors) and checks what was built: open docs/_build/html/index.html.
docs: $(VENV)/.done
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group docs
	@$(RUN) -m sphinx -q -E -W --keep-going -n -b html docs docs/_build/html
	@IFNSCORE_DOCS=docs/_build/html $(RUN) -m pytest -q -m docs tests/test_docs_build.py

# Speed against other programs (decoupler, gseapy, pyUCell; R GSVA where Rscript has it); writes benchmarks/RESULTS.md. About 10 minutes.
bench: $(VENV)/.done
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group bench
	@$(RUN) benchmarks/cli_overhead.py
	@$(RUN) -m benchmarks.methods.compare

calibration: $(VENV)/.done
	@$(RUN) benchmarks/calibration/simulate.py

reliability: $(VENV)/.done
	@$(RUN) -W ignore benchmarks/reliability/bombs.py
	@$(RUN) benchmarks/reliability/kill_writers.py
	@$(RUN) benchmarks/reliability/flip_bits.py

fuzz: $(VENV)/.done
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group fuzz
	@$(RUN) -m tests.fuzz.run

clean:
	rm -rf $(VENV)
