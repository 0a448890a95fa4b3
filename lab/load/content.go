// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// call is a request without the token of its client.
type call struct {
	tenant int
	method string
	path   string // below the API's base
	key    string // Idempotency-Key; empty: none
	body   string // JSON; empty: none
	want   int    // status of the answer
}

// made is a session that a create was answered with.
type made struct {
	tenant int
	id     string
}

// creates makes up orders. Tenants take turns; each order is of one of the
// tenant's pairs of sites, for 1 to 10 Mbit/s, an hour to a week, at once.
func (p Plan) creates(n int) []call {
	r := rand.New(rand.NewPCG(p.Seed, 3)) //nolint:gosec // makes orders up, guards nothing
	all := make([]call, n)
	for i := range all {
		body := fmt.Sprintf(`{%s,"name":"order %d","sla":%q,"routingProtocol":"STATIC"}`, p.inquiry(r), i, []string{"A", "AA"}[r.IntN(2)])
		all[i] = call{
			tenant: i % p.Tenants, method: http.MethodPost, path: "/sessions", key: fmt.Sprintf("order-%d-%d", p.Seed, i),
			body: body, want: http.StatusCreated,
		}
	}
	return all
}

// checks makes up inquiries like the orders, at all levels.
func (p Plan) checks(n int) []call {
	r := rand.New(rand.NewPCG(p.Seed, 4)) //nolint:gosec // makes inquiries up, guards nothing
	all := make([]call, n)
	for i := range all {
		all[i] = call{
			tenant: i % p.Tenants, method: http.MethodPost, path: "/check-availability", body: "{" + p.inquiry(r) + "}", want: http.StatusOK,
		}
	}
	return all
}

// inquiry is what check and create have in common.
func (p Plan) inquiry(r *rand.Rand) string {
	a := 2 * r.IntN(p.Sites/2)
	return fmt.Sprintf(`"accessPoint":{"id":%q,"staticPrefixes":[%q]},"endPoint":{"id":%q,"staticPrefixes":[%q]},"guaranteedBandwidth":%d,"duration":%d`,
		siteName(a), prefix(a), siteName(a+1), prefix(a+1), 1+r.IntN(10), 3600*(1+r.IntN(168)))
}

// reads makes up reads of sessions that were made.
func (p Plan) reads(n int, sessions []made) []call {
	return p.inquiries(n, 5, sessions, func(_ *rand.Rand, of made) string { return "/sessions/" + of.id })
}

// lists makes up reads of a customer's first pages, of 20 sessions each.
func (p Plan) lists(n int, sessions []made) []call {
	return p.inquiries(n, 6, sessions, func(r *rand.Rand, _ made) string {
		return "/sessions?perPage=20&page=" + strconv.Itoa(1+r.IntN(3))
	})
}

// inquiries makes up reads by the owners of sessions, any of which is the next.
func (p Plan) inquiries(n int, stream uint64, sessions []made, path func(*rand.Rand, made) string) []call {
	r := rand.New(rand.NewPCG(p.Seed, stream)) //nolint:gosec // makes inquiries up, guards nothing
	all := make([]call, n)
	for i := range all {
		of := sessions[r.IntN(len(sessions))]
		all[i] = call{tenant: of.tenant, method: http.MethodGet, path: path(r, of), want: http.StatusOK}
	}
	return all
}
