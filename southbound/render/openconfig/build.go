// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/openconfig/ygot/ygot"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/oc"
)

// Bounds of a policer's burst, bytes: some packets at least, and what fits
// common hardware.
const (
	minBurst = 32_000
	maxBurst = 128 << 20
)

// build makes the tree that holds vrfs. TCP MD5 keys are in it of the neighbours
// that keyed says; nil: of none.
// It is lenient: what was read from a device is rendered as well as can be.
func (m *Model) build(vrfs []southbound.VRF, keyed keyed) (*oc.Device, error) {
	dev := &oc.Device{
		Interface:       map[string]*oc.Interface{},
		NetworkInstance: map[string]*oc.NetworkInstance{},
		Qos: &oc.Qos{
			Interface:       map[string]*oc.Qos_Interface{},
			SchedulerPolicy: map[string]*oc.Qos_SchedulerPolicy{},
		},
	}
	for _, v := range vrfs {
		for _, a := range v.Attachments {
			addSubinterface(dev, v.Mark, a)
			addQoS(dev.Qos, a)
		}
		if v.Name == "" {
			continue
		}
		ni, err := m.instance(v, keyed)
		if err != nil {
			return nil, fmt.Errorf("vrf %s: %w", v.Name, err)
		}
		dev.NetworkInstance[v.Name] = ni
	}
	return dev, nil
}

func addSubinterface(dev *oc.Device, mark southbound.Mark, a southbound.Attachment) {
	port := dev.Interface[a.Port]
	if port == nil {
		port = &oc.Interface{
			Name: ygot.String(a.Port), Type: oc.IETFInterfaces_InterfaceType_ethernetCsmacd,
			Subinterface: map[uint32]*oc.Interface_Subinterface{},
		}
		dev.Interface[a.Port] = port
	}
	sub := &oc.Interface_Subinterface{
		Index:       ygot.Uint32(uint32(a.VLAN)),
		Description: ygot.String(formatMark(mark, a.Description)),
		Enabled:     ygot.Bool(true),
		Vlan: &oc.Interface_Subinterface_Vlan{Match: &oc.Interface_Subinterface_Vlan_Match{
			SingleTagged: &oc.Interface_Subinterface_Vlan_Match_SingleTagged{VlanId: ygot.Uint16(a.VLAN)},
		}},
	}
	for _, p := range a.Addresses {
		addAddress(sub, p, a.MTU)
	}
	if sub.Ipv4 == nil && sub.Ipv6 == nil { // the MTU needs a place
		sub.Ipv4 = &oc.Interface_Subinterface_Ipv4{Enabled: ygot.Bool(true), Mtu: ygot.Uint16(a.MTU)}
	}
	port.Subinterface[uint32(a.VLAN)] = sub
}

func addAddress(sub *oc.Interface_Subinterface, p netip.Prefix, mtu uint16) {
	ip, bits := p.Addr().String(), uint8(p.Bits()) //nolint:gosec // G115: 0..128, or a prefix that validation refuses.
	if p.Addr().Is4() {
		if sub.Ipv4 == nil {
			sub.Ipv4 = &oc.Interface_Subinterface_Ipv4{
				Enabled: ygot.Bool(true), Mtu: ygot.Uint16(mtu),
				Address: map[string]*oc.Interface_Subinterface_Ipv4_Address{},
			}
		}
		sub.Ipv4.Address[ip] = &oc.Interface_Subinterface_Ipv4_Address{Ip: &ip, PrefixLength: &bits}
		return
	}
	if sub.Ipv6 == nil {
		sub.Ipv6 = &oc.Interface_Subinterface_Ipv6{
			Enabled: ygot.Bool(true), Mtu: ygot.Uint32(uint32(mtu)),
			Address: map[string]*oc.Interface_Subinterface_Ipv6_Address{},
		}
	}
	sub.Ipv6.Address[ip] = &oc.Interface_Subinterface_Ipv6_Address{Ip: &ip, PrefixLength: &bits}
}

// addQoS polices what comes from the customer and shapes what goes there.
func addQoS(qos *oc.Qos, a southbound.Attachment) {
	if a.PoliceKbps == 0 && a.ShapeKbps == 0 {
		return
	}
	id := interfaceID(a.Port, uint32(a.VLAN))
	bound := &oc.Qos_Interface{
		InterfaceId: ygot.String(id),
		InterfaceRef: &oc.Qos_Interface_InterfaceRef{
			Interface: ygot.String(a.Port), Subinterface: ygot.Uint32(uint32(a.VLAN)),
		},
	}
	if a.PoliceKbps > 0 {
		name := policyPrefix + id + "-in"
		qos.SchedulerPolicy[name] = policy(name, a.PoliceKbps, oc.OpenconfigQosTypes_QueueBehavior_POLICE)
		bound.Input = &oc.Qos_Interface_Input{SchedulerPolicy: &oc.Qos_Interface_Input_SchedulerPolicy{Name: &name}}
	}
	if a.ShapeKbps > 0 {
		name := policyPrefix + id + "-out"
		qos.SchedulerPolicy[name] = policy(name, a.ShapeKbps, oc.OpenconfigQosTypes_QueueBehavior_SHAPE)
		bound.Output = &oc.Qos_Interface_Output{SchedulerPolicy: &oc.Qos_Interface_Output_SchedulerPolicy{Name: &name}}
	}
	qos.Interface[id] = bound
}

func policy(name string, kbps uint64, behavior oc.E_OpenconfigQosTypes_QueueBehavior) *oc.Qos_SchedulerPolicy {
	rate := &oc.Qos_SchedulerPolicy_Scheduler_OneRateTwoColor{
		Cir: ygot.Uint64(kbps * 1000), Bc: ygot.Uint32(burst(kbps)), QueuingBehavior: behavior,
	}
	if behavior == oc.OpenconfigQosTypes_QueueBehavior_POLICE {
		rate.ExceedAction = &oc.Qos_SchedulerPolicy_Scheduler_OneRateTwoColor_ExceedAction{Drop: ygot.Bool(true)}
	}
	return &oc.Qos_SchedulerPolicy{
		Name: &name,
		Scheduler: map[uint32]*oc.Qos_SchedulerPolicy_Scheduler{1: {
			Sequence: ygot.Uint32(1), Type: oc.OpenconfigQosTypes_QOS_SCHEDULER_TYPE_ONE_RATE_TWO_COLOR,
			OneRateTwoColor: rate,
		}},
	}
}

// burst is what arrives in 50 ms at the rate, so that a TCP flow across it can
// fill it, within bounds.
func burst(kbps uint64) uint32 {
	const bytesPerKbps = 1000 / 8 * 50 / 1000 // 6.25, rounded down
	return uint32(min(max(kbps*bytesPerKbps, minBurst), maxBurst))
}

// interfaceID names a subinterface where the tree wants one string.
func interfaceID(port string, index uint32) string {
	return port + "." + strconv.FormatUint(uint64(index), 10)
}
