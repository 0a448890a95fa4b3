// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// nodeLists draws lists of any names, also empty ones, long ones and such as are no
// UTF-8; and none.
func nodeLists() *rapid.Generator[[]topology.NodeName] {
	short := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	name := rapid.Custom(func(t *rapid.T) topology.NodeName {
		return topology.NodeName(strings.Repeat(short.Draw(t, "name"), rapid.SampledFrom([]int{1, 1, 1, 50}).Draw(t, "times")))
	})
	return rapid.OneOf(rapid.Just([]topology.NodeName(nil)), rapid.SliceOf(name), rapid.SliceOfN(name, 120, 140))
}

// TestNodes takes lists to pieces of text and back, directly and through JSON, where
// they are what the plain list is.
func TestNodes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := nodeLists().Draw(t, "list")
		nodes := session.NodesOf(list)
		if diff := cmp.Diff(list, nodes.List()); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", nodes, diff)
		}
		plain, err := json.Marshal(session.Way{Forward: nodes, Reverse: session.NodesOf(nil)})
		if err != nil {
			t.Fatal(err)
		}
		type way struct {
			Forward, Reverse []topology.NodeName
			RTTMicros        uint32
		}
		want, err := json.Marshal(way{Forward: list})
		if diff := cmp.Diff(string(want), string(plain)); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		var read session.Way
		var same way
		if err := json.Unmarshal(want, &read); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(want, &same); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(same.Forward, read.Forward.List()); diff != "" || read.Reverse != "" {
			t.Fatalf("%q, %q (-want +got):\n%s", read.Forward, read.Reverse, diff)
		}
	})
}

func TestNodesOfOtherJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"pe1"`, `{}`, `[1]`, `[["pe1"]]`, `7`} {
		got := session.NodesOf([]topology.NodeName{"pe1"})
		if err := json.Unmarshal([]byte(text), &got); err == nil || got.List()[0] != "pe1" {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

// TestNodesOfOtherText lists what NodesOf did not make: nothing breaks.
func TestNodesOfOtherText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		for _, name := range session.Nodes(text).List() {
			if !strings.Contains(text, string(name)) {
				t.Fatalf("%q is not part of %q", name, text)
			}
		}
	})
}
