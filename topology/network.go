// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"net/netip"
	"strings"
)

// NodeName names a node of the provider's network.
type NodeName string

// Role says what a node does.
type Role string

// The roles.
const (
	PE      Role = "pe"      // provider edge, managed
	P       Role = "p"       // core, not managed
	Gateway Role = "gateway" // Linux cloud gateway with s2cgw, managed
)

// Network is one revision of the topology. It is never changed once built.
type Network struct {
	Revision uint64
	AS       uint32 // the provider's AS number
	Nodes    []Node
	Links    []Link
	Access   []Access
}

// Node is a router or gateway.
type Node struct {
	Name        NodeName
	Role        Role
	Platform    string     // key of the platform table, for example "labpe"
	Loopback    netip.Addr // router id
	Management  string     // host:port of its management server; empty for P
	Identity    string     // what its certificate must name (URI or DNS SAN)
	PinSHA256   string     // hex of its key's SPKI hash; empty: not pinned
	Maintenance bool       // no new paths through it
	Down        bool       // forwards nothing now
	Location    [2]float64 // latitude, longitude; both 0: unknown
}

// Link joins two nodes. Parallel links are allowed.
type Link struct {
	Name        string
	A, Z        NodeName
	Kbps        [2]uint64 // capacity A to Z and Z to A
	Micros      [2]uint32 // latency one way
	IGPMetric   [2]uint32
	TEMetric    [2]uint32 // RFC 5305 section 3.7; 0: the IGP metric
	LossPPM     [2]uint32 // packets lost in a million (RFC 8570 section 4.4), less than 1,000,000
	Reservable  Shares
	SRLGs       []uint32 // shared risk link groups, RFC 4202 section 2.3
	AdminGroups uint32   // RFC 3630 section 2.5.9
	Down        bool
}

// Access is a reservable place at the edge: an access port, a cloud handoff or
// a gateway engine. Both directions are reservable arcs.
type Access struct {
	Name       string // unique: "port:<pe>:<port>", "handoff:<name>", "gateway:<node>"
	Node       NodeName
	Kbps       uint64 // each way
	Micros     uint32 // latency one way it adds
	Reservable Shares
}

// Shares says how much of a capacity may be sold, in 1/1000: in all, and to
// each queue class. A class that is missing may use what All allows.
type Shares struct {
	All     uint32
	ByClass map[string]uint32
}

// ArcName names one direction of a link or access: stable over revisions, the
// key under which reservations are kept.
type ArcName string

// LinkArc returns the name of link's direction: 0 is A to Z, 1 is Z to A.
func LinkArc(link string, direction int) ArcName {
	return ArcName("link:" + link + [2]string{">", "<"}[direction])
}

// AccessArc returns the name of an access's direction: 0 is into the network.
func AccessArc(access string, direction int) ArcName {
	return ArcName(access + [2]string{">", "<"}[direction])
}

// Opposite returns the name of the other direction; empty: a is the name of none.
func (a ArcName) Opposite() ArcName {
	if name, ok := strings.CutSuffix(string(a), ">"); ok {
		return ArcName(name + "<")
	}
	if name, ok := strings.CutSuffix(string(a), "<"); ok {
		return ArcName(name + ">")
	}
	return ""
}

// Use is bandwidth taken on one arc.
type Use struct {
	Arc  ArcName
	Kbps uint64 // after booking factor and overhead
}

// PortAccess returns the name of the Access of an access port.
func PortAccess(pe NodeName, port string) string { return "port:" + string(pe) + ":" + port }

// HandoffAccess returns the name of the Access of a cloud handoff.
func HandoffAccess(name string) string { return "handoff:" + name }

// GatewayAccess returns the name of the Access of a gateway's engine.
func GatewayAccess(gateway NodeName) string { return "gateway:" + string(gateway) }
