//go:build tools

// Package tools names the commands that are built from other modules, so that `go mod tidy` keeps what they need.
package tools

import (
	_ "sigs.k8s.io/gateway-api/conformance/echo-basic"
)
