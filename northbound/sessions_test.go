// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// refusePrivate is a stand-in for the webhook's guard.
func refusePrivate(a netip.Addr) error {
	if a.IsPrivate() || a.IsLoopback() {
		return errors.New("private")
	}
	return nil
}

const goodOrder = `{
  "name": "branch-to-vpc",
  "accessPoint": {"id": "site-berlin", "staticPrefixes": ["10.1.0.0/16"]},
  "endPoint": {"type": "CLOUD", "primaryIpAddress": "198.51.100.20", "staticPrefixes": ["10.2.0.0/16"], "location": {"latitude": 50.1, "longitude": 8.6},
    "wireguard": {"publicKey": "` + testKey + `", "endpoint": {"ipAddress": "198.51.100.20", "port": 51820}}},
  "sla": "A", "guaranteedBandwidth": 100, "guaranteedReverseBandwidth": 50, "routingProtocol": "STATIC", "duration": 86400,
  "sink": "https://customer.example.com/events",
  "sinkCredential": {"credentialType": "ACCESSTOKEN", "accessToken": "s3cr3t", "accessTokenExpiresUtc": "2026-12-31T00:00:00Z", "accessTokenType": "bearer"}
}`

func TestLifeOfASession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res := b.do(t, request{method: "POST", path: "/sessions", token: "acme", body: goodOrder, header: map[string]string{"x-correlator": "c-1"}})
	made := read[api.SessionInfo](t, res)
	if res.StatusCode != http.StatusCreated || res.Header.Get("Location") != BasePath+"/sessions/"+made.SessionId.String() {
		t.Fatalf("create: %d, Location %q", res.StatusCode, res.Header.Get("Location"))
	}
	if res.Header.Get("x-correlator") != "c-1" {
		t.Errorf("x-correlator %q", res.Header.Get("x-correlator"))
	}
	want := order.Order{
		Inquiry: order.Inquiry{
			A: order.EndRequest{AccessPoint: "site-berlin", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}},
			Z: order.EndRequest{
				Type: session.Cloud, Primary: netip.MustParseAddr("198.51.100.20"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")},
				Location:  &session.Location{Latitude: 50.1, Longitude: 8.6},
				WireGuard: &order.WireGuardEnd{PublicKey: testKey, Endpoint: netip.MustParseAddrPort("198.51.100.20:51820")},
			},
			Rate: session.Rate{Forward: 100_000, Reverse: 50_000}, Duration: 24 * time.Hour, Level: session.LevelA,
		},
		Name: "branch-to-vpc", Routing: session.Static,
		Sink: &session.Sink{URL: "https://customer.example.com/events", CredentialType: "ACCESSTOKEN", Token: "s3cr3t", TokenExpires: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
	}
	if d := cmp.Diff(want, b.core.orders[0], cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{}, netip.Prefix{})); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
	if d := cmp.Diff(order.Caller{Tenant: "acme", Client: "acme-app", Correlator: "c-1"}, b.core.callers[0]); d != "" {
		t.Errorf("caller (-want +got):\n%s", d)
	}
	at := "/sessions/" + made.SessionId.String()
	got := read[api.SessionInfo](t, b.do(t, request{method: "GET", path: at, token: "acme"}))
	if got.Handover.EndPoint.Tunnel == nil || *got.CloudGatewayIpAddress != "203.0.113.7" || got.Fee.Amount != "13.00" {
		t.Errorf("handover or fee is missing: %+v", got)
	}
	res = b.do(t, request{method: "POST", path: at + "/extend", token: "acme", body: `{"requestedAdditionalDuration": 3600}`})
	if got := read[api.SessionInfo](t, res); res.StatusCode != http.StatusOK || got.Duration != 90000 {
		t.Errorf("extend: %d, duration %d", res.StatusCode, got.Duration)
	}
	res = b.do(t, request{method: "DELETE", path: at, token: "acme"})
	if got := read[api.SessionInfo](t, res); res.StatusCode != http.StatusAccepted || *got.StatusInfo != api.DELETEREQUESTED {
		t.Errorf("delete: %d", res.StatusCode)
	}
	if res = b.do(t, request{method: "DELETE", path: at, token: "acme"}); res.StatusCode != http.StatusNotFound {
		t.Errorf("second delete: %d", res.StatusCode)
	}
	if strings.Contains(b.log.String(), "s3cr3t") || strings.Contains(b.log.String(), "Bearer") {
		t.Error("the log holds a secret")
	}
}

