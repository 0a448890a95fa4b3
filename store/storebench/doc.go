// SPDX-License-Identifier: Apache-2.0

// Package storebench admits orders of a usual size through a store, as many
// customers would at once, and measures. It knows no store, and is for tests,
// benchmarks and the command line.
package storebench
