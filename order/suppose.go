// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Trial is a network to try things out on: a fork of pathcomp.Core.
type Trial interface {
	Planner
	Pathfinder
	Network() *topology.Network
	Try(owner string, a pathcomp.Admission) error
}

// Prospect is an order that could come, of nobody in particular.
type Prospect struct {
	Name string // for people
	// An end is a node, or the accesses on the way in, customer's side first, with
	// commas between them. The second ends are those of a protected order.
	From, To             string
	SecondFrom, SecondTo string
	Kbps                 [2]uint64 // there and back
	MaxRTTMicros         uint32    // 0: as the level says; else the smaller of both
	Start                time.Time // zero: now
	Duration             time.Duration
	Level                session.LevelName
	Protected            bool
}

// Foreseen is what would become of a prospect. Without a refusal and a reason it
// would be admitted.
type Foreseen struct {
	Prospect  Prospect
	Admission pathcomp.Admission
	Refusal   *pathcomp.Refusal // by the network
	Reason    string            // in words: by the catalogue, or what its two ways share
}

// Suppose says what PlanReroute says of a fork of the network, has the sessions
// move there, and says which prospects would be admitted beside them, one after
// the other. Of prospects only the network and the catalogue are looked at: no
// quotas, pools and customers' own prices. Nothing is changed but the fork.
func (s *Service) Suppose(ctx context.Context, on Trial, prospects []Prospect) ([]Rerouted, []Foreseen, error) {
	plan, err := s.planReroute(ctx, on)
	if err != nil {
		return nil, nil, err
	}
	moved := make([]Rerouted, len(plan))
	for i := range plan {
		moved[i] = plan[i].told()
		if moved[i].Outcome != Moves {
			continue
		}
		if err := on.Try(plan[i].move.Owner, plan[i].move.Admission); err != nil {
			moved[i] = plan[i].about(Failed, err.Error())
		}
	}
	d, now, network := s.directory.Load(), s.now(), on.Network()
	foreseen := make([]Foreseen, len(prospects))
	for i, p := range prospects {
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("suppose order %d: %w", i+1, ctx.Err())
		}
		foreseen[i] = d.foresee(on, network, p, now)
		if f := &foreseen[i]; f.Refusal == nil && f.Reason == "" {
			if err := on.Try(fmt.Sprintf("order:%d", i), f.Admission); err != nil {
				*f = Foreseen{Prospect: p, Reason: err.Error()}
			}
		}
	}
	return moved, foreseen, nil
}

// foresee looks for the way of a prospect.
func (d *Directory) foresee(on Pathfinder, n *topology.Network, p Prospect, now time.Time) Foreseen {
	out := Foreseen{Prospect: p}
	l, ok := d.Catalogue.Level(p.Level)
	in := plan{rate: session.Rate{Forward: p.Kbps[0], Reverse: p.Kbps[1]}, start: p.Start, duration: p.Duration}
	err := in.settleWindow(d.Catalogue, now)
	switch {
	case !ok:
		out.Reason = fmt.Sprintf("the level %q is not sold here", p.Level)
		return out
	case l.Protected && !p.Protected:
		out.Reason = "this level is sold for protected sessions only"
		return out
	case err != nil:
		out.Reason = err.Error()
		return out
	}
	demand := d.terms(in, l)
	demand.MaxRTTMicros = uint32(lesser(uint64(l.MaxRTTMicros), uint64(p.MaxRTTMicros))) //nolint:gosec // both are no larger
	demand.From, demand.To = place(n, p.From), place(n, p.To)
	if p.Protected {
		demand.Second = &pathcomp.Second{From: place(n, p.SecondFrom), To: place(n, p.SecondTo)}
	}
	if out.Admission, out.Refusal = on.Search(demand); out.Refusal != nil && !out.Refusal.Shared.None() {
		out.Reason = meeting(out.Refusal.Shared)
	}
	return out
}

// place reads an end of a prospect. What is not known is so to the search too,
// which says so.
func place(n *topology.Network, text string) pathcomp.Terminal {
	if _, ok := n.Node(topology.NodeName(text)); ok {
		return pathcomp.Terminal{Node: topology.NodeName(text)}
	}
	names := strings.Split(text, ",")
	last, ok := n.AccessPoint(names[len(names)-1])
	if !ok {
		return pathcomp.Terminal{Node: topology.NodeName(text)}
	}
	return pathcomp.Terminal{Node: last.Node, Access: names}
}
