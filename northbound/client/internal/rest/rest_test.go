// SPDX-License-Identifier: Apache-2.0

package rest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGeneratedCodeIsTheContracts fails when the contract was changed and go
// generate was not run, or the other way round.
func TestGeneratedCodeIsTheContracts(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^//go:generate go (run .*)$`).FindSubmatch(doc)
	if m == nil {
		t.Fatal("doc.go has no go:generate line")
	}
	out := filepath.Join(t.TempDir(), "rest.gen.go")
	args := strings.Fields(strings.Replace(string(m[1]), "-o rest.gen.go", "-o "+out, 1))
	if msg, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, msg)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("rest.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, have) {
		t.Error("rest.gen.go is not what the contract generates, run go generate")
	}
}
