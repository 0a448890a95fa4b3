// SPDX-License-Identifier: Apache-2.0

// Package rest makes the HTTP requests of the customers' API. Nothing in it is
// written by hand; it knows neither tokens nor errors.
package rest

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml -o rest.gen.go ../../../api/site-to-cloud-vpn.yaml
