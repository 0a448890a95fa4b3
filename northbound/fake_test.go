// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// testNow is the moment all tests of this package happen at.
func testNow() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }

// fakeAuth knows tokens of the form "client:scope scope".
type fakeAuth map[string]auth.Identity

func (f fakeAuth) Authenticate(_ context.Context, token string) (auth.Identity, error) {
	if token == "issuer-down" {
		return auth.Identity{}, fmt.Errorf("keys: %w", auth.ErrUnavailable)
	}
	who, ok := f[token]
	if !ok {
		return auth.Identity{}, auth.ErrUnauthenticated
	}
	return who, nil
}

// fakeCore keeps sessions in memory. err, when set, is what every use case
// returns; hang makes them wait for their deadline; boom makes them panic.
type fakeCore struct {
	mu       sync.Mutex
	sessions map[session.ID]session.Session
	orders   []order.Order
	inquired []order.Inquiry
	filters  []order.ListFilter
	callers  []order.Caller
	modified []order.Modification
	extended []order.Extension
	kept     map[string][]byte // answers, by their keys
	matched  []order.Match     // of deletions
	accounts bool              // are shown
	windows  []order.PerformanceFilter
	err      error
	hang     bool
	boom     bool
}

var _ UseCases = (*fakeCore)(nil)

func (f *fakeCore) enter(ctx context.Context, caller order.Caller) error {
	f.callers = append(f.callers, caller)
	if f.boom {
		panic("a bug with secret=hunter2")
	}
	if f.hang {
		<-ctx.Done()
		return fmt.Errorf("search: %w", ctx.Err())
	}
	return f.err
}

func (f *fakeCore) Check(ctx context.Context, caller order.Caller, q order.Inquiry) (order.Availability, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.Availability{}, err
	}
	f.inquired = append(f.inquired, q)
	eur := func(minor int64) session.Money { return session.Money{Minor: minor, Currency: "EUR", Exponent: 2} }
	return order.Availability{
		Outcome: order.Available,
		Offers: []order.LevelOffer{{
			Offer:    session.Offer{ID: "offer-1", Level: session.LevelA, Price: eur(3600), RTTMicros: 12500, ValidUntil: testNow().Add(time.Hour)},
			Charges:  session.Charges{SetUp: eur(1200), Usage: eur(1600), Protection: eur(800)},
			Rates:    session.Price{Currency: "EUR", Exponent: 2, PerMbpsHour: 5, MinimumSeconds: 3600, ProtectionPermille: 500},
			WaitDays: 3, Start: testNow().AddDate(0, 0, 3), SecondRTTMicros: 14000, HeldUntil: testNow().Add(time.Hour),
		}},
		Refusals: []order.LevelRefusal{{
			Level: session.LevelAAA, Code: session.NoResources, Detail: "no second way", MostKbps: 800_000, LeastRTTMicros: 9200, Other: session.LevelA,
		}},
	}, nil
}

func (f *fakeCore) Create(ctx context.Context, caller order.Caller, o order.Order) (session.Session, []byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return session.Session{}, nil, err
	}
	f.orders = append(f.orders, o)
	for _, s := range f.sessions {
		if o.Key != "" && s.Correlator == o.Key {
			if s.Reason != o.Fingerprint {
				return session.Session{}, nil, session.Errorf(session.Exists, "Idempotency-Key", "used before with another body")
			}
			return session.Session{}, f.kept[o.Key], nil
		}
	}
	s := session.Session{
		ID: session.ID(fmt.Sprintf("00000000-0000-4000-8000-%012d", len(f.sessions)+1)), Tenant: caller.Tenant, Client: caller.Client,
		Name: o.Name, VPN: session.VPN{ID: "vpn-17"}, Level: o.Level, Rate: o.Rate, Duration: max(o.Duration, time.Second),
		A: fakeEnd(o.A, o.Routing), Z: fakeEnd(o.Z, o.Routing), Protected: o.Protected, Start: o.Start, Server: o.Server, OfferID: o.OfferID, Sink: o.Sink,
		Status: session.Requested, Phase: session.Admitted, Correlator: o.Key, Reason: o.Fingerprint,
		Price: session.Price{Currency: "EUR", Exponent: 2}, CreatedAt: testNow(), UpdatedAt: testNow(), Route: session.Route{RTTMicros: 12500},
	}
	f.sessions[s.ID] = s
	return s, f.keep(o.Key, o.Answer, order.View{Session: s}), nil
}

// keep keeps what a request with a key is answered.
func (f *fakeCore) keep(key string, encode order.Answer, v order.View) []byte {
	if encode == nil {
		return nil
	}
	if f.kept == nil {
		f.kept = map[string][]byte{}
	}
	f.kept[key] = encode(fakeWay(v))
	return f.kept[key]
}

