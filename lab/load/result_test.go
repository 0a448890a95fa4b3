// SPDX-License-Identifier: Apache-2.0

package load

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestQuantile holds the definition: the smallest measured value that at least
// so many of 1000 do not exceed.
func TestQuantile(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		took := make([]time.Duration, 1+r.IntN(200))
		for i := range took {
			took[i] = time.Duration(r.IntN(50))
		}
		slices.Sort(took)
		permille := 1 + r.IntN(1000)
		got := time.Duration(quantile(took, permille))
		within := func(limit time.Duration) int {
			n := 0
			for _, d := range took {
				if d <= limit {
					n++
				}
			}
			return n * 1000
		}
		if !slices.Contains(took, got) {
			t.Fatalf("%d was not measured", got)
		}
		if within(got) < permille*len(took) || within(got-1) >= permille*len(took) {
			t.Errorf("%d of 1000 of %v: %d", permille, took, got)
		}
	}
	if got := quantile(nil, 990); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
}

func TestResultNamesTheFirstWrongAnswer(t *testing.T) {
	t.Parallel()
	get := call{method: "GET", path: "/sessions/1", want: 200}
	r := &run{
		calls:   []call{get, get, get, get},
		took:    []time.Duration{4 * time.Millisecond, time.Millisecond, 3 * time.Millisecond, 2 * time.Millisecond},
		answers: []answer{{status: 200}, {status: 503, body: []byte("busy")}, {}, {status: 200}},
		errs:    []error{nil, nil, errors.New("connection reset"), nil},
		lasted:  2 * time.Second,
	}
	want := Result{
		Phase: "read", Asked: 2, Achieved: 2, Calls: 4, P50: Millis(2 * time.Millisecond), P90: Millis(4 * time.Millisecond),
		P99: Millis(4 * time.Millisecond), P999: Millis(4 * time.Millisecond), Max: Millis(4 * time.Millisecond), Limit: Millis(time.Millisecond),
		Statuses: map[string]int{"200": 2, "503": 1, "none": 1}, Wrong: 2, First: "GET /sessions/1 : 503 busy",
	}
	got := r.result("read", 2, time.Millisecond)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := Wrong([]Result{{Phase: "check"}, got}); err == nil || err.Error() != "read: 2 of 4 answers were not what was wanted, the first: GET /sessions/1 : 503 busy" {
		t.Errorf("wrong answers: %v", err)
	}
	if err := Wrong([]Result{{Phase: "check", Calls: 4}}); err != nil {
		t.Errorf("no wrong answers: %v", err)
	}
}

func TestPhasesIn(t *testing.T) {
	t.Parallel()
	text := "# HELP s2cd_sessions Sessions.\ns2cd_sessions{phase=\"active\"} 3\ns2cd_sessions{phase=\"in-doubt\"} 0\n" +
		"s2cd_sessions{phase=\"applying\"} 1.2e+04\nother{phase=\"x\"} 5\n"
	got, err := phasesIn(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]int{"active": 3, "applying": 12000}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := phasesIn("s2cd_sessions{phase=\"active\"} many\n"); err == nil {
		t.Error("a word was taken for a number")
	}
}
