// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// MaxMetric is the largest IGP metric. A link that has it is announced and not
// used (RFC 5305 section 3.7).
const MaxMetric = 1<<24 - 1

// maxShare is the largest share, in 1/1000: ten times the capacity.
const maxShare = 10_000

// Validate checks every reference, range and address of n. Its error joins all
// faults, in the order of the network; each names the object it is about.
func Validate(n *Network) error { return validate(n, true) }

// ValidateGraph is Validate for a network that is only planned on: it needs no
// AS number, and its nodes no platform, management address and loopback. A
// loopback that is given is checked.
func ValidateGraph(n *Network) error { return validate(n, false) }

func validate(n *Network, operated bool) error {
	v := validator{
		operated:  operated,
		nodes:     map[NodeName]Node{},
		loopbacks: map[netip.Addr]NodeName{},
		managed:   map[string]NodeName{},
		links:     map[string]bool{},
		access:    map[string]bool{},
	}
	if operated && n.AS == 0 {
		v.fault("network: AS number 0 (RFC 7607)")
	}
	for i := range n.Nodes {
		v.node(i, &n.Nodes[i])
	}
	for i := range n.Links {
		v.link(i, &n.Links[i])
	}
	for i := range n.Access {
		v.accessPoint(i, &n.Access[i])
	}
	return errors.Join(v.faults...)
}

// validator remembers what was seen while it walks a network.
type validator struct {
	operated  bool // by s2cd, not only planned on
	nodes     map[NodeName]Node
	loopbacks map[netip.Addr]NodeName
	managed   map[string]NodeName
	links     map[string]bool
	access    map[string]bool
	faults    []error
}

func (v *validator) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf(format, args...))
}

func (v *validator) node(i int, n *Node) {
	if n.Name == "" {
		v.fault("node #%d: no name", i+1)
		return
	}
	if strings.ContainsAny(string(n.Name), " <>:/") {
		v.fault("node %s: a name has no blank and none of < > : /", n.Name)
	}
	if _, twice := v.nodes[n.Name]; twice {
		v.fault("node %s: named twice", n.Name)
		return
	}
	v.nodes[n.Name] = *n
	switch n.Role {
	case PE, Gateway:
		if v.operated {
			v.management(n)
		}
	case P:
	default:
		v.fault("node %s: unknown role %q", n.Name, n.Role)
	}
	v.loopback(n)
	onEarth := math.Abs(n.Location[0]) <= 90 && math.Abs(n.Location[1]) <= 180 // false for NaN
	if !onEarth {
		v.fault("node %s: location %v is not on earth", n.Name, n.Location)
	}
}

// management checks what s2cd needs to manage n.
func (v *validator) management(n *Node) {
	if n.Platform == "" {
		v.fault("node %s: a %s needs a platform", n.Name, n.Role)
	}
	if n.PinSHA256 != "" && !isHex(n.PinSHA256, 64) {
		v.fault("node %s: pin is not 64 hexadecimal digits", n.Name)
	}
	host, port, err := net.SplitHostPort(n.Management)
	if err != nil {
		v.fault("node %s: management address %q is not host:port", n.Name, n.Management)
		return
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 || host == "" {
		v.fault("node %s: management address %q is not host:port", n.Name, n.Management)
	}
	if other, twice := v.managed[n.Management]; twice {
		v.fault("node %s: management address %s is that of %s", n.Name, n.Management, other)
		return
	}
	v.managed[n.Management] = n.Name
}

func (v *validator) loopback(n *Node) {
	if !n.Loopback.IsValid() {
		if v.operated && n.Role == PE {
			v.fault("node %s: a pe needs a loopback", n.Name)
		}
		return
	}
	if n.Loopback.IsUnspecified() || n.Loopback.IsMulticast() || n.Loopback.IsLoopback() {
		v.fault("node %s: loopback %s cannot be a router id", n.Name, n.Loopback)
	}
	if other, twice := v.loopbacks[n.Loopback]; twice {
		v.fault("node %s: loopback %s is that of %s", n.Name, n.Loopback, other)
		return
	}
	v.loopbacks[n.Loopback] = n.Name
}

func (v *validator) link(i int, l *Link) {
	if l.Name == "" {
		v.fault("link #%d: no name", i+1)
		return
	}
	if v.links[l.Name] {
		v.fault("link %s: named twice", l.Name)
		return
	}
	v.links[l.Name] = true
	for _, end := range [2]NodeName{l.A, l.Z} {
		if _, ok := v.nodes[end]; !ok {
			v.fault("link %s: unknown node %q", l.Name, end)
		}
	}
	if l.A == l.Z {
		v.fault("link %s: both ends are %s", l.Name, l.A)
	}
	for d, way := range [2]string{"a to z", "z to a"} {
		if l.Kbps[d] == 0 {
			v.fault("link %s: no capacity %s", l.Name, way)
		}
		if l.IGPMetric[d] == 0 || l.IGPMetric[d] > MaxMetric {
			v.fault("link %s: IGP metric %d %s is not in 1..%d", l.Name, l.IGPMetric[d], way, MaxMetric)
		}
		if l.TEMetric[d] > MaxMetric {
			v.fault("link %s: TE metric %d %s is not in 0..%d", l.Name, l.TEMetric[d], way, MaxMetric)
		}
		if l.LossPPM[d] >= 1_000_000 {
			v.fault("link %s: a loss of %d in a million %s leaves nothing", l.Name, l.LossPPM[d], way)
		}
	}
	v.shares("link "+l.Name, l.Reservable)
}

func (v *validator) accessPoint(i int, a *Access) {
	if a.Name == "" {
		v.fault("access #%d: no name", i+1)
		return
	}
	if v.access[a.Name] {
		v.fault("access %s: named twice", a.Name)
		return
	}
	v.access[a.Name] = true
	if strings.HasPrefix(a.Name, "link:") || strings.ContainsAny(a.Name, "<>") {
		v.fault("access %s: the name would clash with an arc of a link", a.Name)
	}
	node, ok := v.nodes[a.Node]
	switch {
	case !ok:
		v.fault("access %s: unknown node %q", a.Name, a.Node)
	case node.Role == P:
		v.fault("access %s: node %s is a p router, which has no accesses", a.Name, a.Node)
	}
	if a.Kbps == 0 {
		v.fault("access %s: no capacity", a.Name)
	}
	v.shares("access "+a.Name, a.Reservable)
}

func (v *validator) shares(of string, s Shares) {
	if s.All > maxShare {
		v.fault("%s: reservable share %d/1000 is more than %d", of, s.All, maxShare)
	}
	classes := make([]string, 0, len(s.ByClass))
	for class := range s.ByClass {
		classes = append(classes, class)
	}
	slices.Sort(classes)
	for _, class := range classes {
		if class == "" {
			v.fault("%s: a share for a class without a name", of)
		}
		if s.ByClass[class] > maxShare {
			v.fault("%s: share %d/1000 of class %s is more than %d", of, s.ByClass[class], class, maxShare)
		}
	}
}

func isHex(s string, digits int) bool {
	if len(s) != digits {
		return false
	}
	for _, c := range s {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return false
		}
	}
	return true
}