func fakeEnd(r order.EndRequest, p session.RoutingProtocol) session.End {
	e := session.End{AccessPoint: r.AccessPoint, Type: r.Type, Location: r.Location, Terminal: session.Terminal{Address: r.Primary}, Routing: session.Routing{Protocol: p, Prefixes: r.Prefixes, PeerAS: r.PeerAS}}
	if w := r.WireGuard; w != nil {
		e.Tunnel = &session.TunnelEnd{PublicKey: w.PublicKey, Endpoint: w.Endpoint}
	}
	if r.Secondary.IsValid() || r.SecondWireGuard != nil {
		second := session.End{Terminal: session.Terminal{Address: r.Secondary}}
		if w := r.SecondWireGuard; w != nil {
			second.Tunnel = &session.TunnelEnd{PublicKey: w.PublicKey, Endpoint: w.Endpoint}
		}
		e.Second = &second
	}
	return e
}

// fakeWay is how both ends of a protected session are connected.
func fakeWay(v order.View) order.View {
	s := &v.Session
	if s.A.Second != nil && s.Z.Second != nil {
		v.A.Second, v.Z.Second = &order.Handover{CustomerIP: s.A.Second.Terminal.Address}, &order.Handover{}
		s.Route.Second = &session.Way{RTTMicros: 14_000}
	}
	return v
}

func (f *fakeCore) View(_ context.Context, made session.Session) (order.View, error) {
	return fakeWay(order.View{Session: made}), nil
}

func (f *fakeCore) Session(ctx context.Context, caller order.Caller, id session.ID) (order.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.View{}, err
	}
	v, err := f.view(caller, id)
	if err != nil {
		return order.View{}, err
	}
	return fakeHistory(v), nil
}

func (f *fakeCore) view(caller order.Caller, id session.ID) (order.View, error) {
	s, ok := f.sessions[id]
	if !ok {
		return order.View{}, session.Errorf(session.NotFound, "", "no session %s", id)
	}
	if s.Tenant != caller.Tenant {
		return order.View{}, session.Errorf(session.Forbidden, "", "the session belongs to somebody else")
	}
	var account session.Account
	if f.accounts {
		account = s.Account(testNow().Add(time.Hour))
	}
	return order.View{
		Account: account,
		Session: s, Fee: session.Money{Minor: 1300, Currency: "EUR", Exponent: 2}, Served: time.Hour,
		A: order.Handover{VLAN: 100, ProviderIPs: []netip.Prefix{netip.MustParsePrefix("192.0.2.9/30")}, CustomerIP: netip.MustParseAddr("192.0.2.10"), ProviderAS: 64500, CustomerAS: 65010, MTU: 1500},
		Z: order.Handover{MTU: 1420, TunnelEndpoint: netip.MustParseAddrPort("203.0.113.7:51900"), TunnelPublicKey: testKey, TunnelAllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}},
		Actual: order.Measured{
			Verification: order.DataPlane, At: testNow(), RTTMicros: 11900, LossPPM: 100, Window: time.Minute, FullSize: true, FullSizeBytes: 1420,
			SentOctets: 1 << 60, RecvOctets: 7, AttachmentA: order.Octets{Known: true, In: 1 << 60, Out: 9}, CustomerA: order.FarEnd{State: "up", Since: testNow()}, CustomerZ: order.FarEnd{State: "unknown"}, Detail: "fine",
		},
	}, nil
}

func (f *fakeCore) Sessions(ctx context.Context, caller order.Caller, l order.ListFilter) (order.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.Page{}, err
	}
	f.filters = append(f.filters, l)
	var views []order.View
	for id := range f.sessions {
		if v, err := f.view(caller, id); err == nil {
			views = append(views, v)
		}
	}
	page := order.Page{Total: len(views)}
	if from := (l.Page - 1) * l.PerPage; from >= page.Total {
		views = nil
	}
	page.Views = func(yield func(order.View, error) bool) {
		for _, v := range views {
			if !yield(v, nil) {
				return
			}
		}
	}
	return page, nil
}

func (f *fakeCore) Performance(ctx context.Context, caller order.Caller, id session.ID, l order.PerformanceFilter) (order.Performance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.Performance{}, err
	}
	v, err := f.view(caller, id)
	if err != nil {
		return order.Performance{}, err
	}
	f.windows = append(f.windows, l)
	p := order.Performance{View: fakeHistory(v), Every: time.Minute, Total: 3, Log: fakeHistory(v).Timeline}
	if l.Page == 1 {
		p.Windows = []session.SLAWindow{*p.View.Delivered, {From: testNow().Add(-time.Minute), Until: testNow(), Unknown: time.Minute, Verdict: session.VerdictUnknown}}
	}
	return p, nil
}

