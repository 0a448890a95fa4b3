// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// architecture returns the lines of the page that draws the life of a session.
func architecture(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}

func TestStateChartIsTrue(t *testing.T) {
	t.Parallel()
	edge := regexp.MustCompile(`^ {2}([a-z-]+) --> ([a-z-]+): `)
	drawn := map[[2]Phase]bool{}
	for _, line := range architecture(t) {
		if m := edge.FindStringSubmatch(line); m != nil {
			drawn[[2]Phase{Phase(m[1]), Phase(m[2])}] = true
		}
	}
	coded := map[[2]Phase]bool{}
	for _, from := range Phases() {
		for _, to := range Phases() {
			if from != to && CanMove(from, to) {
				coded[[2]Phase{from, to}] = true
			}
		}
		if !CanMove(from, from) {
			t.Errorf("%s may not stay", from)
		}
	}
	if diff := cmp.Diff(coded, drawn); diff != "" {
		t.Errorf("docs/architecture.md draws another chart (-code +docs):\n%s", diff)
	}
}

func TestStatusTableIsTrue(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`^\| ([a-z-]+) \| ([A-Z]+) \| ([A-Z]+) \| ([A-Z]+) \|$`)
	documented := map[Phase][3]Status{}
	for _, line := range architecture(t) {
		if m := row.FindStringSubmatch(line); m != nil {
			documented[Phase(m[1])] = [3]Status{Status(m[2]), Status(m[3]), Status(m[4])}
		}
	}
	coded := map[Phase][3]Status{}
	for _, p := range Phases() {
		coded[p] = [3]Status{StatusIn(p, false, true), StatusIn(p, false, false), StatusIn(p, true, false)}
	}
	if diff := cmp.Diff(coded, documented); diff != "" {
		t.Errorf("docs/architecture.md has another table (-code +docs):\n%s", diff)
	}
}

func TestEveryPhaseEndsInReleased(t *testing.T) {
	t.Parallel()
	for _, p := range Phases() {
		seen, todo := map[Phase]bool{}, []Phase{p}
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			if !seen[at] {
				seen[at] = true
				todo = append(todo, next(at)...)
			}
		}
		if !seen[Released] {
			t.Errorf("no way from %s to released", p)
		}
	}
	if got := strings.Join(phaseNames(next(Released)), ","); got != "" {
		t.Errorf("released leads to %s", got)
	}
}

func phaseNames(phases []Phase) []string {
	var names []string
	for _, p := range phases {
		names = append(names, string(p))
	}
	return names
}
