# Every target calls one script of bin/; `make` alone prints the targets, grouped.
.DEFAULT_GOAL := help
.PHONY: help up down test test-servers fix lint types arch migration migrate docs assets texts requirements screenshots lighthouse bench campaign doctor setup clean

##@ Run
up:            ## install, start servers, migrate, load demonstration data, run all processes on this machine
	@bin/up
down:          ## stop a `make up` that runs in another terminal on the same data
	@bin/app down
migrate:       ## apply the migrations
	@bin/app migrate
doctor:        ## print what runs, where it listens and what is missing
	@bin/app doctor

##@ Test
test:          ## tools, browser, lint, types, contracts, all tests; T=path runs only pytest on that path
	@bin/test $(T)
test-servers:  ## test with PostgreSQL 15, PgBouncer, Redis with TLS and the container image (root on Debian)
	@bin/test-servers
bench:         ## run the benchmarks; each compares with a baseline in the same run
	@bin/bench
lighthouse:    ## measure the public pages with Lighthouse on a phone profile
	@bin/lighthouse
campaign:      ## run the long tests: faults with many seeds, state machines, schema calls
	@bin/campaign

##@ Check
fix:           ## fix and format with ruff and Biome
	@bin/fix
lint:          ## ruff, import contracts, djlint, codespell, deptry, Biome, complexity, commit messages
	@bin/lint
types:         ## mypy, pyright, TypeScript for the scripts
	@bin/types
arch:          ## import contracts and tests/architecture
	@bin/arch

##@ Make
migration:     ## write a safe migration: make migration M="add orders"
	@bin/migration $(if $(M),"$(M)")
docs:          ## regenerate the generated documents and the settings example
	@bin/docs
assets:        ## build styles, scripts, fonts and icons from app/web/static/src
	@bin/assets
texts:         ## list texts that have no Russian yet
	@bin/texts
requirements:  ## compile requirements/*.in into pinned files with hashes
	@bin/requirements
screenshots:   ## take the screenshots of the README
	@bin/screenshots
setup:         ## create the development environment
	@bin/setup
clean:         ## remove caches and the environment; data stays
	@bin/clean

help:
	@bin/help
