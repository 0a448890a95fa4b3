// SPDX-License-Identifier: Apache-2.0

// Package client is what a customer's application orders private connections
// with. Requests are made by code that is generated from the provider's
// contract, and the types are the contract's own (package api); this package
// adds tokens, repeats where they are safe, errors that errors.As finds, lists
// over all pages, and waiting. It knows nothing of how the provider works.
package client
