# The pinned Node comes first on PATH in every recipe: npm, npx and every `env node` script run on it.
export PATH := $(CURDIR)/.tools/bin:$(PATH)
DIR ?=
EXAMPLE ?= quickstart
ARGS ?=

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

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
	@scripts/redis.sh
	npm run --silent jest

.PHONY: build
build: install ## Compile to dist/
	npm run --silent build

.PHONY: run
run: install ## Serve examples/quickstart (or EXAMPLE=name) with demo origins, or DIR=path without; ARGS="…" are passed on
ifeq ($(DIR),)
	@exec node scripts/demo.ts "$(EXAMPLE)" $(ARGS)
else
	@exec node cmd/gateway.ts --directory "$(DIR)" --port-map 80:8080,443:8443 $(ARGS)
endif

.PHONY: generate
generate: install ## Write crds/ and docs/reference/ from the schemas
	node scripts/generate.ts

.PHONY: new-policy
new-policy: install ## A new policy folder, registered (NAME=quietHours); docs/write-a-policy.md says what comes next
	@node scripts/new-policy.ts "$(NAME)"

.PHONY: bundle
bundle: install ## One file per entry in dist/bundle, for the image
	node scripts/bundle.ts

.PHONY: image
image: bundle ## OCI archive of the gateway in dist/image, without a container engine (IMAGE=name:tag)
	@IMAGE="$(IMAGE)" node scripts/image.ts

.PHONY: image-check
image-check: image ## Run what is in that archive as user 65532 on a read-only root (needs root)
	@scripts/image-check.sh

.PHONY: helm-test
helm-test: install ## helm lint and template over a matrix of values; a dry run where the test cluster runs
	@exec node e2e/charts/main.ts

include e2e/cluster.mk

.PHONY: browser-test
browser-test: install ## OIDC login, refresh and logout in Chromium, at a real OpenID provider
	@scripts/chromium.sh
	@exec node e2e/browser/main.ts

.PHONY: bench
bench: install ## CPU per request beside nginx, HAProxy and Envoy (SCENARIO=a,b TARGETS=a,b ROUNDS=n QUICK=1)
	@exec node bench/main.ts

.PHONY: bench-micro
bench-micro: install ## Parser, matcher, canonical path, header rewrite, table compile, one by one
	@exec node --expose-gc bench/micro/main.ts

.PHONY: fuzz
fuzz: install ## A million hostile inputs against llhttp and nginx (PART=a,b SEED=n COUNT=n SECONDS=n)
	@exec node test/fuzz/main.ts

.PHONY: torture
torture: install ## Break things while traffic flows (SCENARIO=a,b QUICK=1)
	@node test/torture/main.ts
ifeq ($(SCENARIO),)
	@QUICK=1 node test/strict/slow-main.ts
endif
