// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"

	"github.com/s2cd/s2cd/internal/inventory"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	inv, err := inventory.Load("../../examples/lab-inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := newEndpoints(inv, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for addr, ok := range map[string]bool{
		"198.51.100.2": true, // a cloud of the lab
		"8.8.8.8":      true, "2001:db8::1": true, "192.168.1.1": false, "fd00::1": false,
		"10.1.1.1":    true,  // allowed
		"10.255.0.1":  false, // a loopback, allowed or not
		"192.0.2.2":   false, // the gateway's management
		"203.0.113.2": false, // where it listens
	} {
		if err := e.check(netip.MustParseAddr(addr)); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
