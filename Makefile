# Python 3.11 or later, git and make are all it takes. Another Python: make run PYTHON=python3.12
PYTHON ?= python3
IN_VENV = $(PYTHON) -m newsroom.bootstrap

.PHONY: run test lint

run:   # a newsroom to try out on http://127.0.0.1:8000; HOST, PORT and DATABASE_URL change where
	@DEMO=true $(IN_VENV) manage.py serve

test:  # on SQLite, then on PostgreSQL; make test ARGS="tests/reader -x" hands pytest its arguments
	@$(IN_VENV) -m tests.run $(ARGS)

lint:
	@$(IN_VENV) -m tests.lint
