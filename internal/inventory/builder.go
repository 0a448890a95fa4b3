// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/s2cd/s2cd/internal/strictyaml"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// builder turns a file into an Inventory, section by section. Sections come in
// the order of the file: each may look at what earlier ones entered.
type builder struct {
	doc  *strictyaml.Doc
	file file
	out  *Inventory

	platforms map[string]southbound.Platform
	nodeAt    map[topology.NodeName]int    // index in Network.Nodes
	linkPorts map[nodePort]string          // who uses a port: path in the file
	accessAt  map[nodePort]filePort        // access ports
	gatewayAt map[topology.NodeName]int    // index in file.Gateways
	handoffAt map[string]int               // index in out.Handoffs
	classes   map[string]bool              // named in the shares of any link
	vlans     map[nodePort][]vlanUse       // VLANs of a PE port
	names     map[string]map[string]string // by kind: name, path of the first
}

// vlanUse is a range of VLANs of a port and where the file gives it out.
type vlanUse struct {
	Range
	path string
}

func newBuilder(doc *strictyaml.Doc) *builder {
	return &builder{
		doc: doc,
		out: &Inventory{
			Network:  &topology.Network{},
			Partners: map[string]Partner{},
			Pools:    Pools{VLANs: map[string]Range{}, Tunnels: map[topology.NodeName]Range{}},
		},
		platforms: southbound.Platforms(),
		nodeAt:    map[topology.NodeName]int{},
		linkPorts: map[nodePort]string{},
		accessAt:  map[nodePort]filePort{},
		gatewayAt: map[topology.NodeName]int{},
		handoffAt: map[string]int{},
		classes:   map[string]bool{},
		vlans:     map[nodePort][]vlanUse{},
		names:     map[string]map[string]string{},
	}
}

func (b *builder) fault(path, format string, args ...any) { b.doc.Fault(path, format, args...) }

// Patterns of names; they end up on devices, in arc names and in URLs.
var (
	nodePattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	portPattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:-]{0,62}$`)
	tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	wordPattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
)

// name checks form and uniqueness of a name of a kind; scope separates names
// that may repeat elsewhere.
func (b *builder) name(path, kind, name string, form *regexp.Regexp) {
	if name == "" {
		b.fault(path, "must not be empty")
		return
	}
	if !form.MatchString(name) {
		b.fault(path, "%q is not a name: %s", name, rulesOf(form))
	}
	b.unique(path, kind, name)
}

// unique refuses a name that its kind has already.
func (b *builder) unique(path, kind, name string) {
	if b.names[kind] == nil {
		b.names[kind] = map[string]string{}
	}
	if first, twice := b.names[kind][name]; twice {
		b.fault(path, "%q is given twice, first in line %d", name, b.doc.Line(first))
		return
	}
	b.names[kind][name] = path
}

func rulesOf(form *regexp.Regexp) string {
	switch form {
	case tenantPattern:
		return "1 to 63 of a-z 0-9 -"
	case wordPattern:
		return "1 to 32 of a-z 0-9 -"
	case portPattern:
		return "1 to 63 of A-Z a-z 0-9 . _ - / :"
	}
	return "1 to 63 of A-Z a-z 0-9 . _ -"
}

// node returns the node that path refers to.
func (b *builder) node(path, name string) (topology.Node, bool) {
	i, ok := b.nodeAt[topology.NodeName(name)]
	if !ok {
		if name != "" {
			b.fault(path, "no node is called %q", name)
		}
		return topology.Node{}, false
	}
	return b.out.Network.Nodes[i], true
}

// nodeOf is node with a role.
func (b *builder) nodeOf(path, name string, role topology.Role) (topology.Node, bool) {
	n, ok := b.node(path, name)
	if ok && n.Role == "" {
		return n, false // said of the node
	}
	if ok && n.Role != role {
		b.fault(path, "%s is a %s, want a %s", name, n.Role, role)
		return n, false
	}
	return n, ok
}

// shares resolves what may be sold of a capacity.
func (b *builder) shares(path string, own *fileShares) topology.Shares {
	s := own
	if s == nil {
		s, path = b.file.Defaults.Reservable, "defaults.reservable"
	}
	if s == nil {
		return topology.Shares{All: 1000}
	}
	out := topology.Shares{All: uint32(s.All)}
	if s.All == 0 || s.All > 1000 {
		b.fault(path+".all", "must be above 0%% and at most 100%%")
	}
	for _, class := range slices.Sorted(maps.Keys(s.Classes)) {
		part := s.Classes[class]
		at := path + ".classes." + class
		if !wordPattern.MatchString(class) {
			b.fault(at, "%q is not a name: %s", class, rulesOf(wordPattern))
		}
		if part > s.All {
			b.fault(at, "is more than all")
		}
		if out.ByClass == nil {
			out.ByClass = map[string]uint32{}
		}
		out.ByClass[class] = uint32(part)
	}
	return out
}

func (b *builder) access(name string, node topology.NodeName, capacity rate, micros uint32, s topology.Shares) {
	b.out.Network.Access = append(b.out.Network.Access, topology.Access{
		Name: name, Node: node, Kbps: uint64(capacity), Micros: micros, Reservable: s,
	})
}

func index(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
