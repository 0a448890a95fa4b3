// SPDX-License-Identifier: Apache-2.0

// Package topology is the provider's network as s2cd sees it: nodes, links,
// and everything else whose bandwidth can run out, as an immutable, numbered
// value. It computes nothing and stores nothing.
package topology
