# Python 3.11 or later, git and make are all you need. To use another Python: make run PYTHON=python3.12
PYTHON ?= python3
IN_VENV = $(PYTHON) -m newsroom.bootstrap

.PHONY: run test test-fast crashes soak coverage lint script messages migrations fuzz bench-stream bench-kept bench-page bench-desk bench-sign-in bench-conversion bench-length audit handbook sbom advisories screenshots bench mutate

run:   # a newsroom to try out on http://127.0.0.1:8000; HOST, PORT and DATABASE_URL change where
	@DEMO=true $(IN_VENV) manage.py serve

test:  # on SQLite, then on PostgreSQL; make test ARGS="tests/reader -x" hands pytest its arguments
	@$(IN_VENV) -m tests.run $(ARGS)

test-fast:  # within a minute: on SQLite, without browsers, server processes and slow tests
	@$(IN_VENV) -m tests.run --fast $(ARGS)

crashes:  # every history of up to two verbs (three for the core ones), killed at every statement, on both databases
	@$(IN_VENV) -m tests.crashes $(ARGS)

soak:  # two servers under load and faults of every kind for 20 minutes; ARGS="--minutes 1" is shorter
	@$(IN_VENV) -m tests.soak $(ARGS)

coverage:  # make test, counting the lines and branches that ran; slower, and fails below the figure in pyproject.toml
	@$(IN_VENV) -m coverage erase
	@$(IN_VENV) -m coverage run -m tests.run $(ARGS); status=$$?; \
	  $(IN_VENV) -m coverage combine --quiet && $(IN_VENV) -m coverage report && exit $$status

mutate:  # the mutation score of the core modules, of all mutants or of make mutate ARGS="--sample 150 --seed 1"
	@$(IN_VENV) -m tests.mutation $(ARGS)

messages:  # collect new messages into locale/*.po, and compile what is translated (needs gettext)
	@$(IN_VENV) -m tests.messages

migrations:  # a migration for changes to the models; make migrations ARGS="--name what_it_does"
	@DEMO=true $(IN_VENV) manage.py makemigrations $(ARGS)

lint:  # ruff, mypy, Biome, Django's checks, and that no model lacks a migration
	@$(IN_VENV) -m tests.lint

script:  # the one script of reader pages, built from its modules in static/js (needs npm); commit the result
	@$(IN_VENV) -m tests.page_script

fuzz:  # Schemathesis over the whole API, without and with a partner's key; make test has a few examples of it
	@$(IN_VENV) -m pytest tests/api/test_fuzz.py --fuzz-examples=300 $(ARGS)

bench:  # every figure that has a target; writes docs/performance.md. An hour; make bench ARGS="--seconds 5" is short
	@$(IN_VENV) -m benchmarks.all $(ARGS)

bench-stream:  # one update to 1,000, 5,000 and 10,000 open pages, against nginx with nchan and django-eventstream
	@$(IN_VENV) -m benchmarks stream $(ARGS)

bench-kept:  # requests per second for a live page, its 304 and an idle poll, against nginx and a bare Django view
	@$(IN_VENV) -m benchmarks kept $(ARGS)

bench-page:  # a live blog on a slow phone: largest paint, blocking, bytes
	@$(IN_VENV) -m benchmarks page $(ARGS)

bench-desk:  # a desk of 2,000 updates against one of 20: first paint, and from Ctrl+Enter to the readers
	@$(IN_VENV) -m benchmarks desk $(ARGS)

bench-sign-in:  # a reader's page while eight editors sign in, against Django's own password hasher
	@$(IN_VENV) -m benchmarks sign_in $(ARGS)

bench-length:  # answers of a live blog of 20,000 updates against one of 200: processor time and bytes
	@$(IN_VENV) -m benchmarks length $(ARGS)

bench-conversion:  # Chinese into the other script, against plain OpenCC: the first time and from the cache
	@$(IN_VENV) -m benchmarks conversion $(ARGS)

audit:  # Nu, axe, Lighthouse, feed validators, Redocly and a generated client over the demo; writes docs/audit.md
	@$(IN_VENV) -m audit $(ARGS)

handbook:  # the pictures of docs/desk.md, recorded anew
	@$(IN_VENV) -m pytest tests/desk/handbook.py -q

screenshots:  # every page at four widths, light and dark, in each language, in var/screenshots; ARGS="-k zh-hans" takes some
	@$(IN_VENV) -m pytest tests/screenshots.py -q $(ARGS)

sbom:  # what the newsroom runs on, as CycloneDX, in var/sbom.cdx.json; and docs/licences.md
	@$(IN_VENV) -m tests.sbom

advisories:  # known vulnerabilities in what requirements.txt pins; status 3 if no database can be reached
	@$(IN_VENV) -m tests.advisories
