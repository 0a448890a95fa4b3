// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// seconds is what a profile stands for: the load of every second. After the last
// one nothing is reserved.
type seconds [3000]int64

func (s *seconds) add(from, until uint32, kbps int64) {
	for t := from; t < until; t++ {
		s[t] += kbps
	}
}

func (s *seconds) max(from, until uint32) int64 {
	var most int64
	for t := from; t < until; t++ {
		most = max(most, s[t])
	}
	return most
}

func (s *seconds) clearsAt(from, until uint32, room int64) uint32 {
	for t := int(until) - 1; t >= int(from); t-- {
		if s[t] > room {
			for t < len(s) && s[t] > room {
				t++
			}
			return uint32(t)
		}
	}
	return from
}

// earliest tries one second after another.
func (s *seconds) earliest(from, length uint32, room int64) uint32 {
	for free, t := uint32(0), from; ; t++ {
		if free == length {
			return t - free
		}
		if free++; int(t) < len(s) && s[t] > room {
			free = 0
		}
	}
}

// steps returns the seconds from one on at which the load changes, the first
// one included, before until.
func (s *seconds) steps(from, until uint32) []Step {
	out := []Step{{From: instant(from), Kbps: s[from]}}
	for t := from + 1; t < until; t++ {
		if s[t] != s[t-1] {
			out = append(out, Step{From: instant(t), Kbps: s[t]})
		}
	}
	return out
}

type reservation struct {
	from, until uint32
	kbps        int64
}

// calendars is a profile beside the seconds it stands for, and what is held in
// both.
type calendars struct {
	profile profile
	seconds seconds
	held    []reservation
}

func (c *calendars) add(from, until uint32, kbps int64) {
	c.profile.add(from, until, kbps)
	if from < until {
		c.seconds.add(from, until, kbps)
	}
}

func (c *calendars) hold(r reservation) {
	c.add(r.from, r.until, r.kbps)
	c.held = append(c.held, r)
}

func (c *calendars) release(i int) {
	r := c.held[i]
	c.add(r.from, r.until, -r.kbps)
	c.held = slices.Delete(c.held, i, i+1)
}

// forget drops what is before t from all that is held too.
func (c *calendars) forget(t uint32) {
	c.profile.forget(t)
	clear(c.seconds[:t])
	for i := range c.held {
		c.held[i].from = max(c.held[i].from, t)
	}
	c.held = slices.DeleteFunc(c.held, func(r reservation) bool { return r.from >= r.until })
}

// check compares everything there is to ask, and what is kept.
func (c *calendars) check(t *rapid.T) {
	from := rapid.Uint32Range(0, uint32(len(c.seconds)-1)).Draw(t, "from")
	until := rapid.Uint32Range(0, uint32(len(c.seconds)-1)).Draw(t, "until")
	room := rapid.Int64Range(0, 12).Draw(t, "room")
	if got, want := c.profile.max(from, until), c.seconds.max(from, until); got != want {
		t.Fatalf("max of [%d, %d) is %d, want %d", from, until, got, want)
	}
	if got, want := c.profile.peak(), c.seconds.max(0, uint32(len(c.seconds))); got != want {
		t.Fatalf("peak is %d, want %d", got, want)
	}
	if got, want := c.profile.clearsAt(from, until, room), c.seconds.clearsAt(from, until, room); got != want {
		t.Fatalf("[%d, %d) clears of %d at %d, want %d", from, until, room, got, want)
	}
	got, ok := c.profile.earliest(from, until, room)
	if want := c.seconds.earliest(from, until, room); !ok || got != want {
		t.Fatalf("%d seconds from %d on with at most %d begin at %d, %v, want %d", until, from, room, got, ok, want)
	}
	if from < until {
		want, got := c.seconds.steps(from, until), c.profile.steps(instant(from), instant(until))
		if !slices.Equal(want, got) {
			t.Fatalf("steps of [%d, %d) (-want +got):\n%s", from, until, cmp.Diff(want, got))
		}
	}
	if len(c.held) == 0 && c.profile.blocks != nil {
		t.Fatalf("nothing is held and %v is left", c.profile)
	}
	c.profile.check(t)
	c.compare(t)
}

