// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRememberedEndsWithTheTokenOrAfterAMinute(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	who := Identity{Client: "acme-app", Scopes: []string{"r"}}
	for _, tt := range []struct {
		name   string
		expiry time.Duration // of the token, from start
		after  time.Duration
		known  bool
	}{
		{"at once", time.Hour, 0, true},
		{"within the minute", time.Hour, rememberFor - 1, true},
		{"after a minute", time.Hour, rememberFor, false},
		{"just before it expires", 10 * time.Second, 10*time.Second - 1, true},
		{"when it expires", 10 * time.Second, 10 * time.Second, false},
		{"expired when it came, within the leeway", -time.Second, 0, false},
	} {
		r := newRemembered()
		r.keep("token", who, start, start.Add(tt.expiry))
		got, ok := r.find("token", start.Add(tt.after))
		if ok != tt.known || ok && !cmp.Equal(got, who) {
			t.Errorf("%s: %+v, %t", tt.name, got, ok)
		}
		if _, ok := r.find("token2", start); ok {
			t.Errorf("%s: another token is known", tt.name)
		}
	}
}

func TestRememberedIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	r := newRemembered()
	for i := range mostRemembered + 100 {
		r.keep(strconv.Itoa(i), Identity{Client: strconv.Itoa(i)}, now, now.Add(time.Hour))
	}
	if n := len(r.known); n != mostRemembered {
		t.Errorf("%d tokens are kept, want %d", n, mostRemembered)
	}
	if who, ok := r.find(strconv.Itoa(mostRemembered+99), now); !ok || who.Client != strconv.Itoa(mostRemembered+99) {
		t.Errorf("the newest: %+v, %t", who, ok)
	}
}
