// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"net/netip"
	"time"
)

// file is the inventory as it is written.
type file struct {
	AS        uint32        `yaml:"as" check:"required,min=1,max=4294967294"`
	Defaults  defaults      `yaml:"defaults"`
	Nodes     []fileNode    `yaml:"nodes" check:"required"`
	Links     []fileLink    `yaml:"links"`
	Ports     []filePort    `yaml:"ports"`
	Gateways  []fileGateway `yaml:"gateways"`
	Handoffs  []fileHandoff `yaml:"handoffs"`
	Pools     filePools     `yaml:"pools" check:"required"`
	Catalogue fileCatalogue `yaml:"catalogue" check:"required"`
	Tenants   []fileTenant  `yaml:"tenants"`
}

// defaults hold where a link, port, gateway or handoff says nothing itself.
type defaults struct {
	Reservable *fileShares `yaml:"reservable"`
}

type fileShares struct {
	All     share            `yaml:"all"`
	Classes map[string]share `yaml:"classes"`
}

type fileNode struct {
	Name        string        `yaml:"name" check:"required"`
	Role        string        `yaml:"role" check:"required,oneof=pe|p|gateway"`
	Platform    string        `yaml:"platform"`
	Loopback    netip.Addr    `yaml:"loopback"`
	Management  string        `yaml:"management"`
	Identity    string        `yaml:"identity"`
	Pin         string        `yaml:"pin"`
	Maintenance bool          `yaml:"maintenance"`
	Down        bool          `yaml:"down"`
	Location    *fileLocation `yaml:"location"`
}

type fileLocation struct {
	Latitude  float64 `yaml:"latitude" check:"required,min=-90,max=90"`
	Longitude float64 `yaml:"longitude" check:"required,min=-180,max=180"`
}

// both is a value for each direction; a plain value counts for both.
type both[T any] struct {
	AZ T `yaml:"az" check:"required"`
	ZA T `yaml:"za" check:"required"`
}

type fileLink struct {
	Name        string              `yaml:"name" check:"required"`
	A           nodePort            `yaml:"a" check:"required"`
	Z           nodePort            `yaml:"z" check:"required"`
	Capacity    both[rate]          `yaml:"capacity" check:"required,symmetric"`
	Latency     both[time.Duration] `yaml:"latency" check:"required,symmetric"`
	IGPMetric   both[uint32]        `yaml:"igpMetric" check:"required,symmetric"`
	TEMetric    both[uint32]        `yaml:"teMetric" check:"symmetric"`
	Loss        both[ppm]           `yaml:"loss" check:"symmetric"`
	Reservable  *fileShares         `yaml:"reservable"`
	SRLGs       []uint32            `yaml:"srlgs"`
	AdminGroups []uint32            `yaml:"adminGroups" check:"max=31"`
	Down        bool                `yaml:"down"`
}

type filePort struct {
	PE         string        `yaml:"pe" check:"required"`
	Port       string        `yaml:"port" check:"required"`
	Capacity   rate          `yaml:"capacity" check:"required"`
	Latency    time.Duration `yaml:"latency" check:"max=10s"`
	Reservable *fileShares   `yaml:"reservable"`
}

type fileGateway struct {
	Node        string        `yaml:"node" check:"required"`
	Capacity    rate          `yaml:"capacity" check:"required"`
	Latency     time.Duration `yaml:"latency" check:"max=10s"`
	Underlay    netip.Addr    `yaml:"underlay" check:"required"`
	TunnelPorts numbers       `yaml:"tunnelPorts" check:"required"`
	Ports       []string      `yaml:"ports" check:"required"`
	Reservable  *fileShares   `yaml:"reservable"`
}

type fileHandoff struct {
	Name        string        `yaml:"name" check:"required"`
	Kind        string        `yaml:"kind" check:"required,oneof=wireguard|partner-vlan"`
	PE          string        `yaml:"pe" check:"required"`
	Port        string        `yaml:"port" check:"required"`
	Gateway     string        `yaml:"gateway"`
	GatewayPort string        `yaml:"gatewayPort"`
	MTU         uint16        `yaml:"mtu" check:"required,min=1280,max=9216"`
	TunnelMTU   uint16        `yaml:"tunnelMtu" check:"min=1280,max=9216"`
	MaxRate     rate          `yaml:"maxRate" check:"required"`
	VLANs       numbers       `yaml:"vlans" check:"required"`
	Latency     time.Duration `yaml:"latency" check:"max=10s"`
	Reservable  *fileShares   `yaml:"reservable"`
	Partner     *filePartner  `yaml:"partner"`
}

type filePartner struct {
	Name       string         `yaml:"name" check:"required"`
	AS         uint32         `yaml:"as" check:"required,min=1,max=4294967294"`
	Addresses  []netip.Prefix `yaml:"addresses" check:"required"`
	Secret     string         `yaml:"secret"`
	ServiceKey string         `yaml:"serviceKey"`
}

