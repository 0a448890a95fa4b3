// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"

	"github.com/openconfig/lemming/gnmi/oc"
)

// Plan is what a tree means on this kind of box, normalised: two trees that
// mean the same give equal plans.
type Plan struct {
	Ports  map[string]Port
	Subifs map[string]Subif // by device name, PORT.INDEX
	VRFs   map[string]VRF
	Rates  map[string]Rate // by device name
}

// Port is a physical interface.
type Port struct {
	Enabled bool
	MTU     int // 0: as it is
}

// Subif is a VLAN subinterface.
type Subif struct {
	Port        string
	VLAN        int
	Enabled     bool
	MTU         int // 0: the port's
	Addrs       []netip.Prefix
	VRF         string // empty: none
	Description string
}

// VRF is an L3VRF network instance.
type VRF struct {
	RD              string
	Import, Export  []string
	AS              uint32
	RouterID        string
	RedistConnected bool
	RedistStatic    bool
	Statics         []Static
	Neighbors       map[string]Neighbor // by address
}

// Static is a static route in a VRF.
type Static struct {
	Prefix  netip.Prefix
	NextHop netip.Addr
	Metric  uint32 // becomes the MED; 0: none
}

// Neighbor is a BGP session with a customer's router.
type Neighbor struct {
	PeerAS, LocalAS uint32
	MaxPrefixes     uint32
	Password        string
	Enabled         bool
}

// Rate is what a subinterface may send and get, bit/s; 0 is no limit.
type Rate struct {
	PoliceBps, ShapeBps     uint64
	PoliceBurst, ShapeBurst uint32 // bytes
}

// Limits are what the box can do.
type Limits struct {
	MaxVRFs int
	AS      uint32
}

// maxDeviceName is IFNAMSIZ without its NUL.
const maxDeviceName = 15

// maxMetric is the last that leaves a number of a route map for all others.
const maxMetric = 65534

// NewPlan reads a tree. Its error names everything that the box cannot do.
func NewPlan(root *oc.Root, lim Limits) (*Plan, error) {
	p := &Plan{Ports: map[string]Port{}, Subifs: map[string]Subif{}, VRFs: map[string]VRF{}, Rates: map[string]Rate{}}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(root.Interface)) {
		errs = append(errs, p.addInterface(name, root.Interface[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(root.NetworkInstance)) {
		errs = append(errs, p.addInstance(name, root.NetworkInstance[name], lim))
	}
	if len(p.VRFs) > lim.MaxVRFs {
		errs = append(errs, fmt.Errorf("%d VRFs: the box holds at most %d", len(p.VRFs), lim.MaxVRFs))
	}
	errs = append(errs, p.addQoS(root.GetQos()))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Plan) addInterface(name string, i *oc.Interface) error {
	p.Ports[name] = Port{Enabled: i.GetEnabled(), MTU: int(i.GetMtu())}
	vlans := map[int]uint32{}
	var errs []error
	for _, index := range slices.Sorted(maps.Keys(i.Subinterface)) {
		sub := i.Subinterface[index]
		vlan := int(sub.GetVlan().GetMatch().GetSingleTagged().GetVlanId())
		if index == 0 && vlan == 0 {
			continue // the untagged port itself
		}
		s, err := newSubif(name, vlan, sub)
		if err != nil {
			errs = append(errs, fmt.Errorf("subinterface %s.%d: %w", name, index, err))
			continue
		}
		if other, ok := vlans[vlan]; ok {
			errs = append(errs, fmt.Errorf("subinterface %s.%d: VLAN %d is used by %s.%d already", name, index, vlan, name, other))
		}
		vlans[vlan] = index
		device := name + "." + strconv.FormatUint(uint64(index), 10)
		if len(device) > maxDeviceName {
			errs = append(errs, fmt.Errorf("subinterface %s: a name has at most %d characters", device, maxDeviceName))
		}
		p.Subifs[device] = s
	}
	return errors.Join(errs...)
}

func newSubif(port string, vlan int, sub *oc.Interface_Subinterface) (Subif, error) {
	if vlan == 0 {
		return Subif{}, errors.New("vlan/match/single-tagged/config/vlan-id is missing")
	}
	s := Subif{
		Port: port, VLAN: vlan, Enabled: sub.GetEnabled(), Description: sub.GetDescription(),
		MTU: max(int(sub.GetIpv4().GetMtu()), int(sub.GetIpv6().GetMtu())),
	}
	add := func(ip string, bits uint8) error {
		a, err := netip.ParseAddr(ip)
		if err != nil {
			return fmt.Errorf("address %q: %w", ip, err)
		}
		s.Addrs = append(s.Addrs, netip.PrefixFrom(a, int(bits)))
		return nil
	}
	for ip, a := range v4addrs(sub) {
		if err := add(ip, a.GetPrefixLength()); err != nil {
			return Subif{}, err
		}
	}
	for ip, a := range v6addrs(sub) {
		if err := add(ip, a.GetPrefixLength()); err != nil {
			return Subif{}, err
		}
	}
	slices.SortFunc(s.Addrs, comparePrefix)
	return s, nil
}

func (p *Plan) addInstance(name string, ni *oc.NetworkInstance, lim Limits) error {
	if ni.GetType() != oc.NetworkInstanceTypes_NETWORK_INSTANCE_TYPE_L3VRF {
		return nil // the default instance is the operator's own
	}
	if len(name) > maxDeviceName {
		return fmt.Errorf("network instance %s: a name has at most %d characters", name, maxDeviceName)
	}
	if _, ok := p.Ports[name]; ok {
		return fmt.Errorf("network instance %s: an interface has that name", name)
	}
	v := VRF{RD: ni.GetRouteDistinguisher(), Neighbors: map[string]Neighbor{}}
	errs := []error{p.bindInterfaces(name, ni)}
	policy := ni.GetInterInstancePolicies().GetImportExportPolicy()
	for _, t := range policy.GetImportRouteTarget() {
		v.Import = append(v.Import, fmt.Sprint(t))
	}
	for _, t := range policy.GetExportRouteTarget() {
		v.Export = append(v.Export, fmt.Sprint(t))
	}
	slices.Sort(v.Import)
	slices.Sort(v.Export)
	for _, proto := range ni.Protocol {
		errs = append(errs, v.addStatics(proto), v.addBGP(proto, lim))
	}
	slices.SortFunc(v.Statics, func(a, b Static) int {
		return cmp.Or(comparePrefix(a.Prefix, b.Prefix), a.NextHop.Compare(b.NextHop), cmp.Compare(a.Metric, b.Metric))
	})
	v.addRedistribution(ni)
	if (len(v.Import) > 0 || len(v.Export) > 0) && v.AS == 0 {
		v.AS = lim.AS
	}
	if v.AS != 0 && len(v.Export) > 0 && v.RD == "" {
		errs = append(errs, errors.New("routes are exported but there is no route-distinguisher"))
	}
	p.VRFs[name] = v
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("network instance %s: %w", name, err)
	}
	return nil
}

func (p *Plan) bindInterfaces(name string, ni *oc.NetworkInstance) error {
	var errs []error
	for id, i := range ni.Interface {
		device := i.GetInterface() + "." + strconv.FormatUint(uint64(i.GetSubinterface()), 10)
		s, ok := p.Subifs[device]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("interface %s: there is no subinterface %s", id, device))
		case s.VRF != "":
			errs = append(errs, fmt.Errorf("interface %s: subinterface %s is in network instance %s already", id, device, s.VRF))
		default:
			s.VRF = name
			p.Subifs[device] = s
		}
	}
	return errors.Join(errs...)
}

