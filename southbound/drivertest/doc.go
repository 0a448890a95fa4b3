// SPDX-License-Identifier: Apache-2.0

// Package drivertest is what tests of the southbound need: Run, the
// conformance suite of every southbound.Driver, and Fake, an in-memory device
// with faults on demand for the core's own tests. Nothing outside tests uses
// it, and it knows no protocol.
package drivertest
