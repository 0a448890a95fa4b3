// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net/netip"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// ID is a session's UUID (RFC 9562).
type ID string

// VPNID names a tenant's private network.
type VPNID string

// Session is what a customer bought: guaranteed bandwidth and latency between
// two ends of a VPN for a window.
type Session struct {
	ID         ID
	Tenant     TenantID
	Client     string // OAuth client that created it
	Name       string
	VPN        VPN
	A, Z       End // accessPoint, endPoint
	Protected  bool
	Level      LevelName
	Rate       Rate
	Start      time.Time // asked for
	Duration   time.Duration
	Deadline   time.Time // ACTIVATED by then, else declined
	StartedAt  time.Time // zero until ACTIVATED
	ExpiresAt  time.Time // zero until ACTIVATED
	EndedAt    time.Time // zero until TERMINATED
	Status     Status
	StatusInfo StatusInfo
	Phase      Phase
	Decision   Decision
	Reason     string // in words, for people; may be empty
	Route      Route
	Price      Price
	Charges    []Charge           `json:",omitempty"` // what it was billed by, once it was changed; see AllCharges
	Former     *Former            `json:",omitempty"` // while a change is brought to devices
	Change     uint32             `json:",omitzero"`  // counts what devices have to follow
	Delivered  *Delivered         `json:",omitempty"` // once ended
	Server     *ApplicationServer `json:",omitempty"` // that the customer has it for
	OfferID    string
	Sink       *Sink
	Correlator string // x-correlator of the order
	Follows    string `json:",omitzero"` // x-correlator of what devices have yet to follow, after the order; see CausedBy
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Version    uint64 // grows with every change
	Devices    []DeviceState
}

// VPN is a tenant's private network as devices know it.
type VPN struct {
	ID          VPNID
	Number      uint32 // from the pool "vpn"; VRF name and route target derive from it
	VRF         string
	RouteTarget string // RFC 4360
}

// End is one side of a session.
type End struct {
	AccessPoint string
	Type        EndType
	Terminal    Terminal // as it was in the inventory when ordered
	Routing     Routing
	Tunnel      *TunnelEnd // wireguard handoffs
	RD          string     // on Terminal's PE, from the pool "rd"
	Transfer    *Transfer  // link between PE and gateway, handoffs only
	// Location is where it is, as it was ordered, or else as the inventory has it;
	// nil: not known.
	Location *Location `json:",omitempty"`
	// Second is the same end at its second terminal, with what it drew there;
	// nil: the session is not protected.
	Second *End `json:",omitempty"`
}

// PE returns the router the end hangs on.
func (e End) PE() topology.NodeName {
	if e.Terminal.Attachment != nil {
		return e.Terminal.Attachment.PE
	}
	return e.Terminal.Handoff.PE
}

// Gateway returns the gateway the end hangs on; empty for sites.
func (e End) Gateway() topology.NodeName {
	if e.Terminal.Handoff != nil {
		return e.Terminal.Handoff.Gateway
	}
	return ""
}

// RoutingProtocol is how routes are learned from the customer.
type RoutingProtocol string

// The routing protocols.
const (
	Static RoutingProtocol = "STATIC"
	BGP    RoutingProtocol = "BGP"
)

// Routing is how an end's prefixes become known.
type Routing struct {
	Protocol RoutingProtocol
	Prefixes []netip.Prefix // behind the end; required for STATIC
	PeerAS   uint32         // BGP
	Secret   string         // reference of the TCP MD5 key, never the key
}

// TunnelEnd is the customer's end of a tunnel and what was assigned to ours.
type TunnelEnd struct {
	PublicKey string         // customer's, base64
	Endpoint  netip.AddrPort // customer's; invalid: it calls first
	Port      uint16         // ours, from the pool "tunnel:<gateway>"
}

// Transfer is the link between PE and gateway in a VPN.
type Transfer struct {
	VLAN    uint16         // from the pool "vlan:<pe>:<port>"
	PE      []netip.Prefix // PE's addresses, from the pool "transfer"
	Gateway []netip.Prefix
}

// Route is what was admitted: both directed paths. What they take is what the
// session's bookings of Variant say.
type Route struct {
	Revision  uint64 // topology revision it was computed on
	Class     string
	From      time.Time // window with guards
	Until     time.Time
	Forward   Nodes
	Reverse   Nodes
	RTTMicros uint32
	LossPPM   uint32 `json:",omitzero"`  // packets lost in a million on a round trip; 0: none, or not known
	Variant   uint32 `json:",omitzero"`  // of the bookings it stands on
	Second    *Way   `json:",omitempty"` // of a protected session
}

// ApplicationServer is what behind endPoint a session is for, by CAMARA's
// QualityOnDemand; what is not given is invalid.
type ApplicationServer struct {
	IPv4, IPv6 netip.Prefix
}

// The types of a sink's credential.
const (
	AccessToken   = "ACCESSTOKEN"     // a bearer token
	PrivateKeyJWT = "PRIVATE_KEY_JWT" // a token is fetched with a signed assertion (RFC 7523)
)

// Sink is where the customer wants events.
type Sink struct {
	URL            string
	CredentialType string // empty, AccessToken or PrivateKeyJWT
	Token          string // sealed by the store; never shown or logged
	TokenExpires   time.Time
	ClientID       string `json:",omitzero"` // ours at the customer's authorization server; sealed like Token
	TokenURI       string `json:",omitzero"` // that server's token endpoint; sealed like Token
	JWKSURI        string `json:",omitzero"` // where that server finds our public keys
}

// DeviceState is what is known of a session on one device.
type DeviceState struct {
	Device topology.NodeName
	Have   Presence
	Reason string // why it is not as decided; empty: nothing wrong
	At     time.Time
}

// Presence says whether a session's leaves are on a device.
type Presence string

// The presences.
const (
	Unknown Presence = "unknown"
	Present Presence = "present"
	Absent  Presence = "absent"
	Refused Presence = "refused" // a change, for good; what was there before still is
)
