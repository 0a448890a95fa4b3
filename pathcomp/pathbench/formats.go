// SPDX-License-Identifier: Apache-2.0

// Package pathbench measures the path search on graphs and queries, from files
// or made up. It decides nothing and is used by no part of the daemon's main flow.
package pathbench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// Graph is a graph and what is available on its arcs.
type Graph struct {
	Nodes int
	Arcs  []csp.Arc // costs, and delays in microseconds
	Mbps  []uint32  // available, by arc
}

// Query asks for the cheapest path with Mbps on each arc and a bounded delay.
type Query struct {
	From, To uint32
	Mbps     uint32
	Micros   uint32
}

// Answer is the best cost and, among those, the least delay; both -1: no path.
type Answer struct{ Cost, Micros int64 }

// ReadGraph reads "nodes arcs", then a line "from to cost delay_us Mbit/s" for
// each arc. Errors name the line.
func ReadGraph(r io.Reader) (*Graph, error) {
	in := newLines(r)
	head, err := in.next(2)
	if err != nil {
		return nil, err
	}
	g := &Graph{Nodes: int(head[0])}
	for range head[1] {
		f, err := in.next(5)
		if err != nil {
			return nil, err
		}
		if f[0] >= head[0] || f[1] >= head[0] {
			return nil, fmt.Errorf("line %d: arc from %d to %d in a graph of %d nodes", in.line, f[0], f[1], head[0])
		}
		g.Arcs = append(g.Arcs, csp.Arc{From: f[0], To: f[1], Cost: f[2], Delay: f[3]})
		g.Mbps = append(g.Mbps, f[4])
	}
	return g, in.end()
}

// ReadQueries reads the number of queries, then a line "from to Mbit/s
// delay_us" for each. Errors name the line.
func ReadQueries(r io.Reader, nodes int) ([]Query, error) {
	in := newLines(r)
	head, err := in.next(1)
	if err != nil {
		return nil, err
	}
	var out []Query
	for range head[0] {
		f, err := in.next(4)
		if err != nil {
			return nil, err
		}
		if int(f[0]) >= nodes || int(f[1]) >= nodes {
			return nil, fmt.Errorf("line %d: query from %d to %d in a graph of %d nodes", in.line, f[0], f[1], nodes)
		}
		out = append(out, Query{From: f[0], To: f[1], Mbps: f[2], Micros: f[3]})
	}
	return out, in.end()
}

// ReadAnswers reads a line "cost delay_us" for each of count queries, "-1 -1"
// where there is no path. Errors name the line.
func ReadAnswers(r io.Reader, count int) ([]Answer, error) {
	in := newLines(r)
	out := make([]Answer, 0, count)
	for range count {
		text, err := in.fields(2)
		if err != nil {
			return nil, err
		}
		var a Answer
		if text[0] == "-1" && text[1] == "-1" {
			a = Answer{Cost: -1, Micros: -1}
		} else {
			f, err := in.numbers(text)
			if err != nil {
				return nil, err
			}
			a = Answer{Cost: int64(f[0]), Micros: int64(f[1])}
		}
		out = append(out, a)
	}
	return out, in.end()
}

// WriteGraph writes what ReadGraph reads.
func WriteGraph(w io.Writer, g *Graph) error {
	text := fmt.Appendln(nil, g.Nodes, len(g.Arcs))
	for i, a := range g.Arcs {
		text = fmt.Appendln(text, a.From, a.To, a.Cost, a.Delay, g.Mbps[i])
	}
	_, err := w.Write(text)
	return err
}

// WriteQueries writes what ReadQueries reads.
func WriteQueries(w io.Writer, queries []Query) error {
	text := fmt.Appendln(nil, len(queries))
	for _, q := range queries {
		text = fmt.Appendln(text, q.From, q.To, q.Mbps, q.Micros)
	}
	_, err := w.Write(text)
	return err
}

// lines reads lines of numbers.
type lines struct {
	scanner *bufio.Scanner
	line    int
}

func newLines(r io.Reader) *lines { return &lines{scanner: bufio.NewScanner(r)} }

// fields returns the next line's fields, of which there must be count.
func (l *lines) fields(count int) ([]string, error) {
	l.line++
	if !l.scanner.Scan() {
		if err := l.scanner.Err(); err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
		return nil, fmt.Errorf("line %d: missing: %w", l.line, io.ErrUnexpectedEOF)
	}
	text := strings.Fields(l.scanner.Text())
	if len(text) != count {
		return nil, fmt.Errorf("line %d: %d fields, want %d", l.line, len(text), count)
	}
	return text, nil
}

func (l *lines) numbers(text []string) ([]uint32, error) {
	out := make([]uint32, len(text))
	for i, t := range text {
		n, err := strconv.ParseUint(t, 10, 32)
		if err != nil || n > math.MaxInt32 {
			return nil, fmt.Errorf("line %d: %q is not a number from 0 to %d", l.line, t, math.MaxInt32)
		}
		out[i] = uint32(n)
	}
	return out, nil
}

func (l *lines) next(count int) ([]uint32, error) {
	text, err := l.fields(count)
	if err != nil {
		return nil, err
	}
	return l.numbers(text)
}

// end says whether nothing is left but blank lines.
func (l *lines) end() error {
	for l.scanner.Scan() {
		l.line++
		if strings.TrimSpace(l.scanner.Text()) != "" {
			return fmt.Errorf("line %d: more than was announced", l.line)
		}
	}
	return l.scanner.Err()
}