func TestCheckAvailability(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := `{"accessPoint": {"type": "SITE", "primaryIpAddress": "192.0.2.10", "secondaryIpAddress": "192.0.2.14"},
		"endPoint": {"type": "CLOUD", "primaryIpAddress": "2001:db8::1", "secondaryIpAddress": "2001:db8::2"},
		"isProtected": true, "sla": "AAA", "guaranteedBandwidth": 1000000, "startTime": "2026-12-02T09:00:00+01:00", "hold": true}`
	res := b.do(t, request{method: "POST", path: "/check-availability", token: "acme", body: body})
	got := read[api.AvailabilityInfo](t, res)
	if res.StatusCode != http.StatusOK || got.Availability != api.AVAILABLE || got.Offers[0].Fee.Amount != "36.00" || *got.Refusals[0].MostBandwidth != 800 {
		t.Errorf("answer %d: %+v", res.StatusCode, got)
	}
	o, r := got.Offers[0], got.Refusals[0]
	if o.ProtectionFee.Amount != "8.00" || o.UnitPrice.Amount != "0.00005" || o.ProtectionSurcharge != 50 || o.MinimumDuration != 3600 ||
		*o.ProtectionLatency != 14 || o.HeldUntil == nil || *o.WaitDays != 3 || *r.OtherSla != api.A || *r.LeastLatency != 9.2 {
		t.Errorf("offer %+v, refusal %+v", o, r)
	}
	if q := b.core.inquired[0]; !q.Hold || !q.Protected || q.Rate != (session.Rate{Forward: 1e9, Reverse: 1e9}) || q.Start.IsZero() {
		t.Errorf("inquiry %+v", q)
	}
}

// TestCheckWithSink: who is to be told before what is held ends gets to the core,
// and nothing of it to the answer.
func TestCheckWithSink(t *testing.T) {
	t.Parallel()
	b := setup(t, withKeys)
	token := &session.Sink{
		URL: "https://customer.example.com/events", CredentialType: session.AccessToken, Token: "s3cr3t", TokenExpires: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	key := &session.Sink{URL: token.URL, CredentialType: session.PrivateKeyJWT, ClientID: "s2cd", TokenURI: "https://as.example.com/token"}
	keyed := `{"credentialType": "PRIVATE_KEY_JWT", "clientId": "s2cd", "tokenUri": "https://as.example.com/token"}}`
	credential := strings.Index(warnedInquiry, `{"credentialType"`)
	for i, tt := range []struct {
		body string
		want *session.Sink
	}{
		{warnedInquiry, token},
		{warnedInquiry[:credential] + keyed, key},
		{warned(warnedInquiry[strings.Index(warnedInquiry, `, "sink"`):], "}"), nil},
	} {
		res := b.do(t, check(tt.body))
		if res.StatusCode != http.StatusOK || strings.Contains(string(res.raw), "sink") {
			t.Fatalf("answer %d: %s", res.StatusCode, res.raw)
		}
		q := b.core.inquired[i]
		if d := cmp.Diff(tt.want, q.Warn); d != "" || !q.Hold {
			t.Errorf("inquiry %+v (-want +got):\n%s", q, d)
		}
	}
	if strings.Contains(b.log.String(), "s3cr3t") {
		t.Error("the log holds a secret")
	}
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res := b.do(t, request{method: "GET", path: "/sessions", token: "acme"})
	if got := read[map[string]any](t, res); got["sessions"] == nil {
		t.Error("an empty list must be [], not null")
	}
	b.do(t, request{method: "POST", path: "/sessions", token: "acme", body: goodOrder})
	res = b.do(t, request{method: "GET", path: "/sessions?page=1&perPage=5&status=REQUESTED,ACTIVATED&sla=A&name=branch-to-vpc&unknown=1", token: "acme"})
	page := read[api.SessionPage](t, res)
	if len(page.Sessions) != 1 || page.Pagination.TotalCount != 1 || page.Pagination.TotalPages != 1 {
		t.Errorf("page %+v", page.Pagination)
	}
	want := order.ListFilter{Statuses: []session.Status{session.Requested, session.Activated}, Levels: []session.LevelName{session.LevelA}, Name: "branch-to-vpc", Sort: order.ByCreated, Page: 1, PerPage: 5}
	if d := cmp.Diff(want, b.core.filters[1]); d != "" {
		t.Errorf("filter (-want +got):\n%s", d)
	}
	if l := res.Header.Get("Link"); !strings.Contains(l, `rel="first"`) || !strings.Contains(l, "status=REQUESTED") {
		t.Errorf("Link %q", l)
	}
	page = read[api.SessionPage](t, b.do(t, request{method: "GET", path: "/sessions?page=9", token: "acme"}))
	if len(page.Sessions) != 0 || page.Pagination.TotalCount != 1 || page.Pagination.Page != 9 {
		t.Errorf("page beyond the end: %+v", page)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	send := func(body string) *reply {
		return b.do(t, request{method: "POST", path: "/sessions", token: "acme", body: body, header: map[string]string{"Idempotency-Key": "k-1"}})
	}
	first := read[api.SessionInfo](t, send(goodOrder))
	reordered := strings.Replace(goodOrder, `"name": "branch-to-vpc",`, "", 1)
	reordered = strings.TrimSuffix(reordered, "}") + ` , "name":"branch-to-vpc" }`
	if again := read[api.SessionInfo](t, send(reordered)); again.SessionId != first.SessionId {
		t.Errorf("repeated create made %s, the first %s", again.SessionId, first.SessionId)
	}
	res := send(strings.Replace(goodOrder, "branch-to-vpc", "another", 1))
	if e := read[api.ErrorInfo](t, res); res.StatusCode != http.StatusUnprocessableEntity || e.Code != "SITE_TO_CLOUD_VPN.IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("another body with the key: %d %s", res.StatusCode, e.Code)
	}
}

// TestReasonsStayInside: what the core says of devices and routes is for
// operators, in whatever state a session is.
func TestReasonsStayInside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, phase := range session.Phases() {
		s := fakeSession()
		s.Phase, s.Reason = phase, "PE7 apply: refused: route 10.9.8.0/24 of tenant-2"
		b.core.sessions[s.ID] = s
		at := "/sessions/" + string(s.ID)
		for _, q := range []request{
			{method: "GET", path: at, token: "acme"},
			{method: "GET", path: "/sessions", token: "acme"},
			{method: "POST", path: at + "/extend", token: "acme", body: `{"requestedAdditionalDuration": 3600}`},
			{method: "DELETE", path: at, token: "acme"},
		} {
			res := b.do(t, q)
			for _, secret := range []string{"PE7", "10.9.8.0", "tenant-2", "refused"} {
				if strings.Contains(string(res.raw), secret) {
					t.Errorf("%s: %s %s shows %q: %s", phase, q.method, q.path, secret, res.raw)
				}
			}
		}
	}
}

