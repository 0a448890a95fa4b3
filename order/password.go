// SPDX-License-Identifier: Apache-2.0

package order

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/s2cd/s2cd/session"
)

// mostPassword is how long a password of a BGP session may be, bytes: what every
// implementation of RFC 2385 takes (section 4.5).
const mostPassword = 80

// Secret is what devices need of a session and nobody is ever shown. A session
// holds the reference only; what it stands for never changes.
type Secret struct {
	Ref   string
	Value session.Hidden // to be kept sealed, and only until the session is released
}

// secretNamer makes references of secrets: a MAC that says of two secrets of an
// access point whether they are the same, and of none what it is.
type secretNamer struct{ key []byte }

func newSecretNamer(key []byte) (secretNamer, error) {
	own, err := hkdf.Expand(sha256.New, key, "s2cd secrets", 32)
	if err != nil {
		return secretNamer{}, fmt.Errorf("key of secrets' references: %w", err)
	}
	return secretNamer{key: own}, nil
}

func (n secretNamer) mac(what string, parts ...string) string {
	m := hmac.New(sha256.New, n.key)
	_, _ = fmt.Fprintf(m, "%s %q", what, parts) // a hash takes all
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// name gives both ends of a plan the references of their secrets.
func (n secretNamer) name(tenant session.TenantID, o Order, p *plan) {
	for i, password := range []session.Hidden{o.A.BGPPassword, o.Z.BGPPassword} {
		if password == "" {
			continue
		}
		e := &p.ends[i]
		e.Routing.Secret = "bgp:" + n.mac("bgp", string(tenant), e.AccessPoint, string(password))
		if e.Second != nil {
			e.Second.Routing.Secret = e.Routing.Secret
		}
		p.secrets = append(p.secrets, Secret{Ref: e.Routing.Secret, Value: password})
	}
}

// fingerprint is that of an order, to be kept. A plain digest of a body with a
// password would let whoever reads the store try passwords on it.
func (n secretNamer) fingerprint(o Order) string {
	if o.A.BGPPassword == "" && o.Z.BGPPassword == "" {
		return o.Fingerprint
	}
	return n.mac("order", o.Fingerprint)
}

// checkPassword refuses a password that cannot be used as it is on the way
// there, or by the router there.
func (d *Directory) checkPassword(e session.End, field string, password session.Hidden) error {
	field += ".bgpPassword"
	switch {
	case password == "":
		return nil
	case e.Routing.Protocol != session.BGP:
		return session.Errorf(session.Invalid, field, "needs an asNumber: there is no BGP without")
	case len(password) > mostPassword || strings.ContainsFunc(string(password), func(r rune) bool { return r <= ' ' || r > '~' }):
		return session.Errorf(session.Invalid, field, "must be 1 to %d printable ASCII characters without blanks", mostPassword)
	case !d.platform(e.PE()).TCPMD5:
		return session.Errorf(session.NotSupported, field, "the router there cannot hold a password")
	}
	return nil
}
