// SPDX-License-Identifier: Apache-2.0

// Package api holds the contract of the customers' API, its bundle for clients
// and the types and server interface generated from it. Nothing in it is
// written by hand but the contract itself; it decides nothing.
package api

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml -o api.gen.go site-to-cloud-vpn.yaml

// Contract is the OpenAPI document, as it is served. It refers to nothing
// outside itself.
//
//go:embed site-to-cloud-vpn.yaml
var Contract []byte
