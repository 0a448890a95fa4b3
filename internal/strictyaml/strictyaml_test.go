// SPDX-License-Identifier: Apache-2.0

package strictyaml_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/strictyaml"
)

type inner struct {
	Text  string           `yaml:"text" check:"required"`
	Table map[string]uint8 `yaml:"table"`
}

type outer struct {
	Flag   bool          `yaml:"flag"`
	Wait   time.Duration `yaml:"wait"`
	Ratio  float64       `yaml:"ratio" check:"min=0,max=1"`
	List   []inner       `yaml:"list"`
	Option *inner        `yaml:"option"`
	Signed int8          `yaml:"signed"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	doc := strictyaml.Parse("f", []byte("flag: true\nwait: 1d12h\nratio: 0.5\nlist:\n  - text: |\n      two\n      lines\n    table: {a: 1}\noption: {text: \"7\"}\nsigned: -128\n"))
	got := outer{}
	doc.Decode(&got)
	if err := doc.Err(); err != nil {
		t.Fatal(err)
	}
	want := outer{
		Flag: true, Wait: 36 * time.Hour, Ratio: 0.5, Signed: -128, Option: &inner{Text: "7"},
		List: []inner{{Text: "two\nlines\n", Table: map[string]uint8{"a": 1}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"empty":              {"", "f: empty file"},
		"comment alone":      {"# nothing\n", "f: empty file"},
		"table value":        {"list: [{text: a, table: {b: 256}}]", "f:1:29: list[0].table.b: out of range 0 to 255"},
		"table key twice":    {"list: [{text: a, table: {b: 1, b: 2}}]", "f:1:32: list[0].table.b: key given twice"},
		"float bounds":       {"ratio: 1.5", "f:1:8: ratio: out of range 0 to 1"},
		"signed range":       {"signed: 128", "f:1:9: signed: out of range -128 to 127"},
		"missing in element": {"list:\n  - table: {}", "f:2:5: list[0].text: missing"},
		"text too long":      {"wait: " + strings.Repeat("x", 80), `f:1:7: wait: want a duration like 1h30m or 7d, got "` + strings.Repeat("x", 60) + `..."`},
		"negative duration":  {"wait: -1s", `f:1:7: wait: want a duration like 1h30m or 7d, got "-1s"`},
		"too deep":           {"list: " + strings.Repeat("[", 40), "f:1:39: nested deeper than 32 levels"},
		"merge key":          {"<<: {flag: true}", "f:1:1: anchors, aliases, tags, merge keys, complex keys and directives are not allowed"},
		"NUL":                {"flag: \x00", "f: holds a NUL byte"},
		"not below a fault":  {"option: text", "f:1:9: option: want a mapping, got text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := strictyaml.Parse("f", []byte(tc.text))
			doc.Decode(&outer{})
			if name == "not below a fault" {
				doc.Fault("option.text", "never shown")
			}
			err := doc.Err()
			if err == nil {
				t.Fatal("no fault")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			var one *strictyaml.Fault
			if !errors.As(err, &one) {
				t.Error("faults cannot be taken apart")
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("flag: true\nlist:\n  - text: |\n      a\n    table: {a: 1}\n"), "list[0].table.a")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		doc := strictyaml.Parse("f", data)
		doc.Decode(&outer{})
		before := doc.Err()
		doc.Fault(path, "reason")
		if before != nil && doc.Err() == nil {
			t.Error("a fault is lost")
		}
	})
}