// errIPv6 is the refusal of IPv6 routing in a VRF: the routes would travel as
// VPNv6, but the forwarding plane does not take them.
var errIPv6 = errors.New("IPv6 routes in a VRF (VPNv6) are not supported by this platform")

func (v *VRF) addStatics(proto *oc.NetworkInstance_Protocol) error {
	for prefix, st := range proto.Static {
		dst, err := netip.ParsePrefix(prefix)
		if err != nil {
			return fmt.Errorf("static route %q: %w", prefix, err)
		}
		for _, nh := range st.NextHop {
			text, ok := nh.GetNextHop().(oc.UnionString)
			if !ok {
				return fmt.Errorf("static route %s: only an address can be its next hop", prefix)
			}
			via, err := netip.ParseAddr(string(text))
			if err != nil {
				return fmt.Errorf("static route %s: next hop %q: %w", prefix, text, err)
			}
			if !dst.Addr().Is4() || !via.Is4() {
				return fmt.Errorf("static route %s: %w", prefix, errIPv6)
			}
			if nh.GetMetric() > maxMetric {
				return fmt.Errorf("static route %s: a metric is at most %d", prefix, maxMetric)
			}
			v.Statics = append(v.Statics, Static{dst.Masked(), via, nh.GetMetric()})
		}
	}
	return nil
}

