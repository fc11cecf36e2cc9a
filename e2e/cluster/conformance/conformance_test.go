// Package conformance compiles Gateway API's official suite into one binary, which e2e/conformance runs inside the cluster.
package conformance

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}
