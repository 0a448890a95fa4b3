// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/oc"
)

// place is a subinterface.
type place struct {
	port string
	vlan uint16
}

// found is a marked subinterface.
type found struct {
	attachment southbound.Attachment
	mark       southbound.Mark
	used       bool
}

// ParseConfig implements gnmi.Model. A marked object that is not as s2cd
// writes it reads as one that differs from everything wanted (an attachment
// with MTU 0, a neighbour with AS 0, a route without next hop), so that it is
// written anew. Marked subinterfaces that no marked VRF holds come in VRFs
// without a name, so that they are removed.
func (m *Model) ParseConfig(notifications []*gpb.Notification) (southbound.DeviceConfig, error) {
	known := memory{}
	if last := m.last.Load(); last != nil {
		known = last.made
	}
	root, err := treeOf(notifications, known)
	if err != nil {
		return southbound.DeviceConfig{}, err
	}
	seen := &survey{placeEpochs: map[place]uint64{}, instanceEpochs: map[string]uint64{}, made: memory{}}
	subs, err := subinterfaces(root, seen)
	if err != nil {
		return southbound.DeviceConfig{}, err
	}
	if err := readQoS(root, subs, seen.made); err != nil {
		return southbound.DeviceConfig{}, err
	}
	var c southbound.DeviceConfig
	for _, entry := range entriesOf(root, "network-instances", "network-instance") {
		i, err := recall(seen.made, entry, m.readInstance)
		if err != nil {
			return southbound.DeviceConfig{}, err
		}
		if !i.ours {
			seen.instanceEpochs[i.name] = unmarked
			continue
		}
		seen.instanceEpochs[i.name] = i.vrf.Mark.Epoch
		c.VRFs = append(c.VRFs, i.with(subs))
	}
	c.VRFs = append(c.VRFs, leftovers(subs)...)
	c.Normalize()
	seen.places = slices.SortedFunc(maps.Keys(subs), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.vlan, b.vlan))
	})
	m.last.Store(seen)
	return c, nil
}

// unmarshal decodes a list entry; members that are not in the bindings are
// skipped.
func unmarshal(typeName string, entry node, into ygot.GoStruct) error {
	if err := ytypes.Unmarshal(oc.SchemaTree[typeName], into, entry, &ytypes.IgnoreExtraFields{}); err != nil {
		return fmt.Errorf("not as the model says: %w", err)
	}
	return nil
}

// subinterface is an entry of a port.
type subinterface struct {
	index      uint64
	marked     bool
	mark       southbound.Mark
	attachment southbound.Attachment // of a marked one
}

// subinterfaces returns the marked ones, and notes all in seen.
func subinterfaces(root node, seen *survey) (map[place]*found, error) {
	subs := map[place]*found{}
	for _, port := range entries(root, "interfaces", "interface") {
		name := text(port["name"])
		for _, entry := range entriesOf(port, "subinterfaces", "subinterface") {
			sub, err := recall(seen.made, entry, readSubinterface)
			if err != nil {
				return nil, fmt.Errorf("subinterface %s.%w", name, err)
			}
			if !sub.marked {
				if where, ok := placeOf(name, sub.index, ""); ok {
					seen.placeEpochs[where] = unmarked
				}
				continue
			}
			a := sub.attachment
			a.Port, a.Addresses = name, slices.Clone(a.Addresses)
			seen.placeEpochs[place{a.Port, a.VLAN}] = sub.mark.Epoch
			subs[place{a.Port, a.VLAN}] = &found{attachment: a, mark: sub.mark}
		}
	}
	return subs, nil
}

func readSubinterface(entry node) (s subinterface, lasting bool, err error) {
	s.index = number(entry["index"])
	var free string
	s.mark, free, s.marked = parseMark(text(member(entry, "config")["description"]))
	if !s.marked {
		return s, true, nil
	}
	sub := &oc.Interface_Subinterface{}
	if err := unmarshal("Interface_Subinterface", entry, sub); err != nil {
		return s, false, fmt.Errorf("%s: %w", text(entry["index"]), err)
	}
	if sub.Index == nil || *sub.Index == 0 || *sub.Index > maxVLAN {
		return s, false, fmt.Errorf("%s: marked, but no VLAN", text(entry["index"]))
	}
	if s.attachment, err = attachment(sub); err != nil {
		return s, false, fmt.Errorf("%d: %w", *sub.Index, err)
	}
	s.attachment.Description = free
	return s, true, nil
}

func attachment(sub *oc.Interface_Subinterface) (southbound.Attachment, error) {
	a := southbound.Attachment{VLAN: uint16(*sub.Index)} //nolint:gosec // G115: checked by the caller.
	var mtus []uint32
	if v4 := sub.Ipv4; v4 != nil {
		for ip, e := range v4.Address {
			p, err := address(ip, e.PrefixLength)
			if err != nil {
				return a, err
			}
			a.Addresses = append(a.Addresses, p)
		}
		if len(v4.Address) > 0 || v4.Mtu != nil {
			mtus = append(mtus, uint32(deref(v4.Mtu)))
		}
	}
	if v6 := sub.Ipv6; v6 != nil {
		for ip, e := range v6.Address {
			p, err := address(ip, e.PrefixLength)
			if err != nil {
				return a, err
			}
			a.Addresses = append(a.Addresses, p)
		}
		if len(v6.Address) > 0 || v6.Mtu != nil {
			mtus = append(mtus, deref(v6.Mtu))
		}
	}
	good := len(mtus) > 0 && slices.Min(mtus) == slices.Max(mtus) && mtus[0] <= 1<<16-1 &&
		deref(sub.Enabled) && taggedWith(sub) == a.VLAN
	if good {
		a.MTU = uint16(mtus[0]) //nolint:gosec // G115: checked above.
	}
	return a, nil
}

