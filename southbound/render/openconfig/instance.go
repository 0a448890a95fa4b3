// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"fmt"
	"strconv"

	"github.com/openconfig/ygot/ygot"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/oc"
)

// Short names of the model's identities.
const (
	protoBGP       = oc.OpenconfigPolicyTypes_INSTALL_PROTOCOL_TYPE_BGP
	protoStatic    = oc.OpenconfigPolicyTypes_INSTALL_PROTOCOL_TYPE_STATIC
	protoConnected = oc.OpenconfigPolicyTypes_INSTALL_PROTOCOL_TYPE_DIRECTLY_CONNECTED
	familyIPv4     = oc.OpenconfigTypes_ADDRESS_FAMILY_IPV4
	familyIPv6     = oc.OpenconfigTypes_ADDRESS_FAMILY_IPV6
	unicastIPv4    = oc.OpenconfigBgpTypes_AFI_SAFI_TYPE_IPV4_UNICAST
	unicastIPv6    = oc.OpenconfigBgpTypes_AFI_SAFI_TYPE_IPV6_UNICAST
)

type (
	protocol = oc.E_OpenconfigPolicyTypes_INSTALL_PROTOCOL_TYPE
	family   = oc.E_OpenconfigTypes_ADDRESS_FAMILY
	afiSafi  = oc.E_OpenconfigBgpTypes_AFI_SAFI_TYPE
)

func (m *Model) instance(v southbound.VRF, keyed keyed) (*oc.NetworkInstance, error) {
	ni := &oc.NetworkInstance{
		Name:        ygot.String(v.Name),
		Type:        oc.OpenconfigNetworkInstanceTypes_NETWORK_INSTANCE_TYPE_L3VRF,
		Description: ygot.String(formatMark(v.Mark, "")),
		Interface:   map[string]*oc.NetworkInstance_Interface{},
		Protocol:    map[oc.NetworkInstance_Protocol_Key]*oc.NetworkInstance_Protocol{},
		Table:       map[oc.NetworkInstance_Table_Key]*oc.NetworkInstance_Table{},

		TableConnection: map[oc.NetworkInstance_TableConnection_Key]*oc.NetworkInstance_TableConnection{},
	}
	if v.RD != "" {
		ni.RouteDistinguisher = ygot.String(v.RD)
	}
	if len(v.ImportRTs)+len(v.ExportRTs) > 0 {
		p := &oc.NetworkInstance_InterInstancePolicies_ImportExportPolicy{}
		for _, rt := range v.ImportRTs {
			p.ImportRouteTarget = append(p.ImportRouteTarget, oc.UnionString(rt))
		}
		for _, rt := range v.ExportRTs {
			p.ExportRouteTarget = append(p.ExportRouteTarget, oc.UnionString(rt))
		}
		ni.InterInstancePolicies = &oc.NetworkInstance_InterInstancePolicies{ImportExportPolicy: p}
	}
	for _, a := range v.Attachments {
		id := interfaceID(a.Port, uint32(a.VLAN))
		ni.Interface[id] = &oc.NetworkInstance_Interface{
			Id: &id, Interface: ygot.String(a.Port), Subinterface: ygot.Uint32(uint32(a.VLAN)),
		}
	}
	m.addStatic(ni, v.Routes)
	if err := m.addBGP(ni, v, keyed); err != nil {
		return nil, err
	}
	return ni, nil
}

func (m *Model) addStatic(ni *oc.NetworkInstance, routes []southbound.StaticRoute) {
	if len(routes) == 0 {
		return
	}
	p := addProtocol(ni, protoStatic, "static")
	p.Static = map[string]*oc.NetworkInstance_Protocol_Static{}
	for _, r := range routes {
		prefix := r.Prefix.String()
		static := p.Static[prefix]
		if static == nil {
			static = &oc.NetworkInstance_Protocol_Static{
				Prefix: &prefix, NextHop: map[string]*oc.NetworkInstance_Protocol_Static_NextHop{},
			}
			p.Static[prefix] = static
		}
		index := strconv.Itoa(len(static.NextHop))
		hop := &oc.NetworkInstance_Protocol_Static_NextHop{Index: &index, NextHop: oc.UnionString(r.NextHop.String())}
		if r.Metric > 0 { // a table connection reflects it in the MED
			hop.Metric = ygot.Uint32(r.Metric)
		}
		static.NextHop[index] = hop
	}
}

