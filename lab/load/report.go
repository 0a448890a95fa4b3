// SPDX-License-Identifier: Apache-2.0

package load

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// WriteTable writes results as a table of Markdown.
func WriteTable(w io.Writer, results []Result) error {
	lines := []string{
		"| phase | asked/s | achieved/s | p50 ms | p90 | p99 | p99.9 | max | p99 at most | answers | CPU s: daemon | generator | routers | others |",
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("| %s | %d | %.0f | %s | %s | %s | %s | %s | %s | %s | %.1f | %.1f | %.1f | %.1f |",
			r.Phase, r.Asked, r.Achieved, r.P50, r.P90, r.P99, r.P999, r.Max, kept(r),
			counts(r.Statuses), r.CPU.Daemon, r.CPU.Generator, r.CPU.Devices, r.CPU.Others))
	}
	lines = append(lines, "")
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("After %s, sessions by phase: %s.", r.Phase, counts(r.Sessions)))
	}
	if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// kept says whether a phase kept its limit.
func kept(r Result) string {
	limit := time.Duration(r.Limit).Seconds() * 1000
	switch {
	case limit == 0:
		return "-"
	case r.P99 > r.Limit:
		return fmt.Sprintf("%.0f, missed", limit)
	}
	return fmt.Sprintf("%.0f, kept", limit)
}

// WriteJSON writes results as one line of JSON each.
func WriteJSON(w io.Writer, results []Result) error {
	enc := json.NewEncoder(w)
	for _, r := range results {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("write %s as JSON: %w", r.Phase, err)
		}
	}
	return nil
}

// String implements fmt.Stringer.
func (m Millis) String() string { return fmt.Sprintf("%.1f", time.Duration(m).Seconds()*1000) }

func counts(of map[string]int) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%d × %s", of[name], name))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// Wrong returns an error when an answer was not what was wanted.
func Wrong(results []Result) error {
	for _, r := range results {
		if r.Wrong > 0 {
			return fmt.Errorf("%s: %d of %d answers were not what was wanted, the first: %s", r.Phase, r.Wrong, r.Calls, r.First)
		}
	}
	return nil
}
