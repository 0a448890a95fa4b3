// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOperationsExamples runs the commands of path computation that operations.md
// shows, and compares what they print.
func TestOperationsExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, block := range strings.Split(string(page), "```\n") {
		line, want, _ := strings.Cut(block, "\n")
		command, ok := strings.CutPrefix(line, "$ s2cd ")
		if !ok {
			continue
		}
		shown++
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(strings.ReplaceAll(command, "examples/", "../../examples/"))
			var out, errs strings.Builder
			Run(t.Context(), args, nil, strings.NewReader(""), &out, &errs)
			if diff := cmp.Diff(want, out.String()); diff != "" || errs.Len() > 0 {
				t.Errorf("%s%s", diff, errs.String())
			}
		})
	}
	if shown < 3 {
		t.Errorf("%d commands found in operations.md, want 3 at least", shown)
	}
}