// addBGP adds the VRF's BGP with neighbours, and what else is known in the VRF
// redistributed into it: that is what other PEs learn (RFC 4364 section 4.3).
func (m *Model) addBGP(ni *oc.NetworkInstance, v southbound.VRF, keyed keyed) error {
	sources := map[family]map[protocol]bool{}
	add := func(is4 bool, p protocol) {
		f := familyIPv6
		if is4 {
			f = familyIPv4
		}
		if f == familyIPv6 && !m.config.Platform.VPNv6 {
			return
		}
		if sources[f] == nil {
			sources[f] = map[protocol]bool{}
		}
		sources[f][p] = true
	}
	for _, a := range v.Attachments {
		for _, p := range a.Addresses {
			add(p.Addr().Is4(), protoConnected)
		}
	}
	for _, r := range v.Routes {
		add(r.Prefix.Addr().Is4(), protoStatic)
	}
	for _, n := range v.Neighbors {
		add(n.Address.Is4(), protoBGP)
	}
	if len(sources) == 0 {
		return nil
	}
	bgp := &oc.NetworkInstance_Protocol_Bgp{
		Global: &oc.NetworkInstance_Protocol_Bgp_Global{
			As:      ygot.Uint32(m.config.AS),
			AfiSafi: map[afiSafi]*oc.NetworkInstance_Protocol_Bgp_Global_AfiSafi{},
		},
		Neighbor: map[string]*oc.NetworkInstance_Protocol_Bgp_Neighbor{},
	}
	addProtocol(ni, protoBGP, "bgp").Bgp = bgp
	for f, protocols := range sources {
		name := unicastOf(f)
		bgp.Global.AfiSafi[name] = &oc.NetworkInstance_Protocol_Bgp_Global_AfiSafi{AfiSafiName: name, Enabled: ygot.Bool(true)}
		if m.config.Platform.Tables {
			connectTables(ni, f, protocols)
		}
	}
	for _, n := range v.Neighbors {
		neighbor, err := m.neighbor(n, keyed != nil && keyed(v.Name, n))
		if err != nil {
			return fmt.Errorf("neighbor %s: %w", n.Address, err)
		}
		bgp.Neighbor[n.Address.String()] = neighbor
	}
	return nil
}

// connectTables lets protocols flow into BGP. The model's leafrefs want a
// table and a protocol entry for each end.
func connectTables(ni *oc.NetworkInstance, f family, protocols map[protocol]bool) {
	addTable(ni, protoBGP, f)
	for p := range protocols {
		if p == protoBGP {
			continue
		}
		if p == protoConnected {
			addProtocol(ni, protoConnected, "connected")
		}
		addTable(ni, p, f)
		key := oc.NetworkInstance_TableConnection_Key{SrcProtocol: p, DstProtocol: protoBGP, AddressFamily: f}
		ni.TableConnection[key] = &oc.NetworkInstance_TableConnection{
			SrcProtocol: p, DstProtocol: protoBGP, AddressFamily: f,
			DefaultImportPolicy: oc.OpenconfigRoutingPolicy_DefaultPolicyType_ACCEPT_ROUTE,
		}
	}
}

func addTable(ni *oc.NetworkInstance, p protocol, f family) {
	ni.Table[oc.NetworkInstance_Table_Key{Protocol: p, AddressFamily: f}] = &oc.NetworkInstance_Table{
		Protocol: p, AddressFamily: f,
	}
}

func addProtocol(ni *oc.NetworkInstance, id protocol, name string) *oc.NetworkInstance_Protocol {
	key := oc.NetworkInstance_Protocol_Key{Identifier: id, Name: name}
	if p := ni.Protocol[key]; p != nil {
		return p
	}
	p := &oc.NetworkInstance_Protocol{Identifier: id, Name: &name}
	ni.Protocol[key] = p
	return p
}

func (m *Model) neighbor(n southbound.BGPNeighbor, key bool) (*oc.NetworkInstance_Protocol_Bgp_Neighbor, error) {
	name := unicastIPv4
	if n.Address.Is6() {
		name = unicastIPv6
	}
	af := &oc.NetworkInstance_Protocol_Bgp_Neighbor_AfiSafi{AfiSafiName: name, Enabled: ygot.Bool(true)}
	if n.MaxPrefixes > 0 && n.Address.Is6() {
		af.Ipv6Unicast = &oc.NetworkInstance_Protocol_Bgp_Neighbor_AfiSafi_Ipv6Unicast{
			PrefixLimit: &oc.NetworkInstance_Protocol_Bgp_Neighbor_AfiSafi_Ipv6Unicast_PrefixLimit{MaxPrefixes: &n.MaxPrefixes},
		}
	} else if n.MaxPrefixes > 0 {
		af.Ipv4Unicast = &oc.NetworkInstance_Protocol_Bgp_Neighbor_AfiSafi_Ipv4Unicast{
			PrefixLimit: &oc.NetworkInstance_Protocol_Bgp_Neighbor_AfiSafi_Ipv4Unicast_PrefixLimit{MaxPrefixes: &n.MaxPrefixes},
		}
	}
	neighbor := &oc.NetworkInstance_Protocol_Bgp_Neighbor{
		NeighborAddress: ygot.String(n.Address.String()), PeerAs: &n.PeerAS, Enabled: ygot.Bool(true),
		AfiSafi: map[afiSafi]*oc.NetworkInstance_Protocol_Bgp_Neighbor_AfiSafi{name: af},
	}
	if n.LocalAS != m.config.AS {
		neighbor.LocalAs = &n.LocalAS
	}
	if n.Secret == "" {
		return neighbor, nil
	}
	// The device keeps the reference beside the key, for reading back.
	neighbor.Description = ygot.String(secretPrefix + n.Secret)
	if !key {
		return neighbor, nil
	}
	var err error
	neighbor.AuthPassword, err = m.key(n.Secret)
	return neighbor, err
}

func unicastOf(f family) afiSafi {
	if f == familyIPv6 {
		return unicastIPv6
	}
	return unicastIPv4
}
