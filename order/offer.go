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

// offerSigner turns a price into an offer id and back. An id holds the price,
// its end and a digest of what was asked, under a MAC: an offer costs no row in
// the store, and a foreign, altered or expired one is recognised.
type offerSigner struct{ key []byte }

// Layout of an offer id: expiry, set-up, per Mbit/s and hour, minimum term
// (8 bytes each), digest of the inquiry (16), MAC (16).
const offerBody, offerLen = 32 + 16, 32 + 16 + 16

func (o offerSigner) sign(caller Caller, q Inquiry, l session.Level, until time.Time) string {
	b := make([]byte, 0, offerLen)
	for _, v := range []int64{until.Unix(), l.Price.SetUp, l.Price.PerMbpsHour, l.Price.MinimumSeconds} {
		b = binary.BigEndian.AppendUint64(b, uint64(v)) //nolint:gosec // two's complement, read back the same way
	}
	d := inquiryDigest(caller.Tenant, q, l)
	b = append(b, d[:16]...)
	b = append(b, o.mac(b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// price returns the price that id promises for this caller, inquiry and level.
func (o offerSigner) price(id string, caller Caller, q Inquiry, l session.Level, now time.Time) (session.Price, error) {
	bad := func(why string) (session.Price, error) {
		return session.Price{}, session.Errorf(session.OfferInvalid, "offerId", "the offer %s", why)
	}
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(b) != offerLen || !hmac.Equal(o.mac(b[:offerBody]), b[offerBody:]) {
		return bad("is not one of ours")
	}
	v := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[8*i:])) } //nolint:gosec // see sign
	if !now.Before(time.Unix(v(0), 0)) {
		return bad("has expired")
	}
	if d := inquiryDigest(caller.Tenant, q, l); string(d[:16]) != string(b[32:offerBody]) {
		return bad("was made for another request")
	}
	p := l.Price
	p.SetUp, p.PerMbpsHour, p.MinimumSeconds = v(1), v(2), v(3)
	return p, nil
}

func (o offerSigner) mac(b []byte) []byte {
	m := hmac.New(sha256.New, o.key)
	m.Write([]byte("s2cd offer"))
	m.Write(b)
	return m.Sum(nil)[:offerLen-offerBody]
}

// inquiryDigest covers what a price depends on.
func inquiryDigest(t session.TenantID, q Inquiry, l session.Level) [sha256.Size]byte {
	start := int64(0)
	if !q.Start.IsZero() {
		start = q.Start.Unix()
	}
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d %d %t %d %d %s %s %d", t, q.A.AccessPoint, q.Z.AccessPoint,
		q.A.Primary, q.Z.Primary, q.Rate.Forward, q.Rate.Reverse, q.Protected, start, q.Duration, l.Name, l.Price.Currency, l.Price.Exponent))
}
