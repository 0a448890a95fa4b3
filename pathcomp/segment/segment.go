// SPDX-License-Identifier: Apache-2.0

package segment

import "strconv"

// Kind says what a segment names.
type Kind uint8

// The kinds.
const (
	// Node is the shortest way to a node (RFC 8402 section 3.2, algorithm 0).
	Node Kind = iota + 1
	// Adjacency is one link, by a SID that only the node it leaves knows (RFC
	// 8402 section 3.4).
	Adjacency
)

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case Node:
		return "node"
	case Adjacency:
		return "adjacency"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Segment is one entry of a segment list (RFC 9256 section 2.2).
type Segment struct {
	Kind   Kind
	Number uint32 // of the node, or of the arc
}

// String returns the segment in words, like "node 7".
func (s Segment) String() string {
	return s.Kind.String() + " " + strconv.FormatUint(uint64(s.Number), 10)
}
