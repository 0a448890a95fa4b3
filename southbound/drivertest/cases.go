// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/southbound"
)

func (s *suite) applyReadBackConfirm() {
	empty, one := s.config(), s.config(s.VRF(0))
	both := s.config(s.VRF(0), s.VRF(1))
	s.expect("at first", empty)
	for _, step := range []struct {
		what       string
		have, want southbound.DeviceConfig
	}{
		{"one VRF", empty, one}, {"a second", one, both}, {"the first again", both, one}, {"none", one, empty},
	} {
		tx := s.tx(step.have, step.want)
		s.apply(tx)
		s.expect(step.what+", applied", step.want)
		s.confirm(tx)
		s.expect(step.what+", confirmed", step.want)
	}
}

func (s *suite) cancelRestores() {
	one, both := s.config(s.VRF(0)), s.config(s.VRF(0), s.VRF(1))
	s.commit(s.config(), one)
	tx := s.tx(one, both)
	s.apply(tx)
	s.expect("applied", both)
	if err := s.Driver.Cancel(s.ctx(), tx); err != nil {
		s.Fatalf("cancel: %v", err)
	}
	s.expect("cancelled", one)
	s.commit(one, both) // nothing stands in the way of the next
	s.expect("applied after all", both)
}

func (s *suite) unconfirmedRollsBack() {
	one, both := s.config(s.VRF(0)), s.config(s.VRF(0), s.VRF(1))
	first := s.tx(s.config(), one)
	s.apply(first)
	s.confirm(first)
	tx := s.tx(one, both)
	tx.ID = first.ID // free again
	tx.Rollback = time.Second
	s.apply(tx)
	deadline := time.Now().Add(patience)
	for !s.read().Equal(one) {
		if time.Now().After(deadline) {
			s.Fatalf("not rolled back after %s: %+v", patience, s.read())
		}
		time.Sleep(tick)
	}
	s.fails("confirm too late", s.Driver.Confirm(s.ctx(), tx), southbound.InDoubt)
	s.expect("after the late confirm", one)
}

func (s *suite) sameAgainWritesNothing() {
	one := s.config(s.VRF(0))
	s.commit(s.config(), one)
	before := s.writes()
	tx := s.tx(s.read(), one)
	s.apply(tx)
	s.confirm(tx)
	if err := s.Driver.Cancel(s.ctx(), tx); err != nil {
		s.Errorf("cancel of nothing: %v", err)
	}
	if after := s.writes(); after != before {
		s.Errorf("%d writes for no difference", after-before)
	}
	s.expect("unchanged", one)
}

func (s *suite) smallChange() {
	changed := s.VRF(0)
	s.Edit(&changed)
	from, to := s.config(s.VRF(0), s.VRF(1)), s.config(changed, s.VRF(1))
	if from.Equal(to) {
		s.Fatal("harness: Edit changes nothing")
	}
	s.commit(s.config(), from)
	s.commit(from, to)
	s.expect("there", to)
	s.commit(to, from)
	s.expect("and back", from)
}

func (s *suite) unmarkedIsNeverTouched() {
	before := s.foreign()
	one, other := s.config(s.VRF(0)), s.config(s.VRF(1))
	if s.Unowned != nil {
		over := s.VRF(0)
		s.Unowned(&over)
		s.expect("at first", s.config())
		s.fails("apply over an unmarked object", s.Driver.Apply(s.ctx(), s.tx(s.config(), s.config(over))), southbound.Refused)
	}
	s.commit(s.config(), one)
	s.commit(one, other)
	s.commit(other, s.config())
	if diff := cmp.Diff(before, s.foreign()); diff != "" {
		s.Errorf("unmarked objects (-before +after)\n%s", diff)
	}
}

func (s *suite) deleteOfMissing() {
	one, both := s.config(s.VRF(0)), s.config(s.VRF(0), s.VRF(1))
	s.commit(s.config(), one)
	s.commit(both, one) // what was believed there is not
	s.expect("unchanged", one)
	s.commit(both, s.config())
	s.expect("empty", s.config())
}

func (s *suite) oldFence() {
	one, both := s.config(s.VRF(0)), s.config(s.VRF(0), s.VRF(1))
	newer := s.tx(s.config(), one)
	newer.Fence = s.Fence + 12
	s.apply(newer)
	s.confirm(newer)
	older := s.tx(one, both)
	older.Fence = s.Fence + 11
	s.fails("apply with an old fence", s.Another().Apply(s.ctx(), older), southbound.Fenced)
	s.expect("unchanged", one)
	newer = s.tx(one, both)
	newer.Fence = s.Fence + 12
	s.apply(newer)
	newer.Fence = s.Fence + 11
	s.fails("confirm with an old fence", s.Another().Confirm(s.ctx(), newer), southbound.Fenced)
	newer.Fence = s.Fence + 13
	s.confirm(newer)
}

func (s *suite) refused() {
	if s.Refused == nil {
		s.Fatal("harness: Refused is missing")
	}
	bad := s.VRF(1)
	s.Refused(&bad)
	one := s.config(s.VRF(0))
	s.commit(s.config(), one)
	s.fails("apply", s.Driver.Apply(s.ctx(), s.tx(one, s.config(s.VRF(0), bad, s.VRF(2)))), southbound.Refused)
	s.expect("unchanged", one)
	s.commit(one, s.config(s.VRF(0), s.VRF(2)))
	s.expect("the good one alone", s.config(s.VRF(0), s.VRF(2)))
}

func (s *suite) secondCommit() {
	one, both := s.config(s.VRF(0)), s.config(s.VRF(0), s.VRF(1))
	first := s.tx(s.config(), one)
	s.apply(first)
	s.fails("apply beside an open commit", s.Another().Apply(s.ctx(), s.tx(one, both)), southbound.Busy)
	s.confirm(first)
	s.expect("the first", one)
}

func (s *suite) confirmOfNothing() {
	one := s.config(s.VRF(0))
	s.commit(s.config(), one)
	s.fails("confirm", s.Another().Confirm(s.ctx(), s.tx(one, one)), southbound.InDoubt)
	s.expect("unchanged", one)
}

func (s *suite) anotherConfirms() {
	one, both := s.config(s.VRF(0)), s.config(s.VRF(0), s.VRF(1))
	tx := s.tx(s.config(), one)
	s.apply(tx)
	if err := s.Another().Confirm(s.ctx(), tx); err != nil {
		s.Fatalf("confirm by another: %v", err)
	}
	tx = s.tx(one, both)
	s.apply(tx)
	if err := s.Another().Cancel(s.ctx(), tx); err != nil {
		s.Fatalf("cancel by another: %v", err)
	}
	s.expect("the first alone", one)
}

func (s *suite) observe() {
	s.commit(s.config(), s.config(s.VRF(0)))
	s.read()
	o, err := s.Driver.Observe(s.ctx())
	if err != nil {
		s.Fatalf("observe: %v", err)
	}
	if o.At.IsZero() {
		s.Error("observation without a time")
	}
}
