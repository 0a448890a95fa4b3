// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/session"
)

// withCustomer gives small's tenant t2 more of its own.
func withCustomer(text string) []byte {
	return []byte(strings.Replace(small, "    clients: [c2]\n", "    clients: [c2]\n"+text, 1))
}

func TestCustomer(t *testing.T) {
	t.Parallel()
	got, err := inventory.Parse("f", withCustomer(`    contact: {name: Ada, email: noc@two.example, phone: "+44 20 7946 0000"}
    prices:
      - {level: A, price: {setUp: 0, perMbpsHour: 0.001, minimum: 24h}}
`))
	if err != nil {
		t.Fatal(err)
	}
	two := got.Tenants[1]
	if d := cmp.Diff(session.Contact{Name: "Ada", Email: "noc@two.example", Phone: "+44 20 7946 0000"}, two.Contact); d != "" {
		t.Errorf("contact (-want +got):\n%s", d)
	}
	want := map[session.LevelName]session.Price{"A": {Currency: "EUR", Exponent: 2, PerMbpsHour: 100, MinimumSeconds: 86400}}
	if d := cmp.Diff(want, two.Prices); d != "" {
		t.Errorf("prices (-want +got):\n%s", d)
	}
	if got.Tenants[0].Prices != nil {
		t.Errorf("prices of the other: %+v", got.Tenants[0].Prices)
	}
}

func TestBadCustomers(t *testing.T) {
	t.Parallel()
	const price = "price: {setUp: 0, perMbpsHour: 0.001}"
	for text, want := range map[string]string{
		"    contact: {email: Ada <a@b>}\n":                                          "tenants[1].contact.email: \"Ada <a@b>\" is no e-mail address",
		"    prices: [{level: AA, " + price + "}]\n":                                 "tenants[1].prices[0].level: the catalogue has no level \"AA\"",
		"    prices: [{level: A, " + price + "}, {level: A, " + price + "}]\n":       "tenants[1].prices[1].level: \"A\" is given twice",
		"    prices: [{level: A, price: {setUp: 0.001, perMbpsHour: 0.001}}]\n":      "tenants[1].prices[0].price.setUp: EUR has 2 digits",
		"    prices: [{level: A, price: {setUp: 1, perMbpsHour: 1, currency: X}}]\n": "tenants[1].prices[0].price.currency: unknown key",
	} {
		_, err := inventory.Parse("f", withCustomer(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
