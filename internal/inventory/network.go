// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"encoding/binary"
	"encoding/hex"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// maxLatency of one link, one way; a satellite hop is a quarter of a second.
const maxLatency = 10 * time.Second

// maxMetric is the largest usable IS-IS wide metric (RFC 5305 section 3).
const maxMetric = 1<<24 - 2

func (b *builder) nodes() {
	b.out.Network.AS = b.file.AS
	if len(b.file.Nodes) == 0 {
		b.fault("nodes", "must not be empty")
	}
	for i, n := range b.file.Nodes {
		at := index("nodes", i)
		b.name(at+".name", "node", n.Name, nodePattern)
		b.loopback(at, n)
		b.management(at, n)
		node := topology.Node{
			Name: topology.NodeName(n.Name), Role: topology.Role(n.Role), Platform: n.Platform, Loopback: n.Loopback,
			Management: n.Management, Identity: n.Identity, PinSHA256: strings.ToLower(n.Pin), Maintenance: n.Maintenance, Down: n.Down,
		}
		if n.Location != nil {
			node.Location = [2]float64{n.Location.Latitude, n.Location.Longitude}
		}
		b.nodeAt[node.Name] = len(b.out.Network.Nodes)
		b.out.Network.Nodes = append(b.out.Network.Nodes, node)
	}
}

func (b *builder) loopback(at string, n fileNode) {
	switch {
	case !n.Loopback.IsValid():
		if n.Role == string(topology.PE) || n.Role == string(topology.P) {
			b.fault(at+".loopback", "missing: it is the router id")
		}
		return
	case !n.Loopback.Is4():
		b.fault(at+".loopback", "must be an IPv4 address: it is the router id")
	case !n.Loopback.IsGlobalUnicast():
		b.fault(at+".loopback", "%s cannot be a router's address", n.Loopback)
	}
	b.unique(at+".loopback", "loopback", n.Loopback.String())
}

