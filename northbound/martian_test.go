// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestMartians(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0.0.0.0/8": "this host on this network", "0.0.0.0/32": "this host on this network", "0.1.2.0/24": "this host on this network",
		"127.0.0.0/8": "loopback", "127.255.0.0/16": "loopback", "::1/128": "loopback",
		"169.254.0.0/16": "link-local", "169.254.169.254/32": "link-local", "fe80::/10": "link-local", "febf::/16": "link-local",
		"224.0.0.0/4": "multicast", "239.1.0.0/16": "multicast", "ff00::/8": "multicast", "ff02::1/128": "multicast",
		"240.0.0.0/4": "reserved", "255.255.255.255/32": "reserved", "::/128": "this host on this network",
		"0.0.0.0/0": "", "::/0": "", "0.0.0.0/1": "", "128.0.0.0/1": "", "1.0.0.0/8": "", "126.0.0.0/8": "", "128.0.0.0/8": "",
		"169.253.0.0/16": "", "169.255.0.0/16": "", "223.255.255.0/24": "", "10.0.0.0/8": "", "2001:db8::/32": "", "fc00::/7": "", "::/64": "",
	} {
		got, err := prefixes("staticPrefixes", []string{text})
		var f *fault
		if want == "" && (err != nil || len(got) != 1) || want != "" && (!errors.As(err, &f) || f.message != "staticPrefixes[0]: is "+want+", which no customer can have") {
			t.Errorf("%s: %v, %v, want %q", text, got, err, want)
		}
	}
}

// TestPartsOfMartiansAreMartians: what lies in such a block is of it.
func TestPartsOfMartiansAreMartians(t *testing.T) {
	t.Parallel()
	blocks := []string{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fe80::/10", "ff00::/8"}
	rapid.Check(t, func(t *rapid.T) {
		block := netip.MustParsePrefix(rapid.SampledFrom(blocks).Draw(t, "block"))
		raw := block.Addr().AsSlice()
		for i := block.Bits(); i < 8*len(raw); i++ {
			if rapid.Bool().Draw(t, "bit") {
				raw[i/8] |= 0x80 >> (i % 8)
			}
		}
		a, _ := netip.AddrFromSlice(raw)
		p, err := a.Prefix(rapid.IntRange(block.Bits(), a.BitLen()).Draw(t, "bits"))
		if err != nil {
			t.Fatal(err)
		}
		if martian(p) == "" {
			t.Errorf("%s lies in %s", p, block)
		}
	})
}
