// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/session"
)

// TestRepeatedAnswers: what a request with a key was answered is answered again,
// and what is kept for that holds no secret.
func TestRepeatedAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered := request{method: "POST", path: "/sessions", token: "acme", body: goodOrder, header: map[string]string{"Idempotency-Key": "k-1"}}
	first := b.do(t, ordered)
	id, ok := strings.CutPrefix(first.Header.Get("Location"), BasePath+"/sessions/")
	if !ok || first.StatusCode != http.StatusCreated || first.Header.Get("ETag") == "" {
		t.Fatalf("%d, %v", first.StatusCode, first.Header)
	}
	extended := request{
		method: "POST", path: "/sessions/" + id + "/extend", token: "acme", body: `{"requestedAdditionalDuration": 60}`,
		header: map[string]string{"Idempotency-Key": "k-2"},
	}
	second := b.do(t, extended)
	if second.StatusCode != http.StatusOK || second.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Errorf("extended: %d, ETag %s of both", second.StatusCode, second.Header.Get("ETag"))
	}
	delete(b.core.sessions, session.ID(id))
	for _, c := range []struct {
		request
		was *reply
	}{{ordered, first}, {extended, second}} {
		c.header["x-correlator"] = "another"
		again := b.do(t, c.request)
		again.Header.Set("x-correlator", c.was.Header.Get("x-correlator")) // is that of each request
		if d := cmp.Diff(c.was, again, cmp.AllowUnexported(reply{})); d != "" {
			t.Errorf("%s again (-first +again):\n%s", c.path, d)
		}
	}
	for key, kept := range b.core.kept {
		if strings.Contains(string(kept), "s3cr3t") {
			t.Errorf("%s keeps a secret: %s", key, kept)
		}
	}
	if len(b.core.kept) != 2 {
		t.Errorf("%d answers are kept", len(b.core.kept))
	}
}

func TestKeptAnswerThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.core.kept = map[string][]byte{"k-1": []byte("{")}
	res := b.do(t, request{method: "POST", path: "/sessions/" + string(fakeSession().ID) + "/extend", token: "acme",
		body: `{"requestedAdditionalDuration": 60}`, header: map[string]string{"Idempotency-Key": "k-1"}})
	if res.StatusCode != http.StatusInternalServerError {
		t.Errorf("answered %d %s", res.StatusCode, res.raw)
	}
}
