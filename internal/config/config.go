// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"time"
)

// Config is the whole file. Load has resolved every path against the folder
// of the file.
type Config struct {
	API       API       `yaml:"api" check:"required"`
	Admin     Admin     `yaml:"admin"`
	Auth      Auth      `yaml:"auth"`
	Dev       Dev       `yaml:"dev"`
	Store     Store     `yaml:"store" check:"required"`
	Inventory Inventory `yaml:"inventory" check:"required"`
	Devices   Devices   `yaml:"devices" check:"required"`
	Gateways  Gateways  `yaml:"gateways"` // what is not given is as for Devices
	Webhook   Webhook   `yaml:"webhook"`
	Provision Provision `yaml:"provision"`
	Telemetry Telemetry `yaml:"telemetry"`
	Log       Log       `yaml:"log"`
}

// API is the customers' listener.
type API struct {
	Listen        string        `yaml:"listen" check:"required"` // host:port; without TLS loopback only
	TLS           TLS           `yaml:"tls"`
	PublicURL     string        `yaml:"publicUrl"`                            // as customers reach it; empty: made from Listen
	ShutdownGrace time.Duration `yaml:"shutdownGrace" check:"max=5m"`         // for requests in flight
	MaxBody       int64         `yaml:"maxBody" check:"min=1024,max=1048576"` // bytes of a request
}

// TLS is a certificate chain and its key, PEM files.
type TLS struct {
	Cert string `yaml:"cert" path:"file"`
	Key  string `yaml:"key" path:"secret"`
}

// Enabled reports whether a certificate is configured.
func (t TLS) Enabled() bool { return t.Cert != "" }

// Admin is the operators' listener; it has no authentication of its own and
// therefore never leaves the machine.
type Admin struct {
	Listen string `yaml:"listen" path:"unix"` // loopback host:port, or unix:/path
}

// Auth says whose tokens the API takes. The inventory finds the tenant by the
// token's client_id.
type Auth struct {
	Issuer   string        `yaml:"issuer"`   // OIDC issuer; with --dev the daemon's own
	Audience string        `yaml:"audience"` // that tokens must name
	Leeway   time.Duration `yaml:"leeway" check:"max=5m"`
	CAFile   string        `yaml:"caFile" path:"file"`              // that the issuer's certificate is checked against
	KeepKeys time.Duration `yaml:"keepKeys" check:"min=1m,max=30d"` // the issuer's, while it does not answer
}

// Dev is the token issuer that only --dev starts.
type Dev struct {
	Listen   string        `yaml:"listen"` // loopback host:port
	TokenTTL time.Duration `yaml:"tokenTtl" check:"min=1m,max=24h"`
	Clients  []DevClient   `yaml:"clients"`
}

// DevClient may ask the dev issuer for tokens. One of Secret and SecretFile is set.
type DevClient struct {
	ID         string `yaml:"id" check:"required"`
	Secret     Secret `yaml:"secret" check:"secret"`
	SecretFile string `yaml:"secretFile" path:"secret"`
}

// Store is where the daemon keeps everything.
type Store struct {
	Path        string `yaml:"path" check:"required" path:"new"`
	SealKeyFile string `yaml:"sealKeyFile" check:"required" path:"secret"` // 32 bytes as 64 hex digits
}

// Inventory names the network and what is sold.
type Inventory struct {
	File string `yaml:"file" check:"required" path:"file"`
}

// Devices is how managed devices are spoken to: mutual TLS, always.
type Devices struct {
	CA       string         `yaml:"ca" path:"file"`
	Cert     string         `yaml:"cert" path:"file"`
	Key      string         `yaml:"key" path:"secret"`
	Defaults DeviceDefaults `yaml:"defaults"`
}

// Gateways is how gateways are spoken to.
type Gateways struct {
	CA       string          `yaml:"ca" path:"file"`
	Cert     string          `yaml:"cert" path:"file"`
	Key      string          `yaml:"key" path:"secret"`
	Defaults GatewayDefaults `yaml:"defaults"`
}

// GatewayDefaults are what gateways may have of their own; the other times are
// those of Devices.
type GatewayDefaults struct {
	RPCTimeout time.Duration `yaml:"rpcTimeout" check:"min=100ms,max=10m"`
}

