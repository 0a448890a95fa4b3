// SPDX-License-Identifier: Apache-2.0

// Package load measures s2cd as its customers meet it: the daemon runs as a
// process of its own on a made-up network, with a store on the disk and
// simulated routers, and requests arrive at fixed times over TLS whatever
// becomes of those before them. It knows the API and nothing of the daemon's
// insides.
package load

import (
	"fmt"
	"math/rand/v2"
)

// Plan is what is made up. The same plan gives the same network, customers and
// requests.
type Plan struct {
	Nodes   int // routers, PEs among them
	PEs     int // managed, each a simulated device
	Tenants int
	Sites   int // access points a tenant, even: each has one peer
	Seed    uint64
}

// Check refuses sizes of which no network can be made.
func (p Plan) Check() error {
	switch {
	case p.PEs < 2 || p.PEs > 200:
		return fmt.Errorf("pes: %d, want 2 to 200", p.PEs)
	case p.Nodes < p.PEs+coreNodes+chainNodes || p.Nodes > 60_000:
		return fmt.Errorf("nodes: %d, want %d to 60000", p.Nodes, p.PEs+coreNodes+chainNodes)
	case p.Tenants < 1 || p.Tenants > 5000:
		return fmt.Errorf("tenants: %d, want 1 to 5000", p.Tenants)
	case p.Sites < 2 || p.Sites > 4096 || p.Sites%2 != 0:
		return fmt.Errorf("sites: %d, want an even number of 2 to 4096", p.Sites)
	}
	return nil
}

// site is an access point; its number within a tenant says its addresses.
type site struct {
	pe   int
	port int // of the PE, from 1
	vlan int
}

// vlansOfPort is how many lines a port of a PE has before the next is opened.
const vlansOfPort = 4000

// sites places every tenant's access points, tenant by tenant. Sites 2q and 2q+1
// are peers, on different PEs.
func (p Plan) sites() [][]site {
	r := rand.New(rand.NewPCG(p.Seed, 1)) //nolint:gosec // makes a network up, guards nothing
	lines := make([]int, p.PEs)
	all := make([][]site, p.Tenants)
	for t := range all {
		for range p.Sites / 2 {
			a := r.IntN(p.PEs)
			for _, pe := range []int{a, (a + 1 + r.IntN(p.PEs-1)) % p.PEs} {
				all[t] = append(all[t], site{pe: pe, port: 1 + lines[pe]/vlansOfPort, vlan: 1 + lines[pe]%vlansOfPort})
				lines[pe]++
			}
		}
	}
	return all
}

func peName(i int) string { return fmt.Sprintf("PE%d", i+1) }

func tenantName(i int) string { return fmt.Sprintf("tenant-%d", i+1) }

func clientName(i int) string { return fmt.Sprintf("client-%d", i+1) }

func siteName(i int) string { return fmt.Sprintf("site-%d", i+1) }

// prefix is what lies behind a site.
func prefix(site int) string { return fmt.Sprintf("10.%d.%d.0/24", site/256, site%256) }
