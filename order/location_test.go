// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// TestLocationIsKept: a session remembers where its ends are, as the customer said
// it, or else as the inventory does.
func TestLocationIsKept(t *testing.T) {
	t.Parallel()
	here, there := session.Location{Latitude: 52.5, Longitude: 13.4}, session.Location{Latitude: 50.1, Longitude: 8.6}
	s := open(t, func(d *order.Directory) {
		for i := range d.Tenants["acme"].AccessPoints {
			d.Tenants["acme"].AccessPoints[i].Location = &there
		}
	})
	o := wide(1, 1, 1000)
	o.A.Location = &here
	made, _, err := s.Create(t.Context(), as("acme"), o)
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Session(t.Context(), as("acme"), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*session.Location{&here, &there}, []*session.Location{v.Session.A.Location, v.Session.Z.Location}); diff != "" {
		t.Error(diff)
	}
}