// DeviceDefaults are the times of a device's executor. An RPC ends before the
// lease does, and a device takes a change back only after a successor had time
// to take over and confirm it.
type DeviceDefaults struct {
	RPCTimeout time.Duration `yaml:"rpcTimeout" check:"min=100ms,max=10m"`
	LeaseTTL   time.Duration `yaml:"leaseTtl" check:"min=1s,max=1h"`
	Rollback   time.Duration `yaml:"rollback" check:"min=1s,max=24h"`
	ReadEvery  time.Duration `yaml:"readEvery" check:"min=1s,max=24h"` // full read-back when nothing changes
}

// Webhook is how customers are told.
type Webhook struct {
	CAFile        string         `yaml:"caFile" path:"file"` // beside the system's roots
	AllowPrefixes []netip.Prefix `yaml:"allowPrefixes"`      // private addresses that sinks may have
	DenyPrefixes  []netip.Prefix `yaml:"denyPrefixes"`       // public addresses that they may not have, like the provider's own
	PrivateKeyJWT bool           `yaml:"privateKeyJwt"`      // offer to fetch sinks' tokens with a signed assertion
	// KeyFile is what the keys for that are made from, 64 hex digits; empty: the
	// store's. OtherKeyFile's are published beside and never sign.
	KeyFile      string        `yaml:"keyFile" path:"secret"`
	OtherKeyFile string        `yaml:"otherKeyFile" path:"secret"`
	MaxAge       time.Duration `yaml:"maxAge" check:"min=1m,max=30d"`
	PerHost      int           `yaml:"perHost" check:"min=1,max=100"` // deliveries in flight
	Timeout      time.Duration `yaml:"timeout" check:"min=100ms,max=1m"`
}

// Provision is how devices are changed.
type Provision struct {
	Brakes      Brakes `yaml:"brakes"`
	ObserveOnly bool   `yaml:"observeOnly"` // read devices, change nothing
}

// Brakes limit what one mistake can do.
type Brakes struct {
	ChangesPerMinute   int `yaml:"changesPerMinute" check:"min=1,max=100000"`   // of one device
	DeletionsPerMinute int `yaml:"deletionsPerMinute" check:"min=1,max=100000"` // of one device
}

// Telemetry is how sessions are measured.
type Telemetry struct {
	Interval   time.Duration `yaml:"interval" check:"min=100ms,max=1h"`  // between two looks at a device
	ProbeEvery time.Duration `yaml:"probeEvery" check:"min=10ms,max=1m"` // between two packets of an active session
	StaleAfter time.Duration `yaml:"staleAfter" check:"min=1s,max=1h"`   // without news a session's state is unknown
	KeepFor    time.Duration `yaml:"keepFor" check:"min=1h,max=400d"`    // windows of what was measured
}

// Log is what the daemon says to stderr.
type Log struct {
	Level  string `yaml:"level" check:"oneof=debug|info|warn|error"`
	Format string `yaml:"format" check:"oneof=json|text"`
}

// Devices returns how gateways are spoken to with the times of devices where
// they have none of their own.
func (g Gateways) Devices(of Devices) Devices {
	d := Devices{CA: g.CA, Cert: g.Cert, Key: g.Key, Defaults: of.Defaults}
	d.Defaults.RPCTimeout = g.Defaults.RPCTimeout
	return d
}

// Default returns what holds where the file is silent.
func Default() Config {
	return Config{
		API:   API{ShutdownGrace: 10 * time.Second, MaxBody: 64 << 10},
		Admin: Admin{Listen: "127.0.0.1:9441"},
		Auth:  Auth{Leeway: 30 * time.Second, KeepKeys: 24 * time.Hour},
		Dev:   Dev{Listen: "127.0.0.1:9442", TokenTTL: time.Hour},
		Devices: Devices{Defaults: DeviceDefaults{
			RPCTimeout: 10 * time.Second, LeaseTTL: 30 * time.Second, Rollback: 2 * time.Minute, ReadEvery: time.Minute,
		}},
		Webhook:   Webhook{MaxAge: 24 * time.Hour, PerHost: 4, Timeout: 10 * time.Second, PrivateKeyJWT: true},
		Provision: Provision{Brakes: Brakes{ChangesPerMinute: 60, DeletionsPerMinute: 30}},
		Telemetry: Telemetry{Interval: time.Second, ProbeEvery: 100 * time.Millisecond, StaleAfter: 10 * time.Second, KeepFor: 90 * 24 * time.Hour},
		Log:       Log{Level: "info", Format: "json"},
	}
}
