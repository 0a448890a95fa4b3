// SPDX-License-Identifier: Apache-2.0

package southbound

// Platform says what a kind of device can hold. It is data: what a platform
// cannot do is refused when a session is ordered, not when it is applied.
type Platform struct {
	Name    string
	VPNv6   bool // forwards IPv6 between VRFs over MPLS (RFC 4659)
	CEBGP   bool // BGP to the customer's router
	TCPMD5  bool // holds a password for that BGP (RFC 2385)
	MaxVRFs int  // VRFs that s2cd may use; 0: no limit known
	Prober  bool // measures from inside a VRF
	QoS     bool // polices and shapes on subinterfaces
}

// Platforms returns the table of known platforms by name.
func Platforms() map[string]Platform {
	table := []Platform{
		// FRR 8.4 carries VPNv6 routes but never installs them (see lab/README.md).
		{Name: "labpe", CEBGP: true, TCPMD5: true, MaxVRFs: 10, QoS: true},
		{Name: "generic-openconfig", VPNv6: true, CEBGP: true, TCPMD5: true, QoS: true},
		// SR Linux takes OpenConfig without the scheduler model.
		{Name: "srlinux-oc", VPNv6: true, CEBGP: true},
		{Name: "s2cgw", VPNv6: true, Prober: true, QoS: true},
	}
	byName := make(map[string]Platform, len(table))
	for _, p := range table {
		byName[p.Name] = p
	}
	return byName
}
