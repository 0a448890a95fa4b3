// SPDX-License-Identifier: Apache-2.0

package network

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzParseLabelled(f *testing.F) {
	f.Add([]byte{0x03, 0xe8, 0x20, 0x40, 0, 1, 0x11, 0x40, 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2})
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parseLabelled(b)
		if ok && (len(p.Labels) == 0 || len(p.Labels)*4 > len(b)) {
			t.Fatalf("%d labels in %d bytes", len(p.Labels), len(b))
		}
	})
}

func TestParseLabelled(t *testing.T) {
	t.Parallel()
	packet := append([]byte{0x03, 0xe8, 0x20, 0x40, 0x00, 0x01, 0x11, 0x40}, 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	p, ok := parseLabelled(packet)
	if diff := cmp.Diff([]int{16002, 17}, p.Labels); !ok || diff != "" {
		t.Fatal(ok, diff)
	}
	if p.From.String() != "10.0.0.1" || p.To.String() != "10.0.0.2" {
		t.Fatalf("from %s to %s", p.From, p.To)
	}
}

func TestCoreConfigurations(t *testing.T) {
	t.Parallel()
	topology := Default()
	for _, r := range topology.FRR() {
		if _, ok := r.Configs["bgpd"]; ok != (r.Name == "PE1" || r.Name == "PE2") {
			t.Errorf("%s: bgpd %v", r.Name, ok)
		}
		if n := strings.Count(r.Configs["isisd"], "isis metric"); n != 2 {
			t.Errorf("%s: IS-IS on %d core links, want 2", r.Name, n)
		}
	}
}
