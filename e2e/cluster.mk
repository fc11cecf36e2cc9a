# A real Kubernetes in namespaces of this machine, without a container engine or an image registry: docs in e2e/cluster/README.md.

# Where Go's own installer and Debian put it, for shells that have it not on PATH.
export PATH := $(PATH):/usr/local/go/bin:/usr/lib/go/bin

.PHONY: cluster-able
cluster-able: install ## Whether the test cluster can run on this machine, and why not
	@exec node e2e/cluster/able.ts

.PHONY: cluster-build
cluster-build: install ## Compile the test cluster's binaries into the cache (6 to 8 minutes, once)
	@exec node e2e/cluster/build.ts

.PHONY: cluster-up
cluster-up: install ## Start the test cluster, or use the one that runs (NODES=2 GATEWAY_API=standard|none CLUSTER=name)
	@exec node e2e/cluster/up.ts

.PHONY: cluster-down
cluster-down: install ## Remove the test cluster; nothing of it is left
	@exec node e2e/cluster/down.ts

.PHONY: cluster-exec
cluster-exec: ## Run CMD='…' inside the test cluster, with its kubectl and helm
	@exec e2e/cluster/exec.sh bash -c '$(subst ','\'',$(CMD))'

.PHONY: cluster-load
cluster-load: ## Put IMAGE=FILE.tar, an OCI archive, onto the nodes of the test cluster
	@exec e2e/cluster/exec.sh node "$(CURDIR)/e2e/cluster/load.ts" "$(abspath $(IMAGE))"

# From kind's quick start (kind.sigs.k8s.io/docs/user/quick-start). It needs a container engine, so it has never run where this project is tested.
.PHONY: kind-up
kind-up: install ## The same on kind, where a container engine is (not tried by the project)
	kind get clusters | grep -qx suuupra-e2e || kind create cluster --name suuupra-e2e --wait 120s
	kind load image-archive dist/image/suuupra-gateway.tar --name suuupra-e2e
	cd e2e/cluster && go mod download sigs.k8s.io/gateway-api && kubectl --context kind-suuupra-e2e apply --server-side \
	  -k "$$(go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)/config/crd/experimental"

.PHONY: conformance
conformance: install ## Gateway API's official suite against the installed charts (PROFILE=A,B TEST=ShortName SET=chart.value=x)
	@exec node e2e/conformance/run.ts

.PHONY: e2e
e2e: install ## Scenarios on the test cluster, or on the one of KUBECONFIG=FILE (TEST=part-of-a-path)
	@exec node e2e/main.ts

.PHONY: figures
figures: install ## Apply to live, cold start, memory and API requests on a test cluster of its own (QUICK=1)
	@exec node e2e/figures/main.ts
