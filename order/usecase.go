// SPDX-License-Identifier: Apache-2.0

package order

import (
	"iter"
	"net/netip"
	"time"

	"github.com/s2cd/s2cd/session"
)

// Caller is the authenticated API client behind a request.
type Caller struct {
	Tenant     session.TenantID
	Client     string // OAuth client_id
	Correlator string
}

// EndRequest names one end of a wanted session: by the id of an access point,
// or by type and primary address, looked up within the caller's tenant.
type EndRequest struct {
	AccessPoint string
	Type        session.EndType
	Primary     netip.Addr
	Secondary   netip.Addr
	Location    *session.Location
	Prefixes    []netip.Prefix // behind the end
	PeerAS      uint32         // customer's AS number, for BGP
	BGPPassword session.Hidden // write-only: a Secret
	WireGuard   *WireGuardEnd
	// SecondWireGuard is the customer's end of the tunnel at the second terminal,
	// of protected sessions.
	SecondWireGuard *WireGuardEnd
}

// WireGuardEnd is the customer's end of a tunnel.
type WireGuardEnd struct {
	PublicKey string // base64, 32 bytes
	Endpoint  netip.AddrPort
}

// Inquiry asks what could be had.
type Inquiry struct {
	A, Z      EndRequest
	Protected bool
	Rate      session.Rate
	Start     time.Time // zero: now
	Duration  time.Duration
	Level     session.LevelName // empty: every level
	Hold      bool              // keep the room of what is offered now; of no meaning in an order
	Warn      *session.Sink     // is told before what is held ends; of no meaning without Hold
}

// Order is a wanted session.
type Order struct {
	Inquiry
	Name        string
	Routing     session.RoutingProtocol
	Server      *session.ApplicationServer // nil: not told
	OfferID     string
	Sink        *session.Sink
	Key         string // Idempotency-Key
	Fingerprint string // of the body, set with Key
	Answer      Answer // set with Key
}

// Outcome says when an inquiry could be met.
type Outcome string

// The outcomes.
const (
	Available      Outcome = "AVAILABLE"
	AvailableLater Outcome = "AVAILABLE_LATER"
	Unavailable    Outcome = "UNAVAILABLE"
)

// Availability answers an Inquiry.
type Availability struct {
	Outcome  Outcome
	Offers   []LevelOffer
	Refusals []LevelRefusal // the levels that cannot be had now
}

// LevelOffer is a level that can be had, now or later.
type LevelOffer struct {
	session.Offer
	Charges         session.Charges // the lines of Price
	Rates           session.Price   // what they were computed from
	SecondRTTMicros uint32          // of the second way; 0: not protected
	HeldUntil       time.Time       // the room is kept until then; zero: it is not
	WaitDays        int             // 0: now
	Start           time.Time       // when an order may start first; zero: now, or as asked
}

// LevelRefusal says why a level cannot be had now and what would fit.
type LevelRefusal struct {
	Level          session.LevelName
	Code           session.Code // NoResources, AreaNotSupported, NotSupported
	Detail         string
	MostKbps       uint64            // 0: nothing fits
	LeastRTTMicros uint32            // 0: no path
	Other          session.LevelName // the strongest level that can be had as asked; empty: none, or not looked for
}

// View is a session as its customer sees it.
type View struct {
	Session session.Session
	Fee     session.Money // so far, or final once terminated
	Served  time.Duration // billed time so far
	Account session.Account
	A, Z    Handover
	Actual  Measured
	// Promise is what the level keeps; nil: it is no longer sold.
	Promise *session.Level
	// Delivered sums up what was measured; nil: nothing was yet. It is not in lists.
	Delivered *session.SLAWindow
	Timeline  []session.Event // newest first; not in lists
}

// Handover is what it takes to connect one end.
type Handover struct {
	VLAN             uint16
	ProviderIPs      []netip.Prefix
	CustomerIP       netip.Addr
	ProviderAS       uint32
	CustomerAS       uint32
	MTU              uint16         // layer 3, bytes
	TunnelEndpoint   netip.AddrPort // invalid: no tunnel
	TunnelPublicKey  string         // empty: not known yet
	TunnelAllowedIPs []netip.Prefix // what the customer sends through the tunnel
	Second           *Handover      // at the second terminal; nil: not protected
}

// Verification says how a session was proven.
type Verification string

// The levels of proof, best first.
const (
	DataPlane    Verification = "data-plane"
	ControlPlane Verification = "control-plane"
	NotVerified  Verification = "unknown"
)

// Measured is what telemetry knows of a session.
type Measured struct {
	Verification  Verification
	At            time.Time // of the newest measurement; zero: none
	RTTMicros     uint32
	LossPPM       uint32
	Window        time.Duration // that RTT and loss cover
	FullSize      bool          // a full-size packet with DF has passed
	FullSizeBytes uint16
	SentOctets    uint64 // towards the cloud or second end
	RecvOctets    uint64
	AttachmentA   Octets // of the attachments at both ends, all sessions on them
	AttachmentZ   Octets
	CustomerA     FarEnd // the customer's own ends, never our breach
	CustomerZ     FarEnd
	Detail        string // in words; empty: nothing to say
}

// Octets is what a router has counted on an attachment.
type Octets struct {
	Known   bool // false: no attachment, or nothing heard of it yet
	In, Out uint64
}

// FarEnd is the state of the customer's own equipment.
type FarEnd struct {
	State  string    // "up", "down" or "unknown"
	Since  time.Time // of the last sign of life; zero: never
	Detail string
}

// ListFilter selects sessions of the caller.
type ListFilter struct {
	Statuses []session.Status
	Levels   []session.LevelName
	Name     string
	Created  Span
	Starts   Span
	Sort     SortKey // ByCreated without one
	Upward   bool
	Page     int // from 1
	PerPage  int // 1..100
}

// Page is a page of sessions, and how many there are in all.
type Page struct {
	Views iter.Seq2[View, error] // each is made when its turn has come; an error ends them
	Total int
}
