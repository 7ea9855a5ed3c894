SHELL := /bin/bash
.DEFAULT_GOAL := help
# The pinned Node of node_modules comes first: the machine's own may be older than rowhook runs on.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 16

.PHONY: install
install: ## Install the dependencies, when package-lock.json asks for other ones than are there
	@node .ci/installed.mjs || NODE_USE_SYSTEM_CA=1 npm ci --loglevel=error
	@$(MAKE) --silent --no-print-directory node_modules/.built

# What `npx install-sql` and `npx rowhook` run in this folder; npm builds it only when it installs.
node_modules/.built: $(shell find src -type f) tsconfig.json tsconfig.build.json
	@rm -rf dist && npm run --silent build && touch $@

.PHONY: check
check: install ## Format, lint (with types) and type check, in seconds
	@oxfmt --check
	@oxlint --type-aware --deny-warnings
	@tsc
	@! grep -n '"resolved"' package-lock.json # a registry's host name: see .npmrc

.PHONY: format
format: install ## Format the code and mend what the linter can
	@oxfmt
	@oxlint --type-aware --fix

.PHONY: build
build: install ## Compile src to dist, as the npm package carries it

.PHONY: pack
pack: build ## Make the npm package's tarball
	@npm pack

.PHONY: test
test: install ## Run the tests, all but the longest (on an embedded Postgres 18, or ROWHOOK_TEST_PG=14…18)
	@ROWHOOK_TEST_LONG=without node test/support/run.ts

.PHONY: test-long
test-long: install ## Run the longest, which make test leaves out
	@ROWHOOK_TEST_LONG=only node test/support/run.ts

.PHONY: test-faults
test-faults: install ## Run the fault tests at full length
	@FULL=1 node test/support/run.ts --project faults

.PHONY: test-matrix
test-matrix: install ## Run the SQL, fault and end-to-end tests on Postgres 14 to 18, or MAJORS="14 15" PROJECTS=sql
	@failures=$$(mktemp); failed=; for major in $(or $(MAJORS),14 15 16 17 18); do \
	  echo "Postgres $$major"; echo "on Postgres $$major:" >>$$failures; \
	  ROWHOOK_TEST_PG=$$major ROWHOOK_TEST_FAILURES=$$failures \
	    node test/support/run.ts $(patsubst %,--project %,$(or $(PROJECTS),sql faults e2e)) || failed+=" $$major"; \
	done; \
	[ -z "$$failed" ] || { cat $$failures; echo "failed on Postgres$$failed"; }; rm $$failures; [ -z "$$failed" ]

.PHONY: bench
bench: install ## Run the benchmarks; prints one table
	@node test/bench/main.ts

.PHONY: bench-full
bench-full: install ## The same with more rounds, larger sizes and what lies between; prints a longer table
	@node test/bench/main.ts --full

.PHONY: soak
soak: install ## Everything at random for MINUTES (5), from a SEED, with an account of every change
	@node test/soak/main.ts

.PHONY: screenshots
screenshots: install ## Take the pictures of the console that the documents show
	@vitest run --config test/screenshots/vitest.config.ts

.PHONY: demo
demo: install ## See webhooks arrive: an embedded Postgres, or DATABASE_URL; ONCE=1 ends by itself
	@node src/demo/main.ts

.PHONY: clean
clean: ## Remove what was built, and the demo's database
	@rm -rf dist coverage .rowhook *.tgz
