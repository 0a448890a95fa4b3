// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/s2cd/s2cd/lab/frr"
)

// FRR gives the configuration of the core's routers: IS-IS with segment
// routing for the labels and VPNv4 between the PEs. Nothing of a customer.
func (t Topology) FRR() []frr.Router {
	out := make([]frr.Router, 0, len(t.Routers))
	for _, r := range t.Routers {
		configs := map[string]string{"zebra": "hostname " + r.Name + "\n", "isisd": t.isis(r)}
		if r.PE {
			configs["bgpd"] = t.bgp(r)
			configs["staticd"] = "hostname " + r.Name + "\n"
		}
		out = append(out, frr.Router{Name: r.Name, Configs: configs})
	}
	return out
}

func (t Topology) isis(r Router) string {
	var b strings.Builder
	// The interval comes before anything that makes an LSP: one that waits
	// for the default of 30 s goes on waiting.
	fmt.Fprintf(&b, "hostname %s\nrouter isis 1\n lsp-gen-interval 1\n is-type level-2-only\n net 49.0000.0000.0000.%04d.00\n"+
		" spf-delay-ietf init-delay 10 short-delay 50 long-delay 500 holddown 1000 time-to-learn 100\n"+
		" mpls-te on\n mpls-te router-address %s\n segment-routing on\n segment-routing global-block 16000 23999\n"+
		" segment-routing node-msd 8\n segment-routing prefix %s/32 index %d\nexit\n", r.Name, r.SID, r.Loopback, r.Loopback, r.SID)
	for _, l := range t.Links {
		if r.Name != l.A && r.Name != l.B {
			continue
		}
		peer := l.A
		if r.Name == l.A {
			peer = l.B
		}
		fmt.Fprintf(&b, "interface to%s\n ip router isis 1\n isis circuit-type level-2-only\n isis network point-to-point\n"+
			" isis hello-interval 1\n isis hello-multiplier 5\n isis metric %d\nexit\n", peer, l.Metric)
	}
	b.WriteString("interface lo\n ip router isis 1\n isis passive\nexit\n")
	return b.String()
}

func (t Topology) bgp(r Router) string {
	var b strings.Builder
	fmt.Fprintf(&b, "hostname %s\nrouter bgp %d\n bgp router-id %s\n no bgp default ipv4-unicast\n no bgp ebgp-requires-policy\n timers bgp 3 9\n",
		r.Name, t.AS, r.Loopback)
	var peers []netip.Addr
	for _, other := range t.Routers {
		if other.PE && other.Name != r.Name {
			peers = append(peers, other.Loopback)
		}
	}
	for _, p := range peers {
		fmt.Fprintf(&b, " neighbor %s remote-as %d\n neighbor %s update-source %s\n neighbor %s timers connect 1\n", p, t.AS, p, r.Loopback, p)
	}
	b.WriteString(" address-family ipv4 vpn\n")
	for _, p := range peers {
		fmt.Fprintf(&b, "  neighbor %s activate\n", p)
	}
	b.WriteString(" exit-address-family\nexit\n")
	return b.String()
}
