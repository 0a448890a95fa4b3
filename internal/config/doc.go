// SPDX-License-Identifier: Apache-2.0

// Package config reads the one file that the daemon is started with: strictly,
// with environment overrides, and naming every fault at once by file, line and
// column. It holds values and opens nothing but what Check looks at; no other
// package than cmd may depend on it.
package config
