// SPDX-License-Identifier: Apache-2.0

package order

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/s2cd/s2cd/session"
)

// promise is what an offer id says.
type promise struct {
	Answer string // the answer it was given in: of the offers of one, one can be used, once
	Held   bool   // room is held in the answer's name
	Until  time.Time
	Price  session.Price
}

// offerSigner turns a promise into an offer id and back. An id holds all that
// was promised, to whom and for what, under a MAC: an offer costs no row in the
// store until it is used, and one that was altered, is foreign or has expired is
// recognised.
type offerSigner struct{ key []byte }

// Layout of an offer id: kind (1 byte), end, set-up, per Mbit/s and hour, minimum
// term, early termination (8 each), surcharge for protection (4), MAC of the tenant (16), digest of
// what was asked (16), the answer (up to maxAnswer), MAC (16).
const (
	offerTenant = 1 + 5*8 + 4
	offerDigest = offerTenant + offerMAC
	offerAnswer = offerDigest + offerMAC
	offerMAC    = 16
	maxAnswer   = 64

	pricePromised = 'p' // kinds
	roomPromised  = 'r'
)

// sign returns the id of an offer to a tenant. What was asked and at which level
// is in the digest.
func (o offerSigner) sign(p promise, tenant session.TenantID, digest [offerMAC]byte) string {
	b := append(make([]byte, 0, offerAnswer+maxAnswer+offerMAC), pricePromised)
	if p.Held {
		b[0] = roomPromised
	}
	for _, v := range []int64{p.Until.Unix(), p.Price.SetUp, p.Price.PerMbpsHour, p.Price.MinimumSeconds, p.Price.EarlyPermille} {
		b = binary.BigEndian.AppendUint64(b, uint64(v)) //nolint:gosec // two's complement, read back the same way
	}
	b = binary.BigEndian.AppendUint32(b, p.Price.ProtectionPermille)
	b = append(b, o.mac("tenant", []byte(tenant))...)
	b = append(b, digest[:]...)
	b = append(b, p.Answer...)
	return base64.RawURLEncoding.EncodeToString(append(b, o.mac("offer", b)...))
}

// open returns what id promises to the tenant for what digest is of. Price is
// the level's but for its amounts.
func (o offerSigner) open(id string, tenant session.TenantID, digest [offerMAC]byte, price session.Price, now time.Time) (promise, error) {
	bad := func(code session.Code, why string) (promise, error) {
		return promise{}, session.Errorf(code, "offerId", "the offer %s", why)
	}
	b, ok := o.authentic(id)
	if !ok {
		return bad(session.OfferAltered, "is not as it was made")
	}
	if !hmac.Equal(o.mac("tenant", []byte(tenant)), b[offerTenant:offerDigest]) {
		return bad(session.OfferForeign, "was made for somebody else")
	}
	v := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[1+8*i:])) } //nolint:gosec // see sign
	p := promise{Answer: string(b[offerAnswer:]), Held: b[0] == roomPromised, Until: time.Unix(v(0), 0), Price: price}
	if !now.Before(p.Until) {
		return bad(session.OfferExpired, "has expired")
	}
	if string(digest[:]) != string(b[offerDigest:offerAnswer]) {
		return bad(session.OfferAltered, "was made for another request")
	}
	p.Price.SetUp, p.Price.PerMbpsHour, p.Price.MinimumSeconds, p.Price.EarlyPermille = v(1), v(2), v(3), v(4)
	p.Price.ProtectionPermille = binary.BigEndian.Uint32(b[1+5*8:])
	return p, nil
}

// authentic returns an id's bytes without their MAC; ok is false where they are
// not as sign made them. One offer has one id: base64 has no second spelling.
func (o offerSigner) authentic(id string) (b []byte, ok bool) {
	if len(id) > base64.RawURLEncoding.EncodedLen(offerAnswer+maxAnswer+offerMAC) {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(id)
	end := len(b) - offerMAC
	if err != nil || end <= offerAnswer || len(id) != base64.RawURLEncoding.EncodedLen(len(b)) {
		return nil, false
	}
	return b[:end], hmac.Equal(o.mac("offer", b[:end]), b[end:])
}

func (o offerSigner) mac(of string, b []byte) []byte {
	m := hmac.New(sha256.New, o.key)
	m.Write([]byte("s2cd " + of + "\x00"))
	m.Write(b)
	return m.Sum(nil)[:offerMAC]
}

// digest covers what a price depends on, and what room was found for.
func (p plan) digest(l session.Level) [offerMAC]byte {
	start := int64(0)
	if p.future {
		start = p.start.Unix()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %d %t %d %d %s %s %d", p.a.ID, p.z.ID, p.rate.Forward, p.rate.Reverse,
		p.protected, start, p.duration, l.Name, l.Price.Currency, l.Price.Exponent))
	return [offerMAC]byte(sum[:offerMAC])
}