// management checks what is needed to speak to a managed node.
func (b *builder) management(at string, n fileNode) {
	if n.Role != string(topology.PE) && n.Role != string(topology.Gateway) {
		if n.Role == string(topology.P) && n.Management != "" {
			b.fault(at+".management", "a p node is not managed")
		}
		return
	}
	for _, f := range []struct{ key, value string }{{"platform", n.Platform}, {"management", n.Management}, {"identity", n.Identity}} {
		if f.value == "" {
			b.fault(at+"."+f.key, "missing: a %s is managed", n.Role)
		}
	}
	if _, known := b.platforms[n.Platform]; n.Platform != "" && !known {
		b.fault(at+".platform", "no platform is called %q, known: %s", n.Platform, strings.Join(slices.Sorted(maps.Keys(b.platforms)), ", "))
	}
	if n.Management != "" && isHostPort(n.Management) {
		b.unique(at+".management", "management", n.Management)
	} else if n.Management != "" {
		b.fault(at+".management", "want host:port, got %q", n.Management)
	}
	if strings.ContainsAny(n.Identity, " \t\r\n") {
		b.fault(at+".identity", "want a DNS name or URI as in the device's certificate")
	}
	if raw, err := hex.DecodeString(n.Pin); n.Pin != "" && (err != nil || len(raw) != 32) {
		b.fault(at+".pin", "want 64 hex digits, the SHA-256 of the device's public key")
	}
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || strings.ContainsAny(host, " /") {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func (b *builder) links() {
	for i, l := range b.file.Links {
		at := index("links", i)
		b.name(at+".name", "link", l.Name, portPattern)
		b.linkEnd(at+".a", l.A)
		b.linkEnd(at+".z", l.Z)
		if l.A.node == l.Z.node && l.A.node != "" {
			b.fault(at, "both ends are on %s", l.A.node)
		}
		link := topology.Link{
			Name: l.Name, A: l.A.node, Z: l.Z.node,
			Kbps:       [2]uint64{uint64(l.Capacity.AZ), uint64(l.Capacity.ZA)},
			Micros:     [2]uint32{b.micros(at+".latency", l.Latency.AZ, true), b.micros(at+".latency", l.Latency.ZA, true)},
			IGPMetric:  [2]uint32{l.IGPMetric.AZ, l.IGPMetric.ZA},
			TEMetric:   [2]uint32{l.TEMetric.AZ, l.TEMetric.ZA},
			LossPPM:    [2]uint32{uint32(l.Loss.AZ), uint32(l.Loss.ZA)},
			Reservable: b.shares(at+".reservable", l.Reservable),
			SRLGs:      l.SRLGs, Down: l.Down,
		}
		b.metrics(at, link)
		b.once(at+".adminGroups", l.AdminGroups)
		b.once(at+".srlgs", l.SRLGs)
		for _, g := range l.AdminGroups {
			if g < 32 {
				link.AdminGroups |= 1 << g
			}
		}
		for class := range link.Reservable.ByClass {
			b.classes[class] = true
		}
		b.out.Network.Links = append(b.out.Network.Links, link)
	}
}

// metrics checks what routers and paths weigh a link by. Without a TE metric
// the IGP's counts.
func (b *builder) metrics(at string, l topology.Link) {
	for d := range 2 {
		if m := l.IGPMetric[d]; m == 0 || m > maxMetric {
			b.fault(at+".igpMetric", "must be 1 to %d", maxMetric)
		}
		if l.TEMetric[d] > topology.MaxMetric {
			b.fault(at+".teMetric", "must be at most %d", topology.MaxMetric)
		}
		if l.LossPPM[d] >= 1_000_000 {
			b.fault(at+".loss", "must be below 100%%")
		}
	}
}

// once refuses a number that a list has already.
func (b *builder) once(path string, list []uint32) {
	for i, g := range list {
		if slices.Contains(list[:i], g) {
			b.fault(index(path, i), "%d is given twice", g)
		}
	}
}

func (b *builder) linkEnd(path string, end nodePort) {
	n, ok := b.node(path, string(end.node))
	if !ok {
		return
	}
	if n.Role == topology.Gateway {
		b.fault(path, "%s is a gateway: it is joined by a handoff, not by a link", n.Name)
	}
	if !portPattern.MatchString(end.port) {
		b.fault(path, "port %q is not a name: %s", end.port, rulesOf(portPattern))
	}
	if first, twice := b.linkPorts[end]; twice {
		b.fault(path, "port %s of %s is used already, first in line %d", end.port, end.node, b.doc.Line(first))
		return
	}
	b.linkPorts[end] = path
}

// micros converts a latency; a link has some, an access may have none.
func (b *builder) micros(path string, d time.Duration, positive bool) uint32 {
	if d > maxLatency || (positive && d < time.Microsecond) {
		b.fault(path, "must be 1us to %s", maxLatency)
		return 0
	}
	return uint32(d / time.Microsecond) //nolint:gosec // at most ten seconds
}

// connected finds routers that no path leads to from the first one.
func (b *builder) connected() {
	next := map[topology.NodeName][]topology.NodeName{}
	for _, l := range b.out.Network.Links {
		next[l.A] = append(next[l.A], l.Z)
		next[l.Z] = append(next[l.Z], l.A)
	}
	var first topology.NodeName
	seen := map[topology.NodeName]bool{}
	for i, n := range b.out.Network.Nodes {
		if (n.Role != topology.PE && n.Role != topology.P) || n.Name == "" {
			continue
		}
		if first == "" {
			first = n.Name
			flood(next, first, seen)
		}
		if !seen[n.Name] {
			b.fault(index("nodes", i), "no links lead from %s to %s", first, n.Name)
		}
	}
}

func flood(next map[topology.NodeName][]topology.NodeName, from topology.NodeName, seen map[topology.NodeName]bool) {
	queue := []topology.NodeName{from}
	seen[from] = true
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, m := range next[n] {
			if !seen[m] {
				seen[m] = true
				queue = append(queue, m)
			}
		}
	}
}

// canHost reports whether addr can be a host's in prefix: not the network's or
// the broadcast address of an IPv4 subnet (RFC 3021 exempts a /31).
func canHost(prefix netip.Prefix, addr netip.Addr) bool {
	if !prefix.Contains(addr) {
		return false
	}
	if !addr.Is4() || prefix.Bits() >= 31 {
		return true
	}
	network := prefix.Masked().Addr()
	return addr != network && addr != broadcast(network, prefix.Bits())
}

// broadcast returns the last address of an IPv4 subnet.
func broadcast(network netip.Addr, bits int) netip.Addr {
	b := network.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])|(1<<(32-bits)-1))
	return netip.AddrFrom4(b)
}
