// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// pathDemand is a demand as flags give it.
type pathDemand struct {
	pathcomp.Demand
	from, to string
	duration time.Duration
}

func (d *pathDemand) flags(fs *pflag.FlagSet) {
	fs.StringVar(&d.from, "from", "", "`node` at which the path begins")
	fs.StringVar(&d.to, "to", "", "`node` at which it ends")
	fs.StringSliceVar(&d.From.Access, "from-access", nil, "`accesses` of an inventory passed on the way in, customer's side first")
	fs.StringSliceVar(&d.To.Access, "to-access", nil, "`accesses` at the other end, customer's side first")
	fs.Var(&textFlag[[2]uint64]{to: &d.Kbps, kind: "rate", parse: parseRates}, "bandwidth",
		"there and back, like 500Mbps, 500Mbps/100Mbps or 500Mbps/0")
	fs.StringVar(&d.Class, "class", "", "queue `class`, whose share of links is sold")
	d.duration, d.BookingPermille = time.Hour, 1000
	fs.Var(&textFlag[time.Duration]{to: &d.duration, kind: "time", parse: parseDuration, text: "1h"}, "duration", "from now, for which there has to be room")
	fs.Var(&textFlag[uint32]{to: &d.BookingPermille, kind: "share", parse: inventory.ParseShare, text: "100%"}, "booking", "of the bandwidth that is reserved")
	fs.Var(&textFlag[uint32]{to: &d.OverheadPermill, kind: "share", parse: inventory.ParseShare}, "overhead", "added on links, for labels")
	fs.Var(&textFlag[uint32]{to: &d.MaxRTTMicros, kind: "time", parse: parseMicros}, "latency", "bound on the round trip")
	d.steered(fs)
}

func (d *pathDemand) steered(fs *pflag.FlagSet) {
	objectives := oneOf([]string{"cost", "latency", "load"},
		[]pathcomp.Objective{pathcomp.LeastCost, pathcomp.LeastLatency, pathcomp.LeastLoad})
	fs.Var(&textFlag[pathcomp.Objective]{to: &d.Objective, kind: "what", parse: objectives, text: "cost"}, "objective",
		"what the path has least of: cost, latency or load (RFC 5541)")
	fs.BoolVar(&d.Separate, "separate", false, "each direction may take its own links")
	fs.Var(&textFlag[uint32]{to: &d.MaxLossPPM, kind: "share", parse: parseLossBound}, "loss", "bound on the packets lost on the round trip, like 0.1%")
	fs.Uint32Var(&d.MaxHops, "hops", 0, "bound on the `number` of links, each direction")
	fs.Var(&textFlag[[]topology.NodeName]{to: &d.Include, kind: "nodes", parse: parseNodes}, "include", "nodes to pass in this order (RFC 5440 section 7.12)")
	fs.Var(&textFlag[[]topology.NodeName]{to: &d.Exclude.Nodes, kind: "nodes", parse: parseNodes}, "exclude-node", "nodes not to pass (RFC 5521)")
	fs.StringSliceVar(&d.Exclude.Links, "exclude-link", nil, "`links` not to use")
	fs.Var(&textFlag[[]uint32]{to: &d.Exclude.SRLGs, kind: "numbers", parse: parseNumbers}, "exclude-srlg", "shared risk link groups not to use")
	for _, of := range []struct {
		to         *uint32
		name, help string
	}{
		{&d.Affinity.IncludeAny, "include-any", "administrative groups of which a link needs one (RFC 3209 section 4.7.4)"},
		{&d.Affinity.IncludeAll, "include-all", "administrative groups that a link needs"},
		{&d.Affinity.ExcludeAny, "exclude-any", "administrative groups of which a link may have none"},
	} {
		fs.Var(&textFlag[uint32]{to: of.to, kind: "groups", parse: parseGroups}, of.name, of.help)
	}
}

// steeredFlags are those that mean nothing where the routers choose the path.
func steeredFlags() []string {
	return []string{
		"objective", "separate", "hops", "include", "exclude-node", "exclude-link", "exclude-srlg",
		"include-any", "include-all", "exclude-any", "segments", "max-depth", "explain",
	}
}

// at returns the demand from an instant on.
func (d *pathDemand) at(now time.Time) pathcomp.Demand {
	out := d.Demand
	out.From.Node, out.To.Node = topology.NodeName(d.from), topology.NodeName(d.to)
	out.Window = pathcomp.Window{From: now, Until: now.Add(d.duration)}
	return out
}