func (v *VRF) addBGP(proto *oc.NetworkInstance_Protocol, lim Limits) error {
	if proto.GetIdentifier() != oc.PolicyTypes_INSTALL_PROTOCOL_TYPE_BGP {
		return nil
	}
	g := proto.GetBgp().GetGlobal()
	v.AS, v.RouterID = g.GetAs(), g.GetRouterId()
	if v.AS == 0 {
		v.AS = lim.AS
	}
	if v.AS != lim.AS {
		return fmt.Errorf("bgp as %d: the box is in AS %d; use local-as at the neighbor", v.AS, lim.AS)
	}
	if proto.GetBgp() == nil {
		return nil
	}
	for address, n := range proto.GetBgp().Neighbor {
		a, err := netip.ParseAddr(address)
		if err != nil {
			return fmt.Errorf("bgp neighbor %q: %w", address, err)
		}
		if !a.Is4() {
			return fmt.Errorf("bgp neighbor %s: %w", address, errIPv6)
		}
		if n.GetPeerAs() == 0 {
			return fmt.Errorf("bgp neighbor %s: peer-as is missing", address)
		}
		// A model may hold one password for many sessions; FRR's line ends
		// at the first blank.
		if hasBlank(n.GetAuthPassword()) {
			return fmt.Errorf("bgp neighbor %s: auth-password has a blank or control character", address)
		}
		u := n.GetAfiSafi(oc.BgpTypes_AFI_SAFI_TYPE_IPV4_UNICAST).GetIpv4Unicast()
		v.Neighbors[address] = Neighbor{
			PeerAS: n.GetPeerAs(), LocalAS: n.GetLocalAs(), Password: n.GetAuthPassword(), Enabled: n.GetEnabled(),
			MaxPrefixes: max(u.GetPrefixLimit().GetMaxPrefixes(), u.GetPrefixLimitReceived().GetMaxPrefixes()),
		}
	}
	return nil
}

// addRedistribution reads the table connections to BGP. Those of IPv6 have no
// effect here: what they would carry is not supported and refused elsewhere.
func (v *VRF) addRedistribution(ni *oc.NetworkInstance) {
	for key := range ni.TableConnection {
		if key.DstProtocol != oc.PolicyTypes_INSTALL_PROTOCOL_TYPE_BGP || key.AddressFamily != oc.Types_ADDRESS_FAMILY_IPV4 {
			continue
		}
		v.RedistConnected = v.RedistConnected || key.SrcProtocol == oc.PolicyTypes_INSTALL_PROTOCOL_TYPE_DIRECTLY_CONNECTED
		v.RedistStatic = v.RedistStatic || key.SrcProtocol == oc.PolicyTypes_INSTALL_PROTOCOL_TYPE_STATIC
	}
}

func (p *Plan) addQoS(q *oc.Qos) error {
	if q == nil {
		return nil
	}
	var errs []error
	for id, i := range q.Interface {
		ref := i.GetInterfaceRef()
		device := ref.GetInterface() + "." + strconv.FormatUint(uint64(ref.GetSubinterface()), 10)
		if _, ok := p.Subifs[device]; !ok {
			errs = append(errs, fmt.Errorf("qos interface %s: there is no subinterface %s", id, device))
			continue
		}
		var r Rate
		var err error
		if name := i.GetInput().GetSchedulerPolicy().GetName(); name != "" {
			r.PoliceBps, r.PoliceBurst, err = scheduler(q, name, oc.QosTypes_QueueBehavior_POLICE)
			errs = append(errs, err)
		}
		if name := i.GetOutput().GetSchedulerPolicy().GetName(); name != "" {
			r.ShapeBps, r.ShapeBurst, err = scheduler(q, name, oc.QosTypes_QueueBehavior_SHAPE)
			errs = append(errs, err)
		}
		if r != (Rate{}) {
			p.Rates[device] = r
		}
	}
	return errors.Join(errs...)
}

// scheduler reads the one rate of a policy.
func scheduler(q *oc.Qos, name string, want oc.E_QosTypes_QueueBehavior) (uint64, uint32, error) {
	policy := q.GetSchedulerPolicy(name)
	if policy == nil || len(policy.Scheduler) != 1 {
		return 0, 0, fmt.Errorf("scheduler policy %s: exactly one scheduler is supported", name)
	}
	for _, s := range policy.Scheduler {
		rate := s.GetOneRateTwoColor()
		if rate.GetCir() < 8000 {
			return 0, 0, fmt.Errorf("scheduler policy %s: one-rate-two-color with a cir of at least 8000 bit/s is needed", name)
		}
		if b := rate.GetQueuingBehavior(); b != want {
			return 0, 0, fmt.Errorf("scheduler policy %s: queuing-behavior is %s, %s is needed there", name, b, want)
		}
		burst := rate.GetBc()
		if burst == 0 {
			// 50 ms of the rate, at least ten full packets.
			burst = uint32(min(max(rate.GetCir()/8/20, 15000), 1<<24))
		}
		return rate.GetCir(), burst, nil
	}
	return 0, 0, nil
}

func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}

func hasBlank(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return r <= ' ' || r == 0x7f })
}

func equal[T any](a, b T) bool { return reflect.DeepEqual(a, b) }

func v4addrs(s *oc.Interface_Subinterface) map[string]*oc.Interface_Subinterface_Ipv4_Address {
	if s.GetIpv4() == nil {
		return nil
	}
	return s.Ipv4.Address
}

func v6addrs(s *oc.Interface_Subinterface) map[string]*oc.Interface_Subinterface_Ipv6_Address {
	if s.GetIpv6() == nil {
		return nil
	}
	return s.Ipv6.Address
}
