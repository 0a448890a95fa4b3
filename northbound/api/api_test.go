// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(Contract)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestContractIsValidWithItsExamples(t *testing.T) {
	t.Parallel()
	doc := load(t)
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaPatternValidation()); err != nil {
		t.Error(err)
	}
	if doc.OpenAPI != "3.0.3" || !strings.HasSuffix(doc.Servers[0].URL, "/site-to-cloud-vpn/v0.1") {
		t.Errorf("openapi %s, server %s", doc.OpenAPI, doc.Servers[0].URL)
	}
}

func TestContractRefersToNothingOutside(t *testing.T) {
	t.Parallel()
	for _, m := range regexp.MustCompile(`\$ref: (.*)`).FindAllSubmatch(Contract, -1) {
		if !bytes.HasPrefix(m[1], []byte(`"#/components/`)) {
			t.Errorf("reference %s leaves the document", m[1])
		}
	}
}

func TestEveryAnswerCarriesTheCorrelator(t *testing.T) {
	t.Parallel()
	doc := load(t)
	items := doc.Paths.Map()
	for _, path := range slices.Collect(maps.Keys(items)) {
		for _, op := range items[path].Operations() {
			for name, callback := range op.Callbacks {
				for _, item := range callback.Value.Map() {
					items[name] = item
				}
			}
		}
	}
	if len(items) != len(doc.Paths.Map())+2 {
		t.Errorf("%d items: a callback is missing", len(items))
	}
	for path, item := range items {
		for method, op := range item.Operations() {
			if op.Parameters.GetByInAndName("header", "x-correlator") == nil {
				t.Errorf("%s %s takes no x-correlator", method, path)
			}
			for status, res := range op.Responses.Map() {
				if _, ok := res.Value.Headers["x-correlator"]; !ok {
					t.Errorf("%s %s: answer %s has no x-correlator", method, path, status)
				}
			}
		}
	}
}

// TestEveryErrorCodeHasAnExample holds what an error answer enumerates against
// its examples, in both directions.
func TestEveryErrorCodeHasAnExample(t *testing.T) {
	t.Parallel()
	for name, res := range load(t).Components.Responses {
		media := res.Value.Content.Get("application/json")
		enumerated := map[any]bool{}
		for _, part := range media.Schema.Value.AllOf {
			if code, ok := part.Value.Properties["code"]; ok {
				for _, c := range code.Value.Enum {
					enumerated[c] = true
				}
			}
		}
		shown := map[any]bool{}
		for _, e := range media.Examples {
			body, ok := e.Value.Value.(map[string]any)
			if !ok {
				t.Errorf("%s has an example that is no object", name)
			}
			shown[body["code"]] = true
		}
		if delete(enumerated, nil); len(enumerated) == 0 || !maps.Equal(enumerated, shown) {
			t.Errorf("%s: codes %v, examples of %v", name, enumerated, shown)
		}
	}
}

// TestGeneratedCodeIsTheContracts fails when the file was changed and
// go generate was not run, or the other way round.
func TestGeneratedCodeIsTheContracts(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^//go:generate go (run \S+) (.*)$`).FindSubmatch(doc)
	if m == nil {
		t.Fatal("doc.go has no go:generate line")
	}
	out := filepath.Join(t.TempDir(), "api.gen.go")
	args := append(strings.Fields(string(m[1])), strings.Fields(strings.Replace(string(m[2]), "-o api.gen.go", "-o "+out, 1))...)
	if msg, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, msg)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("api.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, have) {
		t.Error("api.gen.go is not what the contract generates, run go generate")
	}
}