// fakeHistory adds what was measured and what happened.
func fakeHistory(v order.View) order.View {
	at := func(minute int) time.Time { return testNow().Add(time.Duration(minute) * time.Minute) }
	v.Promise = &session.Level{Name: session.LevelA, MaxRTTMicros: 20_000, MaxLossPPM: 1000, AvailabilityPPM: 995_000}
	v.Delivered = &session.SLAWindow{
		From: at(0), Until: at(60), Met: 59 * time.Minute, Breached: 30 * time.Second, Slow: 30 * time.Second, Unknown: 30 * time.Second,
		Sent: 36_000, Received: 35_990, Lost: 10, RTTSumMicros: 35_990 * 11_900, WorstRTTMicros: 41_200,
		SentOctets: 45_000_000, RecvOctets: 90_000_000, Counted: time.Hour, Verdict: session.VerdictMet,
	}
	broken := []session.BrokenGuarantee{
		{Guarantee: session.GuaranteedLatency, Promised: 20_000, Delivered: 41_200},
		{Guarantee: session.GuaranteedLoss, Promised: 1000, Delivered: 2500},
	}
	v.Timeline = []session.Event{
		{Seq: 7, Kind: session.SLABreached, At: at(50), Status: session.Activated, Cause: "PE7 secret", Breach: &session.Breach{
			From: at(49), Broken: []session.BrokenGuarantee{{Guarantee: session.GuaranteedAvailability, Promised: 995_000, Delivered: 900_000}},
		}},
		{Seq: 6, Kind: session.SLARestored, At: at(34), Status: session.Activated, Breach: &session.Breach{From: at(30), Until: at(31), Broken: broken}},
		{Seq: 5, Kind: session.SLABreached, At: at(31), Status: session.Activated, Breach: &session.Breach{From: at(30), Broken: broken[:1]}},
		{Seq: 4, Kind: session.RateChanged, At: at(20), Status: session.Activated, Correlator: "c-4"},
		{Seq: 3, Kind: session.PathChanged, At: at(10), Status: session.Activated, Cause: "moved off PE7"},
		{Seq: 2, At: at(0), Status: session.Activated, Phase: session.Active, Cause: "PE7 secret"},
		{Seq: 1, At: at(0), Status: session.Requested, Phase: session.Admitted, Cause: "ordered", Correlator: "c-1"},
	}
	return v
}

func (f *fakeCore) Modify(ctx context.Context, caller order.Caller, id session.ID, m order.Modification) (order.View, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.View{}, false, err
	}
	f.modified = append(f.modified, m)
	v, err := f.view(caller, id)
	if err != nil {
		return v, false, err
	}
	if m.Name != nil {
		v.Session.Name = *m.Name
	}
	changing := m.Forward != nil && *m.Forward != v.Session.Rate.Forward
	if changing {
		v.Session.Rate.Forward, v.Session.Phase = *m.Forward, session.Modifying
	}
	f.sessions[id] = v.Session
	return v, changing, nil
}

func (f *fakeCore) Extend(ctx context.Context, caller order.Caller, id session.ID, e order.Extension) (order.View, []byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.View{}, nil, err
	}
	f.extended = append(f.extended, e)
	if kept := f.kept[e.Key]; kept != nil {
		return order.View{}, kept, nil
	}
	v, err := f.view(caller, id)
	if err != nil {
		return v, nil, err
	}
	v.Session.Duration += e.By
	f.sessions[id] = v.Session
	return v, f.keep(e.Key, e.Answer, v), nil
}

func (f *fakeCore) Delete(ctx context.Context, caller order.Caller, id session.ID, match order.Match) (order.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(ctx, caller); err != nil {
		return order.View{}, err
	}
	v, err := f.view(caller, id)
	if err == nil {
		f.matched = append(f.matched, match)
		delete(f.sessions, id)
		v.Session.Phase, v.Session.StatusInfo = session.Releasing, session.DeleteRequested
	}
	return v, err
}

// fakeSession is one that exists before the test.
func fakeSession() session.Session {
	return session.Session{
		ID: "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11", Tenant: "acme", Duration: time.Hour, Status: session.Activated, Phase: session.Active, Level: session.LevelA,
		Rate: session.Rate{Forward: 1000, Reverse: 1000}, CreatedAt: testNow(), UpdatedAt: testNow(), StartedAt: testNow(),
	}
}
