// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
)

// bgpWish is an order of a site that speaks BGP, with a password if there is one.
func bgpWish(site, cloud int, password session.Hidden) order.Order {
	o := wish(site, cloud)
	o.Routing, o.A.PeerAS, o.A.BGPPassword = session.BGP, 64512, password
	return o
}

func TestFaultyPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	plain := southbound.Platforms()
	without := plain["generic-openconfig"]
	without.TCPMD5 = false
	plain["generic-openconfig"] = without
	s, unable := open(t, nil), open(t, func(d *order.Directory) { d.Platforms = plain })
	tunnel := wish(1, 1)
	tunnel.Z.BGPPassword = "x"
	static := wish(1, 1)
	static.A.BGPPassword = "x"
	for name, c := range map[string]struct {
		at    *shop
		order order.Order
		code  session.Code
		field string
	}{
		"too long":             {s, bgpWish(1, 1, session.Hidden(strings.Repeat("x", 81))), session.Invalid, "accessPoint.bgpPassword"},
		"blank within":         {s, bgpWish(1, 1, "hush hush"), session.Invalid, "accessPoint.bgpPassword"},
		"line end within":      {s, bgpWish(1, 1, "hush\nno router bgp"), session.Invalid, "accessPoint.bgpPassword"},
		"not ASCII":            {s, bgpWish(1, 1, "hüsh"), session.Invalid, "accessPoint.bgpPassword"},
		"without BGP":          {s, static, session.Invalid, "accessPoint.bgpPassword"},
		"for a tunnel":         {s, tunnel, session.Invalid, "endPoint.bgpPassword"},
		"router that cannot":   {unable, bgpWish(1, 1, "hush"), session.NotSupported, "accessPoint.bgpPassword"},
		"router that does BGP": {unable, bgpWish(1, 1, ""), session.Internal, ""},
		"longest":              {s, bgpWish(1, 1, session.Hidden(strings.Repeat("~", 80))), session.Internal, ""},
		"shortest":             {s, bgpWish(3, 3, "!"), session.Internal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := c.at.Create(t.Context(), as("acme"), c.order)
			if c.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refusal *session.Error
			if !asError(err, &refusal) || refusal.Code != c.code || refusal.Field != c.field {
				t.Errorf("got %v (code %d), want code %d for %q", err, session.CodeOf(err), c.code, c.field)
			}
			if len(c.order.A.BGPPassword) > 1 && strings.Contains(fmt.Sprint(err), string(c.order.A.BGPPassword)) {
				t.Errorf("the refusal says it: %v", err)
			}
			if _, err := c.at.Check(t.Context(), as("acme"), c.order.Inquiry); session.CodeOf(err) != c.code {
				t.Errorf("an inquiry is answered with %v", err)
			}
		})
	}
}

// TestPasswordIsKeptSealed follows a password through the life of its session.
func TestPasswordIsKeptSealed(t *testing.T) {
	t.Parallel()
	const password = "Hush-1234567890"
	s := open(t, nil)
	o := bgpWish(1, 1, password)
	o.Key, o.Fingerprint = "key", order.Fingerprint([]byte(password))
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil {
		t.Fatal(err)
	}
	ref := made.A.Routing.Secret
	if got, err := s.store.Secret(t.Context(), ref); got != password || err != nil {
		t.Errorf("%q stands for %q: %v", ref, got, err)
	}
	if made.Z.Routing.Secret != "" {
		t.Errorf("the other end has a secret %q", made.Z.Routing.Secret)
	}
	again, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil || again.ID != made.ID {
		t.Errorf("repeated: %v, %v", again.ID, err)
	}
	o.Fingerprint = order.Fingerprint([]byte("other"))
	if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.Exists {
		t.Errorf("the key with another body: %v", err)
	}
	renamed, _, err := s.Modify(t.Context(), as("acme"), made.ID, order.Modification{Name: new("n"), Forward: new(uint64(20_000))})
	if err != nil || renamed.Session.A.Routing.Secret != ref {
		t.Errorf("after a modification: %q, %v", renamed.Session.A.Routing.Secret, err)
	}
	s.restart(t)
	v, err := s.Session(t.Context(), as("acme"), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	seen := [][]byte{body}
	for _, suffix := range []string{"", "-wal"} {
		file, err := os.ReadFile(s.path + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		seen = append(seen, file)
	}
	for i, text := range seen {
		for _, secret := range []string{password, order.Fingerprint([]byte(password))} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%q is in what customers see, the store, or its log (%d)", secret, i)
			}
		}
	}
}

// TestOneAccessPointHasOnePassword orders a second session of a site.
func TestOneAccessPointHasOnePassword(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	first, _, err := s.Create(t.Context(), as("acme"), bgpWish(1, 1, "hush"))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []session.Hidden{"", "hush2"} {
		_, _, err := s.Create(t.Context(), as("acme"), bgpWish(1, 2, other))
		var refusal *session.Error
		if !asError(err, &refusal) || refusal.Code != session.Incompatible || refusal.Field != "accessPoint.bgpPassword" {
			t.Errorf("another password %d: %v", len(other), err)
		}
	}
	second, _, err := s.Create(t.Context(), as("acme"), bgpWish(1, 2, "hush"))
	if err != nil || second.A.Routing.Secret != first.A.Routing.Secret {
		t.Errorf("the same password: %q and %q, %v", first.A.Routing.Secret, second.A.Routing.Secret, err)
	}
	foreign, _, err := s.Create(t.Context(), as("other"), bgpWish(1, 1, "hush"))
	if err != nil || foreign.A.Routing.Secret == first.A.Routing.Secret {
		t.Errorf("another customer's: %q and %q, %v", first.A.Routing.Secret, foreign.A.Routing.Secret, err)
	}
}

// TestSecretsAreNamedByWhatTheyAre draws passwords and customers.
func TestSecretsAreNamedByWhatTheyAre(t *testing.T) {
	t.Parallel()
	s := openAt(t, nil, func() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) })
	type of struct{ tenant, password string }
	names := map[string]of{}
	rapid.Check(t, func(rt *rapid.T) {
		one := of{
			rapid.SampledFrom([]string{"acme", "other"}).Draw(rt, "tenant"),
			rapid.StringMatching(`[!-~]{1,80}`).Draw(rt, "password"),
		}
		made, _, err := s.Create(t.Context(), as(session.TenantID(one.tenant)), bgpWish(1, 1, session.Hidden(one.password)))
		if err != nil {
			rt.Fatal(err)
		}
		ref := made.A.Routing.Secret
		if first, ok := names[ref]; ok && first != one {
			rt.Errorf("%q and %q have one name", first, one)
		}
		names[ref] = one
		if got, err := s.store.Secret(t.Context(), ref); got != one.password || err != nil {
			rt.Errorf("%q became %q: %v", one.password, got, err)
		}
		made.Phase, made.Decision = session.Releasing, session.DecideAbsent
		if made, err = s.store.Advance(t.Context(), order.Step{Session: made}, s.ledger); err != nil {
			rt.Fatal(err)
		}
		made.Phase = session.Released
		if _, err := s.store.Advance(t.Context(), order.Step{Session: made, Return: true}, s.ledger); err != nil {
			rt.Fatal(err)
		}
		if _, err := s.store.Secret(t.Context(), ref); err == nil {
			rt.Error("the secret outlives its session")
		}
	})
}
