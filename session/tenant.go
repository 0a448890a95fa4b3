// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net/netip"

	"github.com/s2cd/s2cd/topology"
)

// TenantID names a customer.
type TenantID string

// Tenant is a customer: one or more API clients that share everything below.
type Tenant struct {
	ID           TenantID
	Name         string
	Clients      []string // OAuth client_id values that act for it
	AccessPoints []AccessPoint
	Quota        Quota
	Prices       map[LevelName]Price `json:",omitzero"` // its price book: in place of the catalogue's; nil: none
	Contact      Contact             `json:",omitzero"`
}

// Contact is whom the provider's people call. Customers' applications never see it.
type Contact struct {
	Name  string
	Email string
	Phone string
}

// Quota caps what a tenant may hold at once; 0 means no cap.
type Quota struct {
	Requests int // a second
	Sessions int
	Kbps     uint64 // sum of guaranteed rates, the larger direction of each session
	Offers   int    // that hold room at once
}

// EndType says what an access point is.
type EndType string

// The types of an access point.
const (
	Site  EndType = "SITE"
	Cloud EndType = "CLOUD"
)

// AccessPoint is where a tenant connects. CE addresses are unique only within
// their tenant.
type AccessPoint struct {
	ID        string
	Type      EndType
	Primary   Terminal
	Secondary *Terminal // another PE or gateway for protected sessions; nil: none
	Location  *Location
}

// Location is a point on the earth in degrees (WGS 84).
type Location struct{ Latitude, Longitude float64 }

// Terminal is one physical way into the network. Exactly one of Attachment and
// Handoff is set.
type Terminal struct {
	Address    netip.Addr // the customer's end: the CE, or the cloud's tunnel endpoint
	Attachment *Attachment
	Handoff    *Handoff
}

// Attachment is a prepared access line of a site (RFC 4364 section 3).
type Attachment struct {
	PE        topology.NodeName
	Port      string
	VLAN      uint16
	Addresses []netip.Prefix // the PE's side
	MTU       uint16         // layer 3, bytes
	MaxKbps   uint64         // of the access line, each way
	Platform  string
}

// HandoffKind says how a cloud is reached.
type HandoffKind string

// The kinds of cloud handoff.
const (
	WireGuard   HandoffKind = "wireguard"
	PartnerVLAN HandoffKind = "partner-vlan"
)

// Handoff is a way into a cloud: through a gateway of the provider behind a PE
// port (wireguard), or as a VLAN to a partner (partner-vlan).
type Handoff struct {
	Kind        HandoffKind
	Name        string // of the handoff in the inventory; it is a reservable arc
	PE          topology.NodeName
	Port        string            // PE port towards the gateway or partner
	Gateway     topology.NodeName // wireguard
	GatewayPort string            // gateway's port towards the PE
	Underlay    netip.Addr        // the gateway's address that clouds dial
	MTU         uint16            // layer 3 between PE and gateway, bytes
	TunnelMTU   uint16            // inner, bytes
	MaxKbps     uint64
}
