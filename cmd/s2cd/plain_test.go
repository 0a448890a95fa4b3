// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"branch\tto cloud\n": "branch\tto cloud\n", "Zürich 北京 😀": "Zürich 北京 😀", "عربي": "عربي",
		"\x1b[31mred": `\u001b[31mred`, "\u009b31m": `\u009b31m`, "a\rb\bc\x00\x7f": `a\u000db\u0008c\u0000\u007f`,
		"\u202egnp.exe": `\u202egnp.exe`, "\u2066x\u2069\u200f\u061c": `\u2066x\u2069\u200f\u061c`, "half \xc3": "half \xc3", "\ufffd": "\ufffd",
	} {
		var got bytes.Buffer
		if n, err := (plain{&got}).Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
		if d := cmp.Diff(want, got.String()); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}

// TestNamesArePlain: whatever a session is called, it is printed on one line,
// without what a terminal obeys, and JSON says the same name.
func TestNamesArePlain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune{'\x1b', '\t', '\n', '\r', '\x7f', '\u0085', '\u009b', '\u202e', '\u2067'}))).Draw(t, "name")
		var out bytes.Buffer
		a := &app{stdout: plain{&out}}
		s := &client.Session{SessionInfo: api.SessionInfo{SessionId: uuid.Nil, Name: &name}}
		for _, show := range []func() error{
			func() error { return a.writeList([]*client.Session{s}) },
			func() error { return a.showSession(s, false) },
			func() error { return a.printJSONLine(s) },
			func() error { return writeSession(a.stdout, operatorSession{Name: name}) },
		} {
			if err := show(); err != nil {
				t.Fatal(err)
			}
		}
		text := out.String()
		if i := strings.IndexFunc(text, func(r rune) bool {
			return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}); i >= 0 {
			t.Fatalf("raw at %d: %q", i, text)
		}
		plainly := escaped(name, "")
		if name != "" && strings.Count(text, plainly) < 3 {
			t.Errorf("%q is not on one line: %q", plainly, text)
		}
		out.Reset()
		if err := a.printJSON(map[string]string{"name": name}); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["name"] != strings.ToValidUTF8(name, "\ufffd") {
			t.Errorf("JSON says %q of %q: %v", got["name"], name, err)
		}
	})
}
