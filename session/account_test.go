// SPDX-License-Identifier: Apache-2.0

package session

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// began is when the sessions of these tests were ACTIVATED.
func began() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }

// tariff is one thousandth of a cent a second for each Mbit/s.
func tariff() Price { return Price{Currency: "EUR", Exponent: 2, SetUp: 1000, PerMbpsHour: 3600} }

func running(p Price, mbps uint64) Session {
	return Session{
		Rate: Rate{Forward: mbps * 1000, Reverse: mbps * 1000}, Level: LevelA, Price: p, StartedAt: began(), ExpiresAt: began().Add(10 * time.Hour),
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	least, early := tariff(), tariff()
	least.MinimumSeconds, early.EarlyPermille = 7200, 500
	dear := running(tariff(), 100)
	dear.Charges = dear.AllCharges()
	dear.Rate = Rate{Forward: 200_000, Reverse: 50_000}
	dear = dear.BilledFrom(began().Add(time.Hour + 900*time.Millisecond))
	deleted := func(s Session, after time.Duration) Session {
		s.EndedAt, s.StatusInfo = began().Add(after), DeleteRequested
		return s
	}
	for _, c := range []struct {
		name                                 string
		s                                    Session
		at                                   time.Duration
		setUp, usage, early, minimum, served int64
		final                                bool
	}{
		{"not started", Session{Price: tariff(), Rate: Rate{1000, 1000}}, time.Hour, 0, 0, 0, 0, 0, false},
		{"an hour of 100 Mbit/s", running(tariff(), 100), time.Hour, 1000, 360, 0, 0, 3600, false},
		{"the second that is not full is free", running(tariff(), 1000), 2*time.Second - 1, 1000, 1, 0, 0, 1, false},
		{"expired", running(tariff(), 100), 100 * time.Hour, 1000, 3600, 0, 0, 36000, true},
		{"the minimum term", running(least, 100), time.Hour, 1000, 360, 0, 360, 3600, false},
		{"beyond the minimum term", running(least, 100), 3 * time.Hour, 1000, 1080, 0, 0, 10800, false},
		{"changed after an hour", dear, 2 * time.Hour, 1000, 360 + 720, 0, 0, 7200, false},
		{"deleted, and half of the rest is due", deleted(running(early, 100), time.Hour), 5 * time.Hour, 1000, 360, 1620, 0, 3600, true},
		{"deleted after it has expired", deleted(running(early, 100), 11*time.Hour), 12 * time.Hour, 1000, 3600, 0, 0, 36000, true},
	} {
		a := c.s.Account(began().Add(c.at))
		got := [5]int64{a.SetUp.Minor, a.Usage.Minor, a.Early.Minor, a.Minimum.Minor, int64(a.Served / time.Second)}
		if want := [5]int64{c.setUp, c.usage, c.early, c.minimum, c.served}; got != want || a.Final != c.final {
			t.Errorf("%s: set-up, usage, early, minimum, served %v, final %t; want %v, %t", c.name, got, a.Final, want, c.final)
		}
		if sum := a.SetUp.Minor + a.Usage.Minor + a.Early.Minor + a.Minimum.Minor; a.Total.Minor != sum || a.Total.Currency != "EUR" {
			t.Errorf("%s: total %s, the parts come to %d", c.name, a.Total, sum)
		}
	}
}

// An account is the sum of its charges, rounded once, whatever was changed when.
func TestAccountIsTheExactSumRoundedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := func(name string) Price {
			return Price{
				Currency: "EUR", Exponent: 2, SetUp: rapid.Int64Range(0, 1e6).Draw(t, name+" set-up"),
				PerMbpsHour:    rapid.Int64Range(0, 1e9).Draw(t, name+" usage"),
				MinimumSeconds: rapid.Int64Range(0, 4000).Draw(t, name+" minimum"), EarlyPermille: rapid.Int64Range(0, 1000).Draw(t, name+" early"),
				ProtectionPermille: rapid.Uint32Range(0, 1000).Draw(t, name+" protection"),
			}
		}
		rate := func() Rate {
			r := rapid.Uint64Range(1, 1e9)
			return Rate{Forward: r.Draw(t, "forward"), Reverse: r.Draw(t, "reverse")}
		}
		s := Session{Price: price("first"), Rate: rate(), StartedAt: began(), ExpiresAt: began().Add(time.Duration(rapid.Int64Range(1, 1e13).Draw(t, "agreed")))}
		at := began()
		type term struct {
			from time.Time
			p    Price
			r    Rate
		}
		terms := []term{{at, s.Price, s.Rate}}
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			at = at.Add(time.Duration(rapid.Int64Range(0, 4e12).Draw(t, "later")))
			s.Charges = s.AllCharges()
			s.Price, s.Rate = price("next"), rate()
			s = s.BilledFrom(at)
			terms = append(terms, term{at, s.Price, s.Rate})
		}
		end := at.Add(time.Duration(rapid.Int64Range(0, 4e12).Draw(t, "end")))
		if rapid.Bool().Draw(t, "deleted") {
			s.EndedAt, s.StatusInfo = end, DeleteRequested
		}

		// The oracle bills second by second, in rationals.
		whole := func(t time.Time) int64 { return int64(t.Sub(began()) / time.Second) }
		cost := func(x term, secs, permille int64) *big.Rat {
			per := big.NewRat(x.p.PerMbpsHour, 3600*1000*1000)
			per.Mul(per, new(big.Rat).SetInt64(int64(max(x.r.Forward, x.r.Reverse))))
			per.Mul(per, big.NewRat(secs, 1))
			per.Mul(per, big.NewRat(1000+int64(x.p.ProtectionPermille), 1000))
			return per.Mul(per, big.NewRat(permille, 1000))
		}
		stop := end
		if s.ExpiresAt.Before(stop) {
			stop = s.ExpiresAt
		}
		due := new(big.Rat)
		for i, x := range terms {
			until := whole(stop)
			if i+1 < len(terms) {
				until = min(until, whole(terms[i+1].from))
			}
			due.Add(due, cost(x, max(0, until-whole(x.from)), 1000))
		}
		if s.StatusInfo == DeleteRequested {
			last := terms[len(terms)-1]
			due.Add(due, cost(last, max(0, whole(s.ExpiresAt)-whole(stop)), last.p.EarlyPermille))
		}
		if least := cost(terms[0], terms[0].p.MinimumSeconds, 1000); least.Cmp(due) > 0 {
			due = least
		}
		due.Add(due, big.NewRat(1, 2)) // half up
		want := new(big.Int).Quo(due.Num(), due.Denom()).Int64() + terms[0].p.SetUp

		a := s.Account(end)
		if a.Total.Minor != want {
			t.Fatalf("%d, want %d", a.Total.Minor, want)
		}
		sum := a.SetUp.Minor + a.Early.Minor + a.Minimum.Minor
		for _, p := range a.Parts {
			sum += p.Fee.Minor
		}
		if sum != want {
			t.Fatalf("the parts come to %d of %d", sum, want)
		}
		if later := s.Account(end.Add(time.Hour)); a.Final && cmp.Diff(a, later) != "" {
			t.Fatalf("final, and an hour later another: %s", cmp.Diff(a, later))
		}
	})
}

