// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// printTable writes a row a graph and a column a contestant, in Markdown.
func printTable(out io.Writer, rows []row) {
	head, line := "| graph | nodes/arcs |", "|---|---|"
	for _, s := range rows[0].scores {
		head += " " + s.contestant + " |"
		line += "---|"
	}
	_, _ = fmt.Fprintf(out, "%s\n%s\n", head, line)
	for _, r := range rows {
		text := fmt.Sprintf("| %s | %s/%s |", r.graph, grouped(float64(r.nodes)), grouped(float64(r.arcs)))
		for _, s := range r.scores {
			text += " " + s.cell(r.yardstick()) + " |"
		}
		_, _ = fmt.Fprintln(out, text)
	}
}

func (r row) yardstick() float64 {
	i := slices.IndexFunc(r.scores, func(s score) bool { return s.contestant == ownDijkstra })
	return r.scores[i].queriesPerSecond
}

// cell shows queries a second, their ratio to the yardstick, and how many
// answers were right where not all were.
func (s score) cell(yardstick float64) string {
	if s.queriesPerSecond == 0 {
		return "-"
	}
	text := grouped(s.queriesPerSecond)
	if s.contestant != ownDijkstra {
		text += " (" + ratio(s.queriesPerSecond/yardstick) + ")"
	}
	if s.right < s.asked {
		text += fmt.Sprintf(", %.0f %% right", 100*float64(s.right)/float64(s.asked))
	}
	return text
}

// ratio writes two digits, or all before the point.
func ratio(r float64) string {
	if r >= 10 {
		return grouped(r)
	}
	return strconv.FormatFloat(r, 'g', 2, 64)
}

// grouped writes a whole number with commas.
func grouped(n float64) string {
	text := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// printFacts says what it was measured on and with.
func printFacts(out io.Writer, rows []row) {
	var with []string
	for _, r := range rows {
		for _, s := range r.scores {
			with = append(with, s.with...)
		}
	}
	slices.Sort(with)
	_, _ = fmt.Fprintf(out, "\nOne thread, CPU time, on %s (%d cores), %s; %s.\n", processor(), runtime.NumCPU(), runtime.Version(), strings.Join(slices.Compact(with), ", "))
}

// processor returns the machine's model of processor.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if key, value, ok := strings.Cut(in.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}
