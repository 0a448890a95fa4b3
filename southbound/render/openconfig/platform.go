// SPDX-License-Identifier: Apache-2.0

package openconfig

// Platform says how one kind of device deviates from the published models.
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
	for _, p := range []Platform{
		// FRR behind the lab's gNMI server: IPv6 routes of a VRF do not reach
		// its kernel from VPNv6.
		{Name: "labpe", QoS: true, PortEntry: true, Tables: true, ReadsSecrets: true},
		{Name: "generic-openconfig", QoS: true, VPNv6: true, PortEntry: true, Tables: true},
		// SR Linux takes OpenConfig without the scheduler model; its ports exist.
		{Name: "srlinux-oc", VPNv6: true, Tables: true},
	} {
		if p.Name == name {
			return p, true
		}
	}
	return Platform{}, false
}
