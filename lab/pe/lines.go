// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// bgpLines are the lines that make bgpd's instance of a VRF go from have, nil
// when there is none, to want. Only differences: repeating some lines is
// refused.
func bgpLines(name string, have *VRF, want VRF) []string {
	if want.AS == 0 {
		if have != nil && have.AS != 0 {
			return noBGPLines(name, *have)
		}
		return nil
	}
	base := VRF{}
	if have != nil {
		base = *have
	}
	lines := metricLines(base.Statics, want.Statics)
	if have != nil && equal(withoutStatics(base), withoutStatics(want)) {
		return lines
	}
	if want.RedistStatic && !base.RedistStatic { // a map that is not there lets nothing through
		lines = append(lines, fmt.Sprintf("route-map %s permit %d", metricMap, maxMetric+1), "exit")
	}
	lines = append(lines, fmt.Sprintf("router bgp %d vrf %s", want.AS, name))
	if have == nil || have.AS == 0 {
		// Without this an eBGP neighbour exchanges nothing.
		lines = append(lines, "no bgp ebgp-requires-policy", "no bgp default ipv4-unicast")
	}
	if want.RouterID != "" && want.RouterID != base.RouterID {
		lines = append(lines, "bgp router-id "+want.RouterID)
	}
	lines = append(lines, neighborLines(want.AS, base.Neighbors, want.Neighbors)...)
	lines = append(lines, "address-family ipv4 unicast")
	lines = append(lines, switchLine(base.RedistConnected, want.RedistConnected, "redistribute connected")...)
	if want.RedistStatic && !base.RedistStatic {
		lines = append(lines, "redistribute static route-map "+metricMap)
	} else {
		lines = append(lines, switchLine(base.RedistStatic, want.RedistStatic, "redistribute static")...)
	}
	lines = append(lines, activationLines(base.Neighbors, want.Neighbors)...)
	lines = append(lines, vpnLines(base, want)...)
	return append(lines, "exit-address-family", "exit")
}

// metricMap is the route map that makes the tag of a static route its MED: static
// routes have no metric of their own here.
const metricMap = "s2cd-metric"

// metricLines give the map what it lacks of the metrics of static routes. What it
// has for other VRFs, or had, does no harm.
func metricLines(have, want []Static) []string {
	known := map[uint32]bool{0: true}
	for _, s := range have {
		known[s.Metric] = true
	}
	var lines []string
	for _, s := range want {
		if !known[s.Metric] {
			known[s.Metric] = true
			lines = append(lines, fmt.Sprintf("route-map %s permit %d", metricMap, s.Metric),
				fmt.Sprintf("match tag %d", s.Metric), fmt.Sprintf("set metric %d", s.Metric), "exit")
		}
	}
	return lines
}

func withoutStatics(v VRF) VRF { v.Statics = nil; return v }

func neighborLines(as uint32, have, want map[string]Neighbor) []string {
	var lines []string
	for _, a := range slices.Sorted(maps.Keys(have)) {
		if w, ok := want[a]; !ok || rebuild(have[a], w) {
			lines = append(lines, "no neighbor "+a)
		}
	}
	for _, a := range slices.Sorted(maps.Keys(want)) {
		w := want[a]
		h, ok := have[a]
		if !ok || rebuild(h, w) {
			h = Neighbor{Enabled: true}
			lines = append(lines, fmt.Sprintf("neighbor %s remote-as %d", a, w.PeerAS), fmt.Sprintf("neighbor %s timers connect 1", a))
			if w.LocalAS != 0 && w.LocalAS != as {
				lines = append(lines, fmt.Sprintf("neighbor %s local-as %d no-prepend replace-as", a, w.LocalAS))
			}
			if w.Password != "" {
				lines = append(lines, fmt.Sprintf("neighbor %s password %s", a, w.Password))
			}
		}
		lines = append(lines, switchLine(!h.Enabled, !w.Enabled, "neighbor "+a+" shutdown")...)
	}
	return lines
}

// rebuild says that a neighbour cannot be changed in place.
func rebuild(h, w Neighbor) bool {
	return h.PeerAS != w.PeerAS || h.LocalAS != w.LocalAS || h.Password != w.Password
}

func activationLines(have, want map[string]Neighbor) []string {
	var lines []string
	for _, a := range slices.Sorted(maps.Keys(want)) {
		w := want[a]
		h, ok := have[a]
		if !ok || rebuild(h, w) {
			h = Neighbor{}
			// Two sites of one customer often share an AS number.
			lines = append(lines, "neighbor "+a+" activate", "neighbor "+a+" as-override")
		}
		switch {
		case w.MaxPrefixes != 0 && w.MaxPrefixes != h.MaxPrefixes:
			lines = append(lines, fmt.Sprintf("neighbor %s maximum-prefix %d", a, w.MaxPrefixes))
		case w.MaxPrefixes == 0 && h.MaxPrefixes != 0:
			lines = append(lines, fmt.Sprintf("no neighbor %s maximum-prefix", a))
		}
	}
	return lines
}

func vpnLines(have, want VRF) []string {
	var lines []string
	if want.RD != "" && want.RD != have.RD {
		lines = append(lines, "label vpn export auto", "rd vpn export "+want.RD)
	}
	lines = append(lines, targetLines("import", have.Import, want.Import)...)
	lines = append(lines, targetLines("export", have.Export, want.Export)...)
	lines = append(lines, switchLine(len(have.Export) > 0, len(want.Export) > 0, "export vpn")...)
	lines = append(lines, switchLine(len(have.Import) > 0, len(want.Import) > 0, "import vpn")...)
	return lines
}

func targetLines(direction string, have, want []string) []string {
	switch {
	case slices.Equal(have, want):
		return nil
	case len(want) == 0:
		return []string{"no rt vpn " + direction}
	}
	return []string{"rt vpn " + direction + " " + strings.Join(want, " ")}
}

func switchLine(have, want bool, line string) []string {
	switch {
	case have == want:
		return nil
	case want:
		return []string{line}
	}
	return []string{"no " + line}
}

func noBGPLines(name string, have VRF) []string {
	if have.AS == 0 {
		return nil
	}
	return []string{fmt.Sprintf("no router bgp %d vrf %s", have.AS, name)}
}

// staticLines are staticd's lines from have to want.
func staticLines(name string, have, want []Static) []string {
	var lines []string
	for _, s := range have {
		if !slices.Contains(want, s) {
			lines = append(lines, "no "+s.line(name))
		}
	}
	for _, s := range want {
		if !slices.Contains(have, s) {
			lines = append(lines, s.line(name))
		}
	}
	return lines
}

func (s Static) line(vrf string) string {
	if s.Metric == 0 {
		return fmt.Sprintf("ip route %s %s vrf %s", s.Prefix, s.NextHop, vrf)
	}
	return fmt.Sprintf("ip route %s %s tag %d vrf %s", s.Prefix, s.NextHop, s.Metric, vrf)
}
