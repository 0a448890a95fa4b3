// SPDX-License-Identifier: Apache-2.0

// Package conformance shows, for every operation, status and code of the
// customers' API, a scenario that has it: features/*.feature, run against the
// daemon as a process, over TLS, with a store on disk and tokens of an issuer
// of its own. Scenarios tagged @fault need a part that is broken; they run
// against the same HTTP server in this process, over use cases that fail.
//
// It is a module of its own, so that the daemon does not depend on Gherkin.
package conformance
