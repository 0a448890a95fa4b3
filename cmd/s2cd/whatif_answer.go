// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// whatIfAnswer is what the daemon says would be.
type whatIfAnswer struct {
	rerouteAnswer

	Orders     []orderForeseen `json:"orders"`
	Admitted   int             `json:"admitted"`
	Refused    int             `json:"refused"`
	Overbooked []arcExcess     `json:"overbooked"`
	Note       string          `json:"note"`
}

// orderForeseen is what would become of an order.
type orderForeseen struct {
	Name      string       `json:"name"`
	Outcome   string       `json:"outcome"`
	Forward   []string     `json:"forward,omitempty"`
	Reverse   []string     `json:"reverse,omitempty"`
	RTTMicros uint32       `json:"rttMicros,omitempty"`
	Second    *secondWay   `json:"second,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	Refusal   *pathRefusal `json:"refusal,omitempty"`
}

// secondWay is that of a protected order.
type secondWay struct {
	Forward   []string `json:"forward"`
	Reverse   []string `json:"reverse"`
	RTTMicros uint32   `json:"rttMicros"`
}

// arcExcess is more that is reserved on an arc than may be sold.
type arcExcess struct {
	Arc       string `json:"arc"`
	Class     string `json:"class,omitempty"`
	Kbps      int64  `json:"kbps"`
	LimitKbps int64  `json:"limitKbps"`
}

// tell prints the answer and fails if something would not find its way.
func (w *whatIfAnswer) tell(a *app, asked []whatIfOrder, asJSON bool) error {
	write := func() error { return writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), w.lines(asked)) }
	if asJSON {
		write = func() error { return a.printJSON(w) }
	}
	if err := write(); err != nil {
		return err
	}
	if w.NoWay+w.Failed+w.Refused > 0 {
		return errFound
	}
	return nil
}

func (w *whatIfAnswer) lines(asked []whatIfOrder) []string {
	lines := w.rerouteAnswer.lines()
	if len(w.Orders) > 0 {
		lines = append(lines, "", "ORDER\tFROM\tTO\tMBIT/S\tSLA\tOUTCOME\tPATH\tRTT\tREASON")
		for i := range w.Orders {
			if i < len(asked) {
				lines = append(lines, w.Orders[i].line(&asked[i]))
			}
		}
		lines = append(lines, fmt.Sprintf("%d orders: %d admitted, %d refused", len(w.Orders), w.Admitted, w.Refused))
	}
	for _, e := range w.Overbooked {
		class := ""
		if e.Class != "" {
			class = " of class " + e.Class
		}
		lines = append(lines, fmt.Sprintf("more is reserved than may be sold: %s%s, %s of %s Mbit/s",
			e.Arc, class, mbit(uint64(e.Kbps)), mbit(uint64(max(0, e.LimitKbps))))) //nolint:gosec // neither is negative
	}
	if w.Note != "" {
		lines = append(lines, w.Note)
	}
	return lines
}

func (o *orderForeseen) line(asked *whatIfOrder) string {
	path, took := way(o.Forward), rtt(o.RTTMicros)
	if o.Second != nil {
		path, took = path+" / "+way(o.Second.Forward), took+" / "+rtt(o.Second.RTTMicros)
	}
	var reasons []string
	if o.Refusal != nil {
		reasons = append(reasons, o.Refusal.words())
		for _, d := range o.Refusal.details() {
			reasons = append(reasons, d[0]+" "+d[1])
		}
	}
	if o.Reason != "" {
		reasons = append(reasons, o.Reason)
	}
	return strings.Join([]string{
		o.Name, asked.From, asked.To, mbit(asked.Kbps[0]) + "/" + mbit(asked.Kbps[1]), asked.SLA, o.Outcome, path, took, strings.Join(reasons, "; "),
	}, "\t")
}