// What was earned before a change is the same after it.
func TestChangeLeavesWhatWasEarned(t *testing.T) {
	t.Parallel()
	s := running(tariff(), 100)
	before := s.Account(began().Add(time.Hour)).Total
	s.Charges = s.AllCharges()
	s.Rate, s.Level = Rate{Forward: 1000, Reverse: 1000}, LevelAA
	s.Price.PerMbpsHour = 1
	s = s.BilledFrom(began().Add(time.Hour))
	if after := s.Account(began().Add(time.Hour)).Total; after != before {
		t.Errorf("%s before, %s after", before, after)
	}
	if again := s.BilledFrom(began().Add(2 * time.Hour)); len(again.Charges) != 2 {
		t.Errorf("charges %+v", again.Charges)
	}
}

func TestTagTellsWhatACustomerSees(t *testing.T) {
	t.Parallel()
	s := running(tariff(), 100)
	same := s
	same.Version, same.Reason, same.Devices = 7, "for operators", []DeviceState{{Device: "pe1"}}
	if same.Tag() != s.Tag() {
		t.Error("the tag changes with what a customer does not see")
	}
	for name, change := range map[string]func(*Session){
		"name": func(s *Session) { s.Name = "x" }, "rate": func(s *Session) { s.Rate.Reverse++ }, "level": func(s *Session) { s.Level = LevelAA },
		"duration": func(s *Session) { s.Duration++ }, "status": func(s *Session) { s.Status = Terminated }, "phase": func(s *Session) { s.Phase = Modifying },
		"time": func(s *Session) { s.UpdatedAt = s.UpdatedAt.Add(time.Microsecond) },
	} {
		other := s
		change(&other)
		if other.Tag() == s.Tag() {
			t.Errorf("another %s has the same tag", name)
		}
	}
}
