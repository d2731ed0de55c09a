# `make demo` grades the examples, `make test` runs all tests; both set up what is missing first.
PYTHON := .venv/bin/python

.PHONY: setup demo test lint bundle

setup: .venv/ready
	@tools/setup.sh sandbox
	@.venv/bin/grader data

.venv/ready: pyproject.toml tools/setup.sh
	@tools/setup.sh python
	@touch $@

demo: setup
	@.venv/bin/grader grade submissions/examples --assignment dais2021-a4 --out results/demo
	@.venv/bin/grader export results/demo --to moodle --provisional --all --out results/demo-moodle \
		--worksheet "submissions/examples/Bewertungen-DAIS2021-Blatt 4-90210.csv"

test: setup
	@tools/setup.sh browser
	@tools/setup.sh pyodide
	@tools/setup.sh archives
	$(PYTHON) -m pytest -m "" -n auto --dist loadgroup

bundle: setup
	@tools/bundle.sh

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
