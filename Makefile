# Every target is one line into bin/; `make` alone prints this table, grouped.
.DEFAULT_GOAL := help
.PHONY: help up down test test-servers fix lint types arch migration migrate docs assets texts requirements screenshots lighthouse bench campaign doctor setup clean

##@ Run
up:            ## everything on this machine: what running needs, servers, migrations, demonstration data, all processes
	@bin/up
down:          ## end a `make up` that runs elsewhere on the same data
	@bin/app down
migrate:       ## apply the migrations
	@bin/app migrate
doctor:        ## say what runs, where it listens and what is missing
	@bin/app doctor

##@ Test
test:          ## everything: tools, browser, lint, types, contracts, all tests; T=path runs pytest on that alone
	@bin/test $(T)
test-servers:  ## Debian's PostgreSQL 15, PgBouncer, Redis with TLS and the container image (root on Debian)
	@bin/test-servers
bench:         ## the benchmarks, each a ratio in one run
	@bin/bench
lighthouse:    ## the public pages by Lighthouse on a phone profile
	@bin/lighthouse
campaign:      ## the long runs: faults with many seeds, state machines, schema calls
	@bin/campaign

##@ Check
fix:           ## let ruff and Biome repair and format
	@bin/fix
lint:          ## ruff, import contracts, djlint, codespell, deptry, Biome, branches of functions, commit messages
	@bin/lint
types:         ## mypy, pyright, TypeScript for the scripts
	@bin/types
arch:          ## import contracts and tests/architecture
	@bin/arch

##@ Make
migration:     ## write a safe migration: make migration M="add orders"
	@bin/migration $(if $(M),"$(M)")
docs:          ## regenerate what is generated: errors, events, settings example
	@bin/docs
assets:        ## build style, script, fonts and icons from app/web/static/src
	@bin/assets
texts:         ## say which texts have no Russian yet
	@bin/texts
requirements:  ## compile requirements/*.in into pinned files with hashes
	@bin/requirements
screenshots:   ## take the pictures of the README
	@bin/screenshots
setup:         ## only make the environment of a developer
	@bin/setup
clean:         ## remove caches and the environment; data stays
	@bin/clean

help:
	@bin/help
