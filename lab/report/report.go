// SPDX-License-Identifier: Apache-2.0

// Package report runs the steps of a scenario and prints what came of each: a
// line as it goes and a table at the end. It knows nothing of what is tested.
package report

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Step is one thing that was checked.
type Step struct {
	Name string
	Took time.Duration
	Note string
	Err  error
}

// Report collects steps. It is safe for concurrent use.
type Report struct {
	out   io.Writer
	began time.Time

	mu    sync.Mutex // guards steps and out
	steps []Step
}

// New returns an empty Report that prints to out.
func New(out io.Writer) *Report { return &Report{out: out, began: time.Now()} }

// Do runs one step for at most limit and reports whether it went well.
func (r *Report) Do(ctx context.Context, name string, limit time.Duration, do func(context.Context) (note string, err error)) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	note, err := do(ctx)
	r.add(Step{name, time.Since(began), note, err})
	return err == nil
}

func (r *Report) add(s Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, s)
	_, _ = fmt.Fprintln(r.out, s)
}

// String is the line of a step.
func (s Step) String() string {
	verdict, note := "PASS", s.Note
	if s.Err != nil {
		verdict, note = "FAIL", strings.ReplaceAll(s.Err.Error(), "\n", "; ")
	}
	return fmt.Sprintf("%s %7.2fs  %-52s %s", verdict, s.Took.Seconds(), s.Name, note)
}

// Say prints a line between steps.
func (r *Report) Say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.out, format+"\n", args...)
}

// End prints the table. Its error says how many steps failed; a report without
// steps has failed too.
func (r *Report) End() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	failed := 0
	_, _ = fmt.Fprintf(r.out, "\nWhat was checked:\n")
	for _, s := range r.steps {
		_, _ = fmt.Fprintln(r.out, " ", s)
		if s.Err != nil {
			failed++
		}
	}
	_, _ = fmt.Fprintf(r.out, "%d of %d passed in %s\n", len(r.steps)-failed, len(r.steps), time.Since(r.began).Round(time.Second))
	if failed > 0 || len(r.steps) == 0 {
		return fmt.Errorf("%d of %d steps failed", failed, len(r.steps))
	}
	return nil
}
