// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// seconds is what a profile stands for: the load of every second.
type seconds [512]int64

func (s *seconds) max(from, until uint32) int64 {
	if from >= until {
		return 0
	}
	return max(0, slices.Max(s[from:until]))
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

func TestProfileAgainstSeconds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkProfile)
}

func FuzzProfile(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkProfile)) }

func checkProfile(t *rapid.T) {
	type reservation struct {
		from, until uint32
		kbps        int64
	}
	var p profile
	var model seconds
	var held []reservation
	second := rapid.Uint32Range(0, uint32(len(model)-1))
	enter := func(r reservation, sign int64) {
		p.add(r.from, r.until, sign*r.kbps)
		for s := r.from; s < r.until; s++ {
			model[s] += sign * r.kbps
		}
	}
	// Many from the start, so that there is more than one block.
	for i := range rapid.Uint32Range(0, 200).Draw(t, "at first") {
		r := reservation{from: 2 * i, until: 2*i + 3 + i%5, kbps: int64(1 + i%7)}
		enter(r, 1)
		held = append(held, r)
	}
	t.Repeat(map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			r := reservation{from: second.Draw(t, "from"), until: second.Draw(t, "until"), kbps: rapid.Int64Range(1, 5).Draw(t, "kbps")}
			if r.from > r.until {
				r.from, r.until = r.until, r.from
			}
			enter(r, 1)
			held = append(held, r)
		},
		"remove": func(t *rapid.T) {
			if len(held) == 0 {
				t.Skip("nothing is held")
			}
			i := rapid.IntRange(0, len(held)-1).Draw(t, "which")
			enter(held[i], -1)
			held = slices.Delete(held, i, i+1)
			if len(held) == 0 && len(p.blocks) != 0 {
				t.Fatalf("a trace is left: %v", p)
			}
		},
		"": func(t *rapid.T) {
			from, until := second.Draw(t, "a"), second.Draw(t, "b")
			if got, want := p.max(from, until), model.max(from, until); from < until && got != want {
				t.Fatalf("max of [%d, %d) is %d, want %d", from, until, got, want)
			}
			if got, want := p.peak(), model.max(0, uint32(len(model))); got != want {
				t.Fatalf("peak is %d, want %d", got, want)
			}
			room := rapid.Int64Range(0, 12).Draw(t, "room")
			if from < until {
				if got, want := p.clearsAt(from, until, room), model.clearsAt(from, until, room); got != want {
					t.Fatalf("[%d, %d) clears of %d at %d, want %d", from, until, room, got, want)
				}
			}
			before, kbps := int64(-1), int64(0)
			for at, load := range p.from(0) {
				if int64(at) <= before || load == kbps {
					t.Fatalf("breakpoint %d is not one: %v", at, p)
				}
				before, kbps = int64(at), load
			}
		},
	})
}

func TestAdjacentWindowsDoNotMeet(t *testing.T) {
	t.Parallel()
	var p profile
	p.add(10, 20, 7)
	p.add(20, 30, 7)
	if got := p.max(0, 100); got != 7 {
		t.Errorf("max over two windows that touch is %d, want 7", got)
	}
	if row := p.blocks[0].row; len(row) != 2 {
		t.Errorf("two windows that touch keep breakpoints %v", row)
	}
}

func TestForgetKeepsWhatIsLeft(t *testing.T) {
	t.Parallel()
	b := &book{}
	b.enter("gold", 10, 50, 3, 0)
	b.enter("gold", 20, 30, 2, 0)
	b.enter("gold", 60, 70, 4, 40) // forgets what was before 40
	if got := b.total().max(0, 39); got != 0 {
		t.Errorf("before the horizon %d is kept", got)
	}
	if got := b.total().max(40, 50); got != 3 {
		t.Errorf("after the horizon %d, want 3", got)
	}
	b.enter("gold", 10, 50, -3, 40)
	b.enter("gold", 20, 30, -2, 40)
	b.enter("gold", 60, 70, -4, 40)
	if len(b.total().blocks) != 0 || b.peak.Load() != 0 {
		t.Errorf("a trace is left: %v, peak %d", b.total(), b.peak.Load())
	}
}