// compare says whether the breakpoints are the changes of the seconds, no more
// and no fewer.
func (c *calendars) compare(t *rapid.T) {
	second, load := 0, int64(0)
	for at, kbps := range c.profile.from(0) {
		for ; second < int(at); second++ {
			if c.seconds[second] != load {
				t.Fatalf("second %d has %d, want %d", second, load, c.seconds[second])
			}
		}
		if kbps == load {
			t.Fatalf("nothing changes at breakpoint %d", at)
		}
		load = kbps
	}
	if load != 0 {
		t.Fatalf("after all is over %d is left", load)
	}
	for ; second < len(c.seconds); second++ {
		if c.seconds[second] != 0 {
			t.Fatalf("second %d has nothing, want %d", second, c.seconds[second])
		}
	}
}

func TestProfileAgainstSeconds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkProfile)
}

func FuzzProfile(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkProfile)) }

func checkProfile(t *rapid.T) {
	var c calendars
	second := rapid.Uint32Range(0, uint32(len(c.seconds)-1))
	// Small rates make equal neighbours, large ones fill both halves of a load,
	// negative ones come when a release is entered before what it releases.
	rate := rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1<<31, 1<<33), rapid.Int64Range(-3, -1))
	which := func(t *rapid.T) int {
		if len(c.held) == 0 {
			t.Skip("nothing is held")
		}
		return rapid.IntRange(0, len(c.held)-1).Draw(t, "which")
	}
	t.Repeat(map[string]func(*rapid.T){
		"hold": func(t *rapid.T) {
			c.hold(reservation{from: second.Draw(t, "from"), until: second.Draw(t, "until"), kbps: rate.Draw(t, "kbps")})
		},
		"hold many": func(t *rapid.T) {
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			longest := uint32(rapid.SampledFrom([]int{4, 40, len(c.seconds)}).Draw(t, "longest"))
			for range rapid.IntRange(1, 200).Draw(t, "reservations") {
				from := r.Uint32N(uint32(len(c.seconds)))
				c.hold(reservation{from, min(from+r.Uint32N(longest), uint32(len(c.seconds)-1)), 1 + r.Int64N(7)})
			}
		},
		"release": func(t *rapid.T) { c.release(which(t)) },
		"release all that starts within": func(t *rapid.T) {
			from, until := second.Draw(t, "from"), second.Draw(t, "until")
			for i := len(c.held) - 1; i >= 0; i-- {
				if from <= c.held[i].from && c.held[i].from < until {
					c.release(i)
				}
			}
		},
		"extend": func(t *rapid.T) {
			r := &c.held[which(t)]
			until := max(r.until, second.Draw(t, "until"))
			c.add(max(r.from, r.until), until, r.kbps)
			r.until = until
		},
		"shift": func(t *rapid.T) {
			i, from := which(t), second.Draw(t, "from")
			r := c.held[i]
			c.release(i)
			c.hold(reservation{from, min(from+r.until-min(r.from, r.until), uint32(len(c.seconds)-1)), r.kbps})
		},
		"change rate": func(t *rapid.T) {
			r := &c.held[which(t)]
			kbps := rate.Draw(t, "kbps")
			c.add(r.from, r.until, kbps-r.kbps)
			r.kbps = kbps
		},
		"forget": func(t *rapid.T) { c.forget(second.Draw(t, "before") / 8) },
		"clone": func(*rapid.T) {
			p := c.profile
			c.profile = p.clone()
			p.add(0, never, 1) // is another's now
		},
		"": c.check,
	})
	for len(c.held) > 0 {
		c.release(rapid.IntRange(0, len(c.held)-1).Draw(t, "released"))
	}
	c.check(t)
}

// TestWhatFits asks what the largest rate is, and when another one fits, and
// takes it: no second is over-booked, and neither one more nor a second sooner
// would do.
func TestWhatFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const limit = 100
		var c calendars
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		whole := uint32(len(c.seconds))
		for range 300 {
			from := r.Uint32N(whole - 200)
			length := 1 + r.Uint32N(200)
			if most := limit - c.profile.max(from, from+length); most > 0 {
				c.hold(reservation{from, from + length, 1 + r.Int64N(most)})
			}
			kbps := 1 + r.Int64N(limit)
			at, _ := c.profile.earliest(from, length, limit-kbps)
			if at > from && c.seconds.max(at-1, min(at-1+length, whole)) <= limit-kbps {
				t.Fatalf("%d kbit/s fit at %d already", kbps, at-1)
			}
			if at+length < whole {
				c.hold(reservation{at, at + length, kbps})
			}
		}
		if most := c.seconds.max(0, whole); most != limit {
			t.Fatalf("the busiest second has %d, want %d", most, limit)
		}
		from, until := r.Uint32N(whole/2), whole/2+r.Uint32N(whole/2)
		most := limit - c.profile.max(from, until)
		c.hold(reservation{from, until, most})
		if got := c.seconds.max(from, until); got != limit {
			t.Fatalf("with the largest rate the busiest second has %d, want %d", got, limit)
		}
	})
}

func TestForgetChangesNothingLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var p profile
		for range rapid.IntRange(0, 300).Draw(t, "reservations") {
			from := r.Uint32N(2000)
			p.add(from, from+r.Uint32N(500), 1+r.Int64N(9))
		}
		at := rapid.Uint32Range(0, 3000).Draw(t, "forget before")
		before, whole := p.peak(), p.clone()
		lost := p.forget(at)
		want, got := whole.steps(instant(at), instant(4000)), p.steps(instant(at), instant(4000))
		if !slices.Equal(want, got) {
			t.Errorf("steps from %d on (-before +after):\n%s", at, cmp.Diff(want, got))
		}
		if got := p.max(0, at); got != 0 {
			t.Errorf("before %d %d is kept", at, got)
		}
		if got := p.peak(); !lost && got != before {
			t.Errorf("nothing is lost and the peak is %d, was %d", got, before)
		}
	})
}

func TestAdjacentWindowsDoNotMeet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SliceOfNDistinct(rapid.Uint32(), 2, 200, rapid.ID).Draw(t, "ends")
		slices.Sort(ends)
		var p profile
		for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(ends) - 1) {
			p.add(ends[i], ends[i+1], 7)
		}
		if got := p.peak(); got != 7 {
			t.Errorf("windows that touch sum up to %d, want 7", got)
		}
		want := []breakpoint{{at: ends[0], low: 7}, {at: ends[len(ends)-1]}}
		if len(p.blocks) != 1 || !slices.Equal(p.blocks[0].row, want) {
			t.Errorf("windows that touch keep %v", p)
		}
	})
}

func TestProfileAtTheEndOfTime(t *testing.T) {
	t.Parallel()
	var p profile
	p.add(0, never, 5)
	p.add(never-1, never, 2)
	if got := p.max(0, never-1); got != 5 {
		t.Errorf("max but for the last second is %d, want 5", got)
	}
	if got := p.max(0, never); got != 7 {
		t.Errorf("max is %d, want 7", got)
	}
	if got, ok := p.earliest(0, 1, 5); !ok || got != 0 {
		t.Errorf("at most 5 begin at %d, %v, want 0", got, ok)
	}
	if got, ok := p.earliest(0, never, 7); !ok || got != 0 {
		t.Errorf("at most 7 for ever begin at %d, %v, want 0", got, ok)
	}
	if got, ok := p.earliest(0, never, 5); ok {
		t.Errorf("at most 5 for ever begin at %d, want never", got)
	}
	if got, ok := p.earliest(3, 1, 4); ok {
		t.Errorf("at most 4 begin at %d, want never", got)
	}
	if got := p.clearsAt(0, never, 4); got != never {
		t.Errorf("clears at %d, want %d", got, uint32(never))
	}
	p.add(never-1, never, -2)
	p.add(0, never, -5)
	if p.blocks != nil {
		t.Errorf("a trace is left: %v", p)
	}
}

func TestForgetKeepsWhatIsLeft(t *testing.T) {
	t.Parallel()
	b := newBook("link:l>")
	enter := func(class string, from, until uint32, kbps int64, horizon uint32) {
		w := writer{horizon: horizon}
		w.shift(b, []shift{{class: class, from: from, until: until, kbps: kbps}, {total: true, from: from, until: until, kbps: kbps}})
		w.flush()
	}
	booked := &b.calendar.Load().sum
	enter("gold", 10, 50, 3, 0)
	enter("gold", 20, 30, 2, 0)
	enter("gold", 60, 70, 4, 40) // forgets what was before 40
	if got := booked.max(0, 39); got != 0 {
		t.Errorf("before the horizon %d is kept", got)
	}
	if got := booked.max(40, 50); got != 3 {
		t.Errorf("after the horizon %d, want 3", got)
	}
	enter("gold", 10, 50, -3, 40)
	enter("gold", 20, 30, -2, 40)
	enter("gold", 60, 70, -4, 40)
	if len(booked.blocks) != 0 || b.peak() != 0 {
		t.Errorf("a trace is left: %v, peak %d", booked, b.peak())
	}
}
