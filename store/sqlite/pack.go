// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"strings"
	"unique"

	"github.com/s2cd/s2cd/session"
)

// pack has a session that is to be kept take fewer pieces of memory, each of which the
// garbage collector visits: what it alone has in words is one piece, and the ways that
// others take too are there once for all of them. What it points at stays as it is:
// others may point there.
func pack(s *session.Session) {
	size := 0
	ownWords(s, func(v string) string { size += len(v); return v })
	var all strings.Builder
	all.Grow(size)
	ownWords(s, func(v string) string { all.WriteString(v); return v })
	rest := all.String()
	ownWords(s, func(v string) (own string) { own, rest = rest[:len(v)], rest[len(v):]; return own })
	for _, way := range []*session.Nodes{&s.Route.Forward, &s.Route.Reverse} {
		*way = session.Nodes(unique.Make(string(*way)).Value())
	}
}

// ownWords replaces the words that are a session's own by what each returns for them.
func ownWords(s *session.Session, each func(string) string) {
	s.ID, s.VPN.ID = session.ID(each(string(s.ID))), session.VPNID(each(string(s.VPN.ID)))
	for _, v := range []*string{&s.Name, &s.VPN.VRF, &s.VPN.RouteTarget, &s.A.RD, &s.Z.RD, &s.Correlator, &s.Follows, &s.OfferID} {
		*v = each(*v)
	}
}
