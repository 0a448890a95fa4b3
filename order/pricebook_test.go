// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"testing"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// TestPriceBook: a customer with prices of its own is offered and billed those,
// another the catalogue's.
func TestPriceBook(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	d := testnet.Directory()
	acme := d.Tenants["acme"]
	acme.Prices = map[session.LevelName]session.Price{session.LevelA: {Currency: "EUR", Exponent: 2, SetUp: 100, PerMbpsHour: 1800}}
	d.Tenants["acme"] = acme
	s.Reload(d)
	for customer, want := range map[session.TenantID]string{"acme": "1.18 EUR", "other": "5.36 EUR"} {
		a, err := s.Check(t.Context(), as(customer), wish(1, 1).Inquiry)
		if err != nil || len(a.Offers) != 1 || a.Offers[0].Price.String() != want {
			t.Errorf("%s: %+v, %v; want %s", customer, a, err, want)
			continue
		}
		offered, plain := wish(1, 1), wish(2, 2)
		offered.OfferID = a.Offers[0].ID
		for _, o := range []order.Order{offered, plain} {
			made, _, err := s.Create(t.Context(), as(customer), o)
			if err != nil {
				t.Errorf("%s: %v", customer, err)
				continue
			}
			if fee := made.Price.Fee(made.Rate, made.Duration); fee.String() != want {
				t.Errorf("%s: a session at %+v costs %s, want %s", customer, made.Price, fee, want)
			}
		}
	}
}
