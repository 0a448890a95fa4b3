// SPDX-License-Identifier: Apache-2.0

// Package segment pins paths with SR-MPLS (RFC 8402, RFC 8660). An Encoder
// turns a path into the shortest list of node and adjacency segments that takes
// every flow over exactly that path, whatever equal-cost multipath makes of it.
// A Simulator, which has nothing in common with it, proves such a list, and says
// what becomes of it once the IGP has changed. Neither knows labels: a segment
// names a node or an arc by its number, as package csp does.
package segment
