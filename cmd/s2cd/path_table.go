// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/s2cd/s2cd/pathcomp"
)

// write shows an answer to people.
func (a *pathAnswer) write(w io.Writer) error {
	lines := []string{fmt.Sprintf("%s to %s, %s Mbit/s there, %s Mbit/s back", a.From, a.To, mbit(a.Kbps[0]), mbit(a.Kbps[1]))}
	if a.Refusal != nil {
		lines = append(lines, a.Refusal.lines()...)
	}
	for i := range a.Paths {
		if len(a.Paths) > 1 {
			lines = append(lines, "", fmt.Sprintf("path %d", i+1))
		}
		lines = append(lines, a.Paths[i].lines()...)
	}
	if a.Pair != nil {
		lines = append(lines, a.Pair.lines()...)
	}
	if a.Explanation != nil {
		lines = append(lines, a.Explanation.lines()...)
	}
	return writeTable(tabwriter.NewWriter(w, 0, 8, 2, ' ', 0), lines)
}

func (p *pathFound) lines() []string {
	lines := []string{"", "WAY\tHOP\tFROM\tTO\tLINK\tLATENCY\tCOST\tLOSS\tFREE MBIT/S"}
	lines = append(lines, p.Forward.lines("there")...)
	lines = append(lines, p.Reverse.lines("back")...)
	lines = append(lines, "", fmt.Sprintf("round trip %s, cost %d, loss %s, hops %d there and %d back",
		millis(uint64(p.RoundTripMicros)), p.Cost, percent(p.LossPPM), len(p.Forward.Hops), len(p.Reverse.Hops)))
	if len(p.EqualCostLinks) > 0 {
		lines = append(lines, "of equal cost, and reserved as well: "+strings.Join(p.EqualCostLinks, ", "))
	}
	if len(p.Forward.Segments)+len(p.Reverse.Segments) > 0 {
		lines = append(lines, "segments there: "+segmentText(p.Forward.Segments), "segments back: "+segmentText(p.Reverse.Segments))
	}
	return lines
}

func (d *pathDirection) lines(way string) []string {
	lines := make([]string, len(d.Hops))
	for i, h := range d.Hops {
		lines[i] = strings.Join([]string{
			way, strconv.Itoa(i + 1), h.From, h.To, h.Link, millis(uint64(h.Micros)), strconv.FormatUint(uint64(h.Cost), 10),
			percent(h.LossPPM), mbit(h.FreeKbps),
		}, "\t")
	}
	return lines
}

// lines says a refusal in words.
func (r *pathRefusal) lines() []string {
	lines := []string{"no path: " + r.words(), "cause\t" + r.Cause}
	if len(r.Objects) > 0 {
		lines = append(lines, "not satisfied\t"+strings.Join(r.Objects, ", "))
	}
	for _, d := range r.details() {
		lines = append(lines, d[0]+"\t"+d[1])
	}
	return lines
}

// details are what a refusal is about and what would fit, each with its name.
func (r *pathRefusal) details() [][2]string {
	var out [][2]string
	add := func(name, text string) {
		if text != "" {
			out = append(out, [2]string{name, text})
		}
	}
	add("nodes", strings.Join(r.Nodes, ", "))
	add("blocking", strings.Join(r.Blocking, ", "))
	if r.Cause == string(pathcomp.Bandwidth) {
		add("most bandwidth", mbit(r.MostKbps)+" Mbit/s both ways")
	}
	if !r.EarliestStart.IsZero() {
		add("earliest start", moment(r.EarliestStart))
	}
	if r.StartsTried > 0 {
		add("earliest start", fmt.Sprintf("none found at the first %d changes of what is booked", r.StartsTried))
	}
	if r.LeastRoundTripMicros > 0 {
		add("least round trip", millis(uint64(r.LeastRoundTripMicros)))
	}
	return out
}

// words says what a cause means.
func (r *pathRefusal) words() string {
	if text, ok := r.wordsOfTwo(); ok {
		return text
	}
	switch pathcomp.Cause(r.Cause) {
	case pathcomp.UnknownNode:
		return "the topology has no such node, access or link"
	case pathcomp.NoPath:
		return "nothing that is in service leads there and back"
	case pathcomp.Bandwidth:
		return "no way has room for it all the time"
	case pathcomp.Latency:
		return "no way is as fast as the bound on the round trip"
	case pathcomp.Loss:
		return "no way loses as little as the bound"
	case pathcomp.Hops:
		return "no way has as few links as the bound"
	case pathcomp.Policy:
		return "what is to be included, excluded or avoided leaves none"
	case pathcomp.Bounds:
		return "each bound can be kept, all together cannot"
	case pathcomp.Undecided:
		return "the search gave up, it is not known whether there is one"
	case pathcomp.Maintenance:
		return "it would lead through a node that takes no new paths"
	case pathcomp.Disjoint:
		return "there is a path, and no second one that is disjoint"
	case pathcomp.Unsupported:
		return "a demand like this cannot be searched for"
	case pathcomp.Invalid:
		return "the demand is not valid"
	}
	return r.Cause
}

// wordsOfTwo says what a cause means of two paths, if it means something else then.
func (r *pathRefusal) wordsOfTwo() (text string, ok bool) {
	switch cause := pathcomp.Cause(r.Cause); {
	case r.ofTwo && cause == pathcomp.Bandwidth:
		return "no two such ways have room for it all the time", true
	case r.ofTwo && cause == pathcomp.Latency:
		return "no two such ways are as fast as the bound on the round trip", true
	}
	return "", false
}

// millis renders microseconds.
func millis(micros uint64) string {
	return strconv.FormatFloat(float64(micros)/1000, 'f', -1, 64) + " ms"
}

// mbit renders kbit/s as Mbit/s.
func mbit(kbps uint64) string { return strconv.FormatFloat(float64(kbps)/1000, 'f', -1, 64) }

// percent renders packets of a million.
func percent(ppm uint32) string { return strconv.FormatFloat(float64(ppm)/1e4, 'f', -1, 64) + "%" }
