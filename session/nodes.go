// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/s2cd/s2cd/topology"
)

// Nodes is a list of nodes in one piece: where many are kept in memory, the garbage
// collector has one pointer of each to follow, not one of every name. It is made by
// NodesOf; empty it is no list. In JSON it is an array, as the list is.
type Nodes string

// NodesOf returns a list in one piece: how many there are and each name after its
// length, numbers as unsigned varints (encoding/binary).
func NodesOf(list []topology.NodeName) Nodes {
	if list == nil {
		return ""
	}
	size := binary.MaxVarintLen64
	for _, node := range list {
		size += 1 + len(node) // enough unless names are long
	}
	packed := binary.AppendUvarint(make([]byte, 0, size), uint64(len(list)))
	for _, node := range list {
		packed = append(binary.AppendUvarint(packed, uint64(len(node))), node...)
	}
	return Nodes(packed)
}

// List returns the list; its names are parts of n.
func (n Nodes) List() []topology.NodeName {
	if n == "" {
		return nil
	}
	count, rest := cutNumber(n)
	list := make([]topology.NodeName, 0, count)
	for rest != "" {
		var size int
		size, rest = cutNumber(rest)
		list, rest = append(list, topology.NodeName(rest[:size])), rest[size:]
	}
	return list
}

// cutNumber cuts a number off the front of n: of names or octets that follow, so
// that it is never more than there are.
func cutNumber(n Nodes) (int, Nodes) {
	number, size := binary.Uvarint([]byte(n[:min(len(n), binary.MaxVarintLen64)]))
	if size <= 0 {
		return 0, ""
	}
	rest := n[size:]
	return int(min(number, uint64(len(rest)))), rest //nolint:gosec // at most the length
}

// MarshalJSON implements json.Marshaler.
func (n Nodes) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(n.List())
	if err != nil {
		return nil, fmt.Errorf("encode nodes: %w", err)
	}
	return b, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Nodes) UnmarshalJSON(b []byte) error {
	var list []topology.NodeName
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("decode nodes: %w", err)
	}
	*n = NodesOf(list)
	return nil
}
