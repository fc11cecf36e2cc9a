# The pinned Node comes first on PATH in every recipe: npm, npx and every `env node` script run on it.
export PATH := $(CURDIR)/.tools/bin:$(PATH)
DIR ?=
ARGS ?=

.PHONY: help
help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.PHONY: install
install: ## Install the pinned Node and the dependencies
	@scripts/bootstrap.sh

.PHONY: test
test: install check jest ## Lint, types, dead code, generated files, all tests

.PHONY: check
check: install
	npm run --silent format
	npm run --silent lint
	npm run --silent typecheck
	npm run --silent unused

.PHONY: jest
jest: install
	npm run --silent jest

.PHONY: build
build: install ## Compile to dist/
	npm run --silent build

.PHONY: run
run: install ## Serve examples/quickstart with demo origins, or DIR=path without; ARGS="…" are passed on
ifeq ($(DIR),)
	@exec node scripts/demo.ts $(ARGS)
else
	@exec node cmd/gateway.ts --directory "$(DIR)" --port-map 80:8080,443:8443 $(ARGS)
endif

.PHONY: generate
generate: install ## Write crds/ and docs/reference/ from the schemas
	node scripts/generate.ts

.PHONY: bundle
bundle: install ## One file per entry in dist/bundle, for the image
	node scripts/bundle.ts
