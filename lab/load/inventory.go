// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/s2cd/s2cd/lab/certs"
)

// The made-up network: a core ring with chords, chains of routers from each core
// node to the next, and PEs, each homed on two chains.
const (
	coreNodes  = 40
	chainNodes = 8
)

// WriteInventory writes the network, its customers and what is sold as s2cd
// reads it. management is where each PE listens.
func (p Plan) WriteInventory(w io.Writer, management []string) error {
	b := inventory{rand: rand.New(rand.NewPCG(p.Seed, 2))} //nolint:gosec // makes a network up, guards nothing
	sites := p.sites()
	b.line("as: 65000")
	b.line("defaults: {reservable: {all: 80%%, classes: {best-effort: 80%%, assured: 70%%, priority: 30%%}}}")
	b.network(p, management)
	b.ports(p, sites)
	b.text.WriteString(sold)
	b.line("tenants:")
	for t, all := range sites {
		b.tenant(t, all)
	}
	if _, err := io.WriteString(w, b.text.String()); err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	return nil
}

const sold = `pools:
  vpn: 1-4000000
  rd: 1-65535
  transfer: {ipv4: 100.64.0.0/20}
catalogue:
  currency: EUR
  overhead: 2%
  leadGuard: 30s
  tailGuard: 30s
  defaultDuration: 1d
  maxDuration: 366d
  applyDeadline: 24h
  offerValidity: 15m
  keepTerminated: 1h
  levels:
    - {name: A, class: best-effort, dscp: 0, availability: 99%, booking: 50%, measureEvery: 60s, price: {setUp: 0, perMbpsHour: 0.002}}
    - {name: AA, class: assured, dscp: AF31, maxRtt: 80ms, availability: 99.9%, booking: 100%, measureEvery: 30s, price: {setUp: 5.00, perMbpsHour: 0.005, minimum: 1h}}
`

type inventory struct {
	text strings.Builder
	rand *rand.Rand
}

func (b *inventory) line(format string, args ...any) { fmt.Fprintf(&b.text, format+"\n", args...) }

// network lays nodes and links.
func (b *inventory) network(p Plan, management []string) {
	b.line("nodes:")
	for i := range p.PEs {
		b.line("  - {name: %s, role: pe, platform: labpe, loopback: %s, management: %q, identity: %q}",
			peName(i), loopback(i), management[i], certs.DeviceID(peName(i)))
	}
	routers := p.Nodes - p.PEs
	for i := range routers {
		b.line("  - {name: %s, role: p, loopback: %s}", routerName(i), loopback(p.PEs+i))
	}
	b.line("links:")
	for i := range coreNodes {
		b.link(routerName(i), routerName((i+1)%coreNodes), "400Gbps", 1500)
		b.link(routerName(i), routerName((i+7)%coreNodes), "400Gbps", 4000)
	}
	var middles []int
	for first := coreNodes; first < routers; first += chainNodes {
		last := min(first+chainNodes, routers) - 1
		chain := (first - coreNodes) / chainNodes
		b.link(routerName(chain%coreNodes), routerName(first), "100Gbps", 300)
		for n := first; n < last; n++ {
			b.link(routerName(n), routerName(n+1), "100Gbps", 300)
		}
		b.link(routerName(last), routerName((chain+1)%coreNodes), "100Gbps", 300)
		middles = append(middles, (first+last)/2)
	}
	for i := range p.PEs {
		home := i * len(middles) / p.PEs
		b.link(peName(i), routerName(middles[home]), "100Gbps", 100)
		if len(middles) > 1 {
			b.link(peName(i), routerName(middles[(home+1)%len(middles)]), "100Gbps", 100)
		}
	}
}

// link lays a link whose latency is from micros to twice that, µs.
func (b *inventory) link(a, z, capacity string, micros int) {
	b.line("  - {name: %s-%s, a: %q, z: %q, capacity: %s, latency: %dus, igpMetric: %d}",
		a, z, a+":to"+z, z+":to"+a, capacity, micros+b.rand.IntN(micros), 10+b.rand.IntN(5))
}

func (b *inventory) ports(p Plan, sites [][]site) {
	ports := make([]int, p.PEs)
	for _, all := range sites {
		for _, s := range all {
			ports[s.pe] = max(ports[s.pe], s.port)
		}
	}
	b.line("ports:")
	for pe, n := range ports {
		for port := range n {
			b.line("  - {pe: %s, port: eth%d, capacity: 400Gbps}", peName(pe), port+1)
		}
	}
}

func (b *inventory) tenant(t int, sites []site) {
	b.line("  - id: %s\n    name: Tenant %d\n    clients: [%s]\n    quota: {sessions: 1000000}\n    accessPoints:", tenantName(t), t+1, clientName(t))
	for i, s := range sites {
		subnet, host := i/64, 4*(i%64)
		b.line("      - {id: %s, type: SITE, primary: {address: 172.16.%d.%d, attachment: {pe: %s, port: eth%d, vlan: %d, addresses: [172.16.%d.%d/30], mtu: 1500, max: 10Gbps}}}",
			siteName(i), subnet, host+2, peName(s.pe), s.port, s.vlan, subnet, host+1)
	}
}

func routerName(i int) string { return fmt.Sprintf("P%d", i+1) }

func loopback(i int) string { return fmt.Sprintf("10.255.%d.%d", i/250, 1+i%250) }