// TestProtectedSession: the second terminals go to the core and come back.
func TestProtectedSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const key = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
	body := func(protected string) string {
		return `{"accessPoint": {"type": "SITE", "primaryIpAddress": "192.0.2.10", "secondaryIpAddress": "192.0.2.14", "staticPrefixes": ["10.1.0.0/16"]},
		"endPoint": {"id": "b", "wireguard": {"publicKey": "` + key + `"}, "secondaryWireguard": {"publicKey": "` + key + `", "endpoint": {"ipAddress": "198.51.100.24", "port": 51820}}},
		"isProtected": ` + protected + `, "sla": "AAA", "guaranteedBandwidth": 10}`
	}
	res := b.do(t, request{method: "POST", path: "/sessions", token: "acme", body: body("true")})
	got := read[api.SessionInfo](t, res)
	if res.StatusCode != http.StatusCreated || !got.IsProtected || *got.ProtectionLatency != 14 || *got.AccessPoint.SecondaryIpAddress != "192.0.2.14" {
		t.Errorf("answer %d: %+v", res.StatusCode, got)
	}
	if w := got.EndPoint.SecondaryWireguard; w == nil || w.PublicKey != key || w.Endpoint == nil || w.Endpoint.Port != 51820 {
		t.Errorf("end point %+v", got.EndPoint)
	}
	if h := got.Handover; h.SecondaryAccessPoint == nil || *h.SecondaryAccessPoint.CustomerIpAddress != "192.0.2.14" || h.SecondaryEndPoint == nil {
		t.Errorf("handover %+v", h)
	}
	res = b.do(t, request{method: "POST", path: "/sessions", token: "acme", body: body("false")})
	if e := read[api.ErrorInfo](t, res); res.StatusCode != http.StatusBadRequest || !strings.Contains(e.Message, "endPoint.secondaryWireguard: needs isProtected") {
		t.Errorf("answer %d: %+v", res.StatusCode, e)
	}
}
