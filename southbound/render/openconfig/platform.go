// SPDX-License-Identifier: Apache-2.0

package openconfig

import "github.com/s2cd/s2cd/southbound"

// Platform says how one kind of device deviates from the published models.
// QoS and VPNv6 are those of southbound.Platform.
type Platform struct {
	Name         string
	QoS          bool // has schedulers bound to subinterfaces
	VPNv6        bool // forwards IPv6 between VRFs of different devices (RFC 4659)
	PortEntry    bool // wants the port's own entry (name, type) beside a first subinterface
	Tables       bool // redistributes by tables and table-connections; else by itself
	ReadsSecrets bool // shows TCP MD5 keys as they were written, so that they can be compared
}

// LookupPlatform returns the deviations of a platform by its name in the
// inventory.
func LookupPlatform(name string) (Platform, bool) {
	can, known := southbound.Platforms()[name]
	for _, p := range []Platform{
		{Name: "labpe", PortEntry: true, Tables: true, ReadsSecrets: true},
		{Name: "generic-openconfig", PortEntry: true, Tables: true},
		{Name: "srlinux-oc", Tables: true}, // its ports exist
	} {
		if p.Name == name && known {
			p.QoS, p.VPNv6 = can.QoS, can.VPNv6
			return p, true
		}
	}
	return Platform{}, false
}
