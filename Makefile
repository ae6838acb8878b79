PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
BENCHMARKS := attention captures coverage detector games generation loading opening paper render scoring validation
export OMP_WAIT_POLICY := PASSIVE
export NO_MKDOCS_2_WARNING := 1

.PHONY: setup demo test test-fast lint bench docs clean

setup: $(VENV)/.demo  ## set up what the demo, photographs, training and the view in the browser need

demo: $(VENV)/.demo  ## set up, make four scenes, find the odd objects in them, say where everything is
	$(BIN)/odd-bench demo

test: lint  ## set up and run every test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder --durations=15

test-fast: $(VENV)/.tested  ## what runs in a minute or two
	$(BIN)/python -m pytest -m "not slow and not blender"

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.tested  ## speed claims, as ratios measured in one run; the other scripts are asked about data that they are given
	for name in $(BENCHMARKS); do echo "== $$name"; PYTHONPATH=. $(BIN)/python benchmarks/$$name.py || exit 1; done

docs: $(VENV)/.documented  ## check the documentation and build it into build/docs; a broken link is an error; never --quiet, which hides warnings from --strict
	$(BIN)/python -m pytest tests/test_docs.py
	$(BIN)/mkdocs build --strict

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[generate,view]"
	touch $@

$(VENV)/.demo: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[generate,view,train,capture]"
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[generate,view,train,capture,baselines,cluster,dev]"
	touch $@

$(VENV)/.documented: $(VENV)/.tested
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) build/docs .pytest_cache .ruff_cache .hypothesis
