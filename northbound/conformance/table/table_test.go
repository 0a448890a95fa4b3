// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/northbound/api/apitest"
)

// TestEveryOutcomeHasAScenario fails when the contract documents a status or a
// code that no scenario shows, and when the document is not what the features
// make of it.
func TestEveryOutcomeHasAScenario(t *testing.T) {
	t.Parallel()
	contract, err := apitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := read(filepath.Join("..", "features"))
	if err != nil {
		t.Fatal(err)
	}
	text, missing, err := render(contract, shown)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range missing {
		t.Errorf("no scenario shows %s", o)
	}
	have, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Error("docs/conformance.md is not what the features make of it: run make conformance-table")
	}
}

// TestMissingIsFound: a table that overlooked a gap would be worth nothing.
func TestMissingIsFound(t *testing.T) {
	t.Parallel()
	contract, err := apitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := read(filepath.Join("..", "features"))
	if err != nil {
		t.Fatal(err)
	}
	gone := apitest.Outcome{Operation: "createSession", Status: 409, Code: "ABORTED"}
	delete(shown, gone)
	_, missing, err := render(contract, shown)
	if err != nil || !slices.Contains(missing, gone) {
		t.Errorf("missing %v, %v", missing, err)
	}
}
