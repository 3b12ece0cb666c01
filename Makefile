# Everything a developer runs. Each target sets up what it needs and is safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_IMAGES ?= 200
# Two processes run tests; their threads would wait for each other on two cores.
ONE_THREAD := OMP_NUM_THREADS=1

.PHONY: help setup demo test test-slow lint format docs bench clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ganeval needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(READY)  ## Virtual environment with everything installed

demo: $(READY)  ## Make images, compare them, write demo/*.html
	$(BIN)/python examples/make_demo_images.py demo
	cd demo && ../$(BIN)/ganeval fid real fake --extractor efficientnet-lite0 --html fid.html --out fid.json
	cd demo && ../$(BIN)/ganeval evaluate real fake later --extractor efficientnet-lite0 --html evaluate.html --out evaluate.json
	cd demo && ../$(BIN)/ganeval audit real later --html audit.html
	@echo "Open demo/fid.html, demo/evaluate.html and demo/audit.html in a browser."

test: $(READY)  ## The default suite (under 6 minutes on 2 cores)
	$(ONE_THREAD) $(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile -q

test-slow: $(READY)  ## Simulations and other long tests
	$(ONE_THREAD) $(BIN)/python -m pytest -m slow -n 2 --dist loadfile -q

lint: $(READY)  ## Style, types, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

format: $(READY)  ## Let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## Rewrite the generated pages of docs/
	$(BIN)/python docs/generate.py

bench: $(READY)  ## Side by side with other tools; memory; how often intervals hold
	$(BIN)/python benchmarks/fid_vs_peers.py --images $(BENCH_IMAGES)
	$(BIN)/python benchmarks/network_rate.py
	$(BIN)/python benchmarks/shared_pass.py
	$(BIN)/python benchmarks/scale.py --rows 100000
	$(BIN)/python benchmarks/coverage.py --quick

clean:  ## Remove everything that make made
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
