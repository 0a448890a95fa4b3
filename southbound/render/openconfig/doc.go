// SPDX-License-Identifier: Apache-2.0

// Package openconfig renders a southbound.DeviceConfig in OpenConfig's tree
// and reads it back: L3VRFs with their routing, VLAN subinterfaces, policers
// and shapers. It does no I/O, and it emits nothing that it cannot read back.
//
// What s2cd owns carries a mark in its description, s2cd:<epoch>:<vpn>, and
// QoS policies a name with the prefix s2cd-. All else is skipped when reading
// and never part of a change.
package openconfig