type filePools struct {
	VPN      numbers      `yaml:"vpn" check:"required"`
	RD       numbers      `yaml:"rd" check:"required"`
	Transfer fileTransfer `yaml:"transfer" check:"required"`
}

type fileTransfer struct {
	IPv4 netip.Prefix `yaml:"ipv4" check:"required"`
	IPv6 netip.Prefix `yaml:"ipv6"`
}

type fileCatalogue struct {
	Currency        string        `yaml:"currency" check:"required"`
	Overhead        share         `yaml:"overhead" check:"required"`
	LeadGuard       time.Duration `yaml:"leadGuard" check:"required,max=1h"`
	TailGuard       time.Duration `yaml:"tailGuard" check:"required,max=1h"`
	DefaultDuration time.Duration `yaml:"defaultDuration" check:"min=1s"`
	MaxDuration     time.Duration `yaml:"maxDuration" check:"min=1s"`
	ApplyDeadline   time.Duration `yaml:"applyDeadline" check:"min=1s,max=24h"`
	OfferValidity   time.Duration `yaml:"offerValidity" check:"min=1s,max=30d"`
	HoldFor         time.Duration `yaml:"holdFor" check:"min=10s,max=1h"`
	WarnBefore      time.Duration `yaml:"warnBefore" check:"min=1s,max=1h"`
	KeepTerminated  time.Duration `yaml:"keepTerminated" check:"min=360s,max=366d"`
	Levels          []fileLevel   `yaml:"levels" check:"required"`
}

type fileLevel struct {
	Name         string        `yaml:"name" check:"required,oneof=A|AA|AAA"`
	Objective    string        `yaml:"objective" check:"oneof=cost|latency|load"`
	Class        string        `yaml:"class" check:"required"`
	DSCP         dscp          `yaml:"dscp" check:"required"`
	MaxRTT       time.Duration `yaml:"maxRtt" check:"max=10s"`
	MaxLoss      ppm           `yaml:"maxLoss"`
	Availability ppm           `yaml:"availability" check:"required"`
	Protected    bool          `yaml:"protected"`
	Booking      share         `yaml:"booking" check:"required"`
	MeasureEvery time.Duration `yaml:"measureEvery" check:"required,min=1s,max=24h"`
	Price        filePrice     `yaml:"price" check:"required"`
}

type filePrice struct {
	SetUp       decimal       `yaml:"setUp" check:"required"`
	PerMbpsHour decimal       `yaml:"perMbpsHour" check:"required"`
	Minimum     time.Duration `yaml:"minimum" check:"max=366d"`
	Protection  share         `yaml:"protection"`
	// EarlyTermination is the share of what the time left would have cost.
	EarlyTermination share `yaml:"earlyTermination"`
}

type fileTenant struct {
	ID           string            `yaml:"id" check:"required"`
	Name         string            `yaml:"name" check:"required"`
	Clients      []string          `yaml:"clients" check:"required"`
	Contact      fileContact       `yaml:"contact"`
	Quota        fileQuota         `yaml:"quota"`
	Prices       []fileOwnPrice    `yaml:"prices"`
	AccessPoints []fileAccessPoint `yaml:"accessPoints"`
}

// fileContact is whom the provider's people call.
type fileContact struct {
	Name  string `yaml:"name"`
	Email string `yaml:"email"`
	Phone string `yaml:"phone"`
}

// fileOwnPrice is what a level costs a customer, in place of the catalogue's price.
type fileOwnPrice struct {
	Level string    `yaml:"level" check:"required,oneof=A|AA|AAA"`
	Price filePrice `yaml:"price" check:"required"`
}

type fileQuota struct {
	Sessions int  `yaml:"sessions" check:"min=1,max=1000000"`
	Requests int  `yaml:"requests" check:"min=1,max=1000000"` // a second
	Rate     rate `yaml:"rate"`
	Offers   int  `yaml:"offers" check:"min=1,max=1000"`
}

type fileAccessPoint struct {
	ID        string        `yaml:"id" check:"required"`
	Type      string        `yaml:"type" check:"required,oneof=SITE|CLOUD"`
	Location  *fileLocation `yaml:"location"`
	Primary   fileTerminal  `yaml:"primary" check:"required"`
	Secondary *fileTerminal `yaml:"secondary"`
}

type fileTerminal struct {
	Address    netip.Addr      `yaml:"address" check:"required"`
	Attachment *fileAttachment `yaml:"attachment"`
	Handoff    string          `yaml:"handoff"`
}

type fileAttachment struct {
	PE        string         `yaml:"pe" check:"required"`
	Port      string         `yaml:"port" check:"required"`
	VLAN      uint16         `yaml:"vlan" check:"required,min=1,max=4094"`
	Addresses []netip.Prefix `yaml:"addresses" check:"required"`
	MTU       uint16         `yaml:"mtu" check:"required,min=1280,max=9216"`
	Max       rate           `yaml:"max" check:"required"`
}
