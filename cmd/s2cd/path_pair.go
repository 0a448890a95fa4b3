// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// pathProtection is the wish for two paths that fail apart.
type pathProtection struct {
	pathcomp.Protection
	from, to string
}

func (p *pathProtection) flags(fs *pflag.FlagSet) {
	fs.Var(&textFlag[pathcomp.Disjointness]{to: &p.Disjoint, kind: "what", parse: parseDisjointness}, "disjoint",
		"two paths that do not share this: link, node, srlg, or node,srlg")
	fs.StringVar(&p.from, "second-from", "", "`node` at which the second path begins, with --disjoint")
	fs.StringVar(&p.to, "second-to", "", "`node` at which the second path ends, with --disjoint")
}

func (p *pathProtection) wanted() bool { return p.Disjoint != 0 }

// pairlessFlags are those that a pair of paths cannot be given.
func pairlessFlags() []string {
	return []string{"igp", "objective", "separate", "loss", "hops", "include"}
}

func parseDisjointness(text string) (pathcomp.Disjointness, error) {
	of := oneOf([]string{"link", "node", "srlg"},
		[]pathcomp.Disjointness{pathcomp.LinkDisjoint, pathcomp.NodeDisjoint, pathcomp.SRLGDisjoint})
	var all pathcomp.Disjointness
	for word := range strings.SplitSeq(text, ",") {
		one, err := of(word)
		if err != nil {
			return 0, err
		}
		all |= one
	}
	return all, nil
}

// pathPair says how good a pair of paths is.
type pathPair struct {
	Optimal bool      `json:"optimal"` // no pair costs less
	Gap     uint64    `json:"gap"`     // how much less one may cost, where that is not proven
	Cost    uint64    `json:"cost"`    // of both paths
	Uses    []pathUse `json:"uses"`    // what both reserve together
}

// search asks for a pair.
func (p *pathProtection) search(core *pathcomp.Core, d pathcomp.Demand, answer *pathAnswer) {
	p.From.Node, p.To.Node = topology.NodeName(p.from), topology.NodeName(p.to)
	found, refusal := core.SteerPair(d, p.Protection)
	if refusal != nil {
		answer.Refusal = newPathRefusal(refusal)
		answer.Refusal.ofTwo = true
		return
	}
	routes := newPathRoutes(core.Network(), d.Class, false)
	for i := range found.Paths {
		answer.Paths = append(answer.Paths, routes.found(&found.Paths[i]))
	}
	answer.Pair = &pathPair{Optimal: found.Optimal, Gap: found.Gap, Cost: found.Both.Cost, Uses: pathUses(found.Both.Uses)}
}

// explain says what is left, and what one path alone would be.
func (p *pathProtection) explain(core *pathcomp.Core, d pathcomp.Demand, answer *pathAnswer) {
	out := &pathExplanation{}
	answer.Explanation = out
	slowest := uint32(0)
	for i := range answer.Paths {
		f := &answer.Paths[i]
		slowest = max(slowest, f.RoundTripMicros)
		for _, h := range slices.Concat(f.Forward.Hops, f.Reverse.Hops) {
			if out.Narrowest == nil || h.FreeKbps < out.Narrowest.FreeKbps {
				out.Narrowest = &h
			}
		}
	}
	if len(answer.Paths) > 0 && slowest < d.MaxRTTMicros {
		out.Slack = &pathSlack{RoundTripMicros: d.MaxRTTMicros - slowest}
	}
	if one, refusal := core.Steer(d); refusal == nil {
		out.Alone = &pathAlternative{Nodes: texts(one.Forward), Cost: one.Cost, RoundTripMicros: one.RTTMicros}
	}
}

func (p *pathPair) lines() []string {
	proof := "no pair costs less"
	if !p.Optimal {
		proof = fmt.Sprintf("a pair may cost less by %d at most", p.Gap)
	}
	return []string{"", fmt.Sprintf("both cost %d: %s", p.Cost, proof)}
}
