// SPDX-License-Identifier: Apache-2.0

package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/s2cd/s2cd/northbound/auth"
)

// TestSlowIssuerMakesNoQueue: many made-up key ids wait for one fetch between
// them, however long it lasts, and no longer than their requests do.
func TestSlowIssuerMakesNoQueue(t *testing.T) {
	t.Parallel()
	var c clock
	var asked atomic.Int32
	arrived, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			close(arrived)
		}
		<-release
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer srv.Close()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{url: srv.URL}
	v := verifier(t, srv.URL, "s2cd", c.now)
	answers := make(chan error, 20)
	for i := range cap(answers) {
		token := f.sign(t, jose.ES256, stranger, fmt.Sprintf("made-up-%d", i), "", nil)
		go func() {
			_, err := v.Authenticate(context.Background(), token)
			answers <- err
		}()
	}
	<-arrived
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	token := f.sign(t, jose.ES256, stranger, "made-up", "", nil)
	if _, err := v.Authenticate(gone, token); !errors.Is(err, auth.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a request that has ended: %v", err)
	}
	c.advance(time.Hour) // the fetch lasts longer than MinFetch
	close(release)
	for range cap(answers) {
		if err := <-answers; !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("no keys: %v", err)
		}
	}
	if _, err := v.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("right after: %v", err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
}
