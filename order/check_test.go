// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

func (s *shop) check(t testing.TB, q order.Inquiry) order.Availability {
	t.Helper()
	a, err := s.Check(t.Context(), as("acme"), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// levels makes three of the directory's one: A, AA of another class, and AAA with
// a bound on latency that Network cannot keep.
func levels(d *order.Directory) {
	a := d.Catalogue.Levels[0]
	aa, aaa := a, a
	aa.Name, aa.Class, aa.BookingPermille, aa.Price.PerMbpsHour = session.LevelAA, "priority", 1200, 7200
	aaa.Name, aaa.MaxRTTMicros = session.LevelAAA, 1000
	d.Catalogue.Levels = []session.Level{a, aa, aaa}
}

func TestCheckOffersWhatFitsAndSaysWhatWould(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	q := wish(1, 1).Inquiry
	a := s.check(t, q)
	if a.Outcome != order.Available || len(a.Offers) != 1 {
		t.Fatalf("%+v", a)
	}
	o := a.Offers[0]
	// 5.00 set-up, 10 Mbit/s for an hour at 3.6 thousandths of a cent.
	if o.Price.String() != "5.36 EUR" || o.Charges.SetUp.String() != "5.00 EUR" || o.Charges.Usage.String() != "0.36 EUR" ||
		o.Rates.PerMbpsHour != 3600 || o.RTTMicros != 2000 || o.ID == "" || !o.ValidUntil.Equal(s.now().Add(10*time.Minute)) {
		t.Errorf("offer %+v", o)
	}
	q.Rate = session.Rate{Forward: 200_000, Reverse: 200_000}
	if a = s.check(t, q); a.Outcome != order.Unavailable || len(a.Refusals) != 1 || a.Refusals[0].MostKbps != 100_000 {
		t.Errorf("too much: %+v", a)
	}
	q.Rate.Forward = 2_000_000
	if a = s.check(t, q); a.Outcome != order.Unavailable || a.Refusals[0].Code != session.NoResources || a.Refusals[0].MostKbps != 1_000_000 {
		t.Errorf("more than the line: %+v", a)
	}
}

// TestInquiryMayLeaveOpenWhatLiesBehind: routes and keys are an order's.
func TestInquiryMayLeaveOpenWhatLiesBehind(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	q := wish(1, 1).Inquiry
	q.A.Prefixes, q.Z.Prefixes, q.Z.WireGuard = nil, nil, nil
	a := s.check(t, q)
	if a.Outcome != order.Available {
		t.Fatalf("%+v", a)
	}
	o := wish(1, 1)
	o.OfferID = a.Offers[0].ID
	if _, _, err := s.Create(t.Context(), as("acme"), o); err != nil {
		t.Error(err)
	}
}

// TestOfferForLaterCanBeOrdered: what is offered for later is there then, with
// the guards of an order for later.
func TestOfferForLaterCanBeOrdered(t *testing.T) {
	t.Parallel()
	for _, hold := range []bool{false, true} {
		s := open(t, nil)
		taken := wish(2, 2)
		taken.Rate = session.Rate{Forward: 95_000, Reverse: 95_000}
		if _, _, err := s.Create(t.Context(), as("acme"), taken); err != nil {
			t.Fatal(err)
		}
		o := wish(1, 1)
		o.Hold = hold
		a := s.check(t, o.Inquiry)
		if a.Outcome != order.AvailableLater || len(a.Offers) != 1 || len(a.Refusals) != 1 {
			t.Fatalf("while taken: %+v", a)
		}
		later := a.Offers[0]
		if later.WaitDays != 1 || !later.Start.After(s.now().Add(time.Hour)) || !later.HeldUntil.IsZero() || later.RTTMicros != 2000 {
			t.Errorf("later: %+v", later)
		}
		o.OfferID = later.ID
		if _, _, err := s.Create(t.Context(), as("acme"), o); session.CodeOf(err) != session.OfferAltered {
			t.Errorf("for now: %v", err)
		}
		o.Start = later.Start
		made, _, err := s.Create(t.Context(), as("acme"), o)
		if err != nil || made.Status != session.Scheduled || !made.Start.Equal(later.Start) {
			t.Errorf("at %s: %+v, %v", later.Start, made, err)
		}
	}
}

func TestAnotherLevelIsNamed(t *testing.T) {
	t.Parallel()
	s := open(t, levels)
	for _, c := range []struct {
		name  string
		asked session.LevelName
		kbps  uint64
		want  session.LevelName
		found int
	}{
		{"of all", "", 10_000, session.LevelAA, 2},
		{"of one", session.LevelAAA, 10_000, session.LevelAA, 0},
		{"only the weakest fits", session.LevelAA, 90_000, session.LevelA, 0},
		{"none fits", session.LevelAA, 190_000, "", 0},
	} {
		q := wish(1, 1).Inquiry
		q.Level, q.Rate = c.asked, session.Rate{Forward: c.kbps, Reverse: c.kbps}
		a := s.check(t, q)
		if len(a.Offers) != c.found || len(a.Refusals) == 0 || a.Refusals[0].Other != c.want {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

// TestCheckHasNoEffect: without a hold nothing is written, however often.
func TestCheckHasNoEffect(t *testing.T) {
	t.Parallel()
	s := open(t, levels)
	for range 100 {
		q := wish(1, 1).Inquiry
		q.Level = ""
		if a := s.check(t, q); len(a.Offers) != 2 || !a.Offers[0].HeldUntil.IsZero() {
			t.Fatalf("%+v", a)
		}
	}
	s.nothingReserved(t)
	if size, err := s.store.Size(t.Context()); err != nil || size.Rows != 0 {
		t.Errorf("%d rows, %v", size.Rows, err)
	}
}

// grid is Network with a mesh of that many rows and columns of P routers between
// its PEs. Metrics differ by up to spread; 0: the whole mesh is one fan of ways
// that cost the same, which is as bad as it gets.
func grid(rows, columns int, spread uint32) *topology.Network {
	n := testnet.Network()
	one := n.Links[0]
	n.Links = nil
	one.Micros = [2]uint32{10, 10}
	join := func(a, z topology.NodeName) {
		metric := 10 + uint32(len(n.Links))*7%(spread+1)
		one.IGPMetric = [2]uint32{metric, metric}
		one.Name, one.A, one.Z = string(a+"-"+z), a, z
		n.Links = append(n.Links, one)
	}
	at := func(row, column int) topology.NodeName { return topology.NodeName(fmt.Sprintf("p%d-%d", row, column)) }
	for row := range rows {
		for column := range columns {
			n.Nodes = append(n.Nodes, topology.Node{Name: at(row, column), Role: topology.P})
			if row > 0 {
				join(at(row-1, column), at(row, column))
			}
			if column > 0 {
				join(at(row, column-1), at(row, column))
			}
		}
	}
	join("pe1", at(0, 0))
	join(at(rows-1, columns-1), "pe2")
	return n
}

// BenchmarkCheck asks for three levels, of which one has too tight a bound.
func BenchmarkCheck(b *testing.B) {
	for name, n := range map[string]*topology.Network{
		"1_link": testnet.Network(), "2_ways": testnet.Square(), "1000_nodes": grid(25, 40, 12), "1000_nodes_one_fan": grid(25, 40, 0),
	} {
		for _, hold := range []bool{false, true} {
			if hold && name != "1_link" {
				continue
			}
			b.Run(fmt.Sprintf("%s/hold=%v", name, hold), func(b *testing.B) {
				c := newClock()
				s := openOn(b, n, levels, c.Now)
				q := wish(1, 1).Inquiry
				q.Level, q.Hold = "", hold
				b.ReportAllocs()
				for b.Loop() {
					if a := s.check(b, q); a.Outcome != order.Available {
						b.Fatalf("%+v", a)
					}
					if hold {
						c.advance(5 * time.Minute)
						s.expire(b, 1)
					}
				}
			})
		}
	}
}