func address(ip string, length *uint8) (netip.Prefix, error) {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("address: %w", err)
	}
	p := netip.PrefixFrom(addr.WithZone(""), int(deref(length)))
	if !p.IsValid() || length == nil {
		return p, fmt.Errorf("address %s: bad prefix length", ip)
	}
	return p, nil
}

func taggedWith(sub *oc.Interface_Subinterface) uint16 {
	if sub.Vlan == nil || sub.Vlan.Match == nil || sub.Vlan.Match.SingleTagged == nil {
		return 0
	}
	return deref(sub.Vlan.Match.SingleTagged.VlanId)
}

// rates are those of one of our policies, kbit/s.
type rates struct {
	name          string
	police, shape uint64
}

// binding says which policies a subinterface has.
type binding struct {
	in, out string
	where   place
	known   bool // where is a place
}

// readQoS adds the rates of our policies to the subinterfaces they are bound to.
func readQoS(root node, subs map[place]*found, made memory) error {
	qos := member(root, "qos")
	policies := map[string]rates{}
	for _, entry := range entriesOf(qos, "scheduler-policies", "scheduler-policy") {
		p, err := recall(made, entry, readPolicy)
		if err != nil {
			return err
		}
		if p != nil {
			policies[p.name] = *p
		}
	}
	for _, entry := range entriesOf(qos, "interfaces", "interface") {
		b, err := recall(made, entry, readBinding)
		if err != nil {
			return err
		}
		if f := subs[b.where]; b.known && f != nil {
			f.attachment.PoliceKbps = policies[b.in].police
			f.attachment.ShapeKbps = policies[b.out].shape
		}
	}
	return nil
}

// readPolicy returns nil for a policy that is not ours.
func readPolicy(entry node) (ours *rates, lasting bool, err error) {
	if !strings.HasPrefix(text(entry["name"]), policyPrefix) {
		return nil, true, nil
	}
	p := &oc.Qos_SchedulerPolicy{}
	if err := unmarshal("Qos_SchedulerPolicy", entry, p); err != nil {
		return nil, false, fmt.Errorf("scheduler policy %s: %w", text(entry["name"]), err)
	}
	return &rates{
		name:   deref(p.Name),
		police: rate(p, oc.OpenconfigQosTypes_QueueBehavior_POLICE),
		shape:  rate(p, oc.OpenconfigQosTypes_QueueBehavior_SHAPE),
	}, true, nil
}

func readBinding(entry node) (b binding, lasting bool, err error) {
	b.in = text(member(entry, "input", "scheduler-policy", "config")["name"])
	b.out = text(member(entry, "output", "scheduler-policy", "config")["name"])
	ref := member(entry, "interface-ref", "config")
	b.where, b.known = placeOf(text(ref["interface"]), number(ref["subinterface"]), text(entry["interface-id"]))
	return b, true, nil
}

// rate returns a policy's rate in kbit/s, rounded up; 0 for another kind.
func rate(p *oc.Qos_SchedulerPolicy, behavior oc.E_OpenconfigQosTypes_QueueBehavior) uint64 {
	if len(p.Scheduler) != 1 || p.Scheduler[1] == nil || p.Scheduler[1].OneRateTwoColor == nil {
		return 0
	}
	r := p.Scheduler[1].OneRateTwoColor
	if r.QueuingBehavior != behavior {
		return 0
	}
	cir := deref(r.Cir)
	return cir/1000 + min(cir%1000, 1)
}

// placeOf finds a subinterface by reference, else by an id port.index.
func placeOf(port string, index uint64, id string) (place, bool) {
	if port == "" || index == 0 {
		i := strings.LastIndexByte(id, '.')
		if i < 0 {
			return place{}, false
		}
		n, err := strconv.ParseUint(id[i+1:], 10, 16)
		if err != nil {
			return place{}, false
		}
		port, index = id[:i], n
	}
	if index == 0 || index > maxVLAN {
		return place{}, false
	}
	return place{port, uint16(index)}, true
}

// leftovers returns the subinterfaces that no VRF took, a VRF without name for
// each owner.
func leftovers(subs map[place]*found) []southbound.VRF {
	byMark := map[southbound.Mark][]southbound.Attachment{}
	for _, f := range subs {
		if !f.used {
			byMark[f.mark] = append(byMark[f.mark], f.attachment)
		}
	}
	marks := slices.SortedFunc(maps.Keys(byMark), func(a, b southbound.Mark) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.VPN, b.VPN))
	})
	vrfs := make([]southbound.VRF, 0, len(marks))
	for _, mark := range marks {
		vrfs = append(vrfs, southbound.VRF{Mark: mark, Attachments: byMark[mark]})
	}
	return vrfs
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
