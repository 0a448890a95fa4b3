// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/topology"
)

// spares is a ring of four nodes whose books and services change.
type spares struct {
	core    *Core
	ledger  *Ledger
	network topology.Network
}

func newSpares(t *rapid.T) *spares {
	now := time.Unix(epoch+1000, 0)
	clock := func() time.Time { return now }
	s := &spares{ledger: NewLedger(clock), network: topology.Network{Revision: 1}}
	for i := range 4 {
		s.network.Nodes = append(s.network.Nodes, topology.Node{Name: topology.NodeName(fmt.Sprint("n", i)), Role: topology.P})
		l := topology.Link{Name: fmt.Sprint("l", i), A: topology.NodeName(fmt.Sprint("n", i)), Z: topology.NodeName(fmt.Sprint("n", (i+1)%4))}
		s.network.Links = append(s.network.Links, s.draw(t, l))
	}
	s.network.Nodes[0].Role = topology.Gateway
	var err error
	if s.core, err = NewCore(&s.network, s.ledger, clock); err != nil {
		t.Fatal(err)
	}
	return s
}

// draw returns a link with another capacity, that may be out of service.
func (s *spares) draw(t *rapid.T, l topology.Link) topology.Link {
	l.Kbps = [2]uint64{rapid.Uint64Range(0, 100).Draw(t, "there"), rapid.SampledFrom([]uint64{50, 1 << 40}).Draw(t, "back")}
	l.IGPMetric, l.Down = [2]uint32{1, 1}, rapid.Bool().Draw(t, "down")
	l.Reservable = topology.Shares{All: 1000}
	if rapid.Bool().Draw(t, "apart") {
		l.Reservable.ByClass = map[string]uint32{"gold": 300}
	}
	return l
}

func (s *spares) owner(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "owner")) }

// reserve takes both directions of some links, if there is room.
func (s *spares) reserve(t *rapid.T) {
	from := time.Unix(epoch+rapid.Int64Range(990, 1100).Draw(t, "from"), 0)
	a := Admission{
		Class:  rapid.SampledFrom([]string{"", "gold", "best"}).Draw(t, "class"),
		Window: Window{From: from, Until: from.Add(time.Duration(rapid.Int64Range(1, 50).Draw(t, "seconds")) * time.Second)},
	}
	for i := range s.network.Links {
		if rapid.Bool().Draw(t, "takes") {
			kbps := rapid.Uint64Range(0, 20).Draw(t, "kbps")
			a.Uses = append(a.Uses, Use{Arc: topology.LinkArc(s.network.Links[i].Name, 1), Kbps: kbps}, Use{Arc: topology.LinkArc(s.network.Links[i].Name, 0), Kbps: kbps})
		}
	}
	_ = s.ledger.Reserve(s.owner(t), a) // no room is an answer too
}

// update changes a link, a node, or both.
func (s *spares) update(t *rapid.T) {
	var u Update
	if rapid.Bool().Draw(t, "link") {
		l := &s.network.Links[rapid.IntRange(0, 3).Draw(t, "which")]
		*l = s.draw(t, *l)
		u.Links = append(u.Links, *l)
	}
	if rapid.Bool().Draw(t, "node") {
		n := &s.network.Nodes[rapid.IntRange(0, 3).Draw(t, "which")]
		n.Down, n.Maintenance = rapid.Bool().Draw(t, "down"), rapid.Bool().Draw(t, "maintenance")
		u.Nodes = append(u.Nodes, *n)
	}
	if err := s.core.Update(u); err != nil {
		t.Fatal(err)
	}
}

// check compares the words with the calendars, and what may be passed through
// with the network.
func (s *spares) check(t *rapid.T) {
	now := s.core.now.Load()
	for i := range now.linkArcs {
		sure, b := int64(now.spare[i].Load()), now.books[i]
		var most int64
		for _, load := range b.calendar.Load().sum.from(0) {
			most = max(most, load)
		}
		left := b.capacity.limit("").total
		for _, class := range []string{"", "gold", "best"} {
			left = min(left, b.capacity.limit(class).ofClass)
			if free := b.freeRoom(class, 0, never, b.capacity.limit(class)); sure > max(free, 0) {
				t.Fatalf("arc %s: %d are spare, %d of class %q are free", b.arc, sure, free, class)
			}
		}
		if want := min(max(left-most, 0), 1<<32-1); sure != want {
			t.Fatalf("arc %s: %d are spare, want %d", b.arc, sure, want)
		}
		l := now.links.at(i / 2)
		through := !l.Down
		for _, end := range [2]topology.NodeName{l.A, l.Z} {
			n := now.nodes.at(now.nodeOf[end])
			through = through && !n.Down && !n.Maintenance && n.Role != topology.Gateway
		}
		if now.through.has(i) != through {
			t.Fatalf("arc %s: any path may take it: %v, want %v", b.arc, !through, through)
		}
	}
}

// TestSpare holds that what surely fits is what the calendars say, whatever is
// reserved, given back, loaded anew, changed in the network or tried in a fork.
func TestSpare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSpares(t)
		t.Repeat(map[string]func(*rapid.T){
			"reserve":  s.reserve,
			"withdraw": func(t *rapid.T) { s.ledger.Withdraw(s.owner(t)) },
			"reload": func(t *rapid.T) {
				if err := s.ledger.Reload(nil); err != nil {
					t.Fatal(err)
				}
			},
			"update": s.update,
			"swap": func(t *rapid.T) {
				n := s.network
				n.Links = append(n.Links[1:4:4], n.Links[0]) // other numbers
				if err := s.core.Swap(&n); err != nil {
					t.Fatal(err)
				}
			},
			"fork": func(t *rapid.T) {
				f := s.core.Fork()
				(&spares{core: f, ledger: f.Ledger(), network: s.network}).reserve(t)
			},
			"": s.check,
		})
	})
}

// TestFindNear holds that a place that was right elsewhere, or never, leads to
// what a search finds.
func TestFindNear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var p profile
		ends := rapid.SliceOfN(rapid.Uint32Range(0, 500), 0, 300).Draw(t, "ends")
		for i := 1; i < len(ends); i++ {
			p.add(min(ends[i-1], ends[i]), max(ends[i-1], ends[i]), int64(i))
		}
		at := rapid.Uint32Range(0, 510).Draw(t, "at")
		near := place{block: rapid.IntRange(0, 8).Draw(t, "block"), index: rapid.IntRange(0, fullBlock).Draw(t, "index")}
		want, found := p.find(at)
		if got, ok := p.findNear(at, &near); got != want || ok != found || near != want {
			t.Fatalf("the last breakpoint not after %d is at %v, %v, noted %v, want %v, %v", at, got, ok, near, want, found)
		}
	})
}
