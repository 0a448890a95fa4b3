// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/s2cd/s2cd/lab/frr"
)

// CustomerBGP is a customer's own BGP router at a site or anywhere else.
type CustomerBGP struct {
	AS       uint32
	RouterID netip.Addr
	// Neighbor is the PE's address, NeighborAS its AS number.
	Neighbor   netip.Addr
	NeighborAS uint32
	Password   string
	Announce   []netip.Prefix
}

// StartCustomerBGP runs an FRR in a site that announces prefixes and takes
// what it gets. It is ended by [Env.Close] or by stopping its processes.
func (e *Env) StartCustomerBGP(ctx context.Context, site string, c CustomerBGP) error {
	daemons, err := frr.Prepare(frr.Router{Name: site, Configs: map[string]string{"zebra": "hostname " + site + "\n", "bgpd": c.config(site)}})
	if err != nil {
		return err
	}
	if err := e.startDaemons(ctx, [][]frr.Daemon{daemons}, true); err != nil {
		return err
	}
	return e.startDaemons(ctx, [][]frr.Daemon{daemons}, false)
}

func (c CustomerBGP) config(site string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "hostname %s\nrouter bgp %d\n bgp router-id %s\n no bgp ebgp-requires-policy\n no bgp network import-check\n timers bgp 3 9\n"+
		" neighbor %s remote-as %d\n neighbor %s timers connect 1\n", site, c.AS, c.RouterID, c.Neighbor, c.NeighborAS, c.Neighbor)
	if c.Password != "" {
		fmt.Fprintf(&b, " neighbor %s password %s\n", c.Neighbor, c.Password)
	}
	b.WriteString(" address-family ipv4 unicast\n")
	for _, p := range c.Announce {
		fmt.Fprintf(&b, "  network %s\n", p.Masked())
	}
	b.WriteString(" exit-address-family\nexit\n")
	return b.String()
}

// WaitBGPRefused waits until a PE has dropped segments for their MD5 digests, so
// many in all, while no BGP session of the VRF is up; one that is up is an error.
func (e *Env) WaitBGPRefused(ctx context.Context, pe, vrf string, digests uint64) (string, error) {
	var dropped uint64
	err := poll(ctx, time.Minute, func() (bool, error) {
		text, err := frr.Show(ctx, frr.SocketDir(pe), "bgpd", "show bgp vrf "+vrf+" ipv4 unicast summary json")
		if err != nil {
			return false, err
		}
		if strings.Contains(text, `"state":"Established"`) {
			return false, fmt.Errorf("the session is up: %s", text)
		}
		dropped, err = e.WrongDigests(pe)
		return dropped >= digests && strings.Contains(text, `"state":`), err
	})
	if err != nil {
		return "", fmt.Errorf("wait for BGP of %s in %s to be refused, %d of %d segments dropped: %w", vrf, pe, dropped, digests, err)
	}
	return fmt.Sprintf("%d segments dropped for their digest", dropped), nil
}
