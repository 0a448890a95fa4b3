// SPDX-License-Identifier: Apache-2.0

// Package order holds the use cases of s2cd: check, order, query, extend and
// delete. It is the one door into the core for the API, the CLI and the console,
// and defines what the store must keep, as decisions. It knows no HTTP and no SQL.
package order
