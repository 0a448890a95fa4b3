// SPDX-License-Identifier: Apache-2.0

// Package kernel realises a gateway's configuration in Linux: a VRF device for
// each VPN, VLAN subinterfaces towards the edge, WireGuard towards clouds,
// routes, shaping. It compares first and writes only what differs, so what
// runs is adopted. It touches nothing but what carries its mark: links by
// their alias, routes by their protocol number in its own range of tables,
// queueing on its own links, an nftables table named s2cd.
package kernel
