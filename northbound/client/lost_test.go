// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/providertest"
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

// lossy carries requests out and loses the answers to the first few orders.
type lossy struct {
	http.RoundTripper

	lose, orders atomic.Int32
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost {
		return resp, err
	}
	if l.orders.Add(1); l.lose.Add(-1) >= 0 {
		return nil, errors.Join(resp.Body.Close(), syscall.ECONNRESET)
	}
	return resp, nil
}

// TestLostAnswersOrderOnce loses answers of a real provider: however often the
// client repeats, one session is ordered.
func TestLostAnswersOrderOnce(t *testing.T) {
	t.Parallel()
	p, err := providertest.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	tokens, err := client.Credentials{Issuer: p.Issuer, ClientID: "acme-app", Secret: providertest.Secret}.TokenSource(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	wire := &lossy{RoundTripper: p.API.Client().Transport}
	wire.lose.Store(3)
	c, err := client.New(p.API.URL, tokens, &http.Client{Transport: wire}, client.WithBackoff(client.Backoff{First: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.CreateSession(t.Context(), api.CreateSession{
		Sla: api.A, GuaranteedBandwidth: 10,
		AccessPoint: api.AccessPoint{Id: new("site1"), StaticPrefixes: &[]string{"10.1.0.0/16"}},
		EndPoint: api.AccessPoint{
			Id: new("cloud1"), StaticPrefixes: &[]string{"172.16.1.0/24"},
			Wireguard: &api.WireGuardPeer{PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for s, err := range c.Sessions(t.Context(), api.ListSessionsParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.SessionId.String())
	}
	if diff := cmp.Diff([]string{made.SessionId.String()}, ids); diff != "" || wire.orders.Load() != 4 {
		t.Errorf("ordered %d times, sessions %s", wire.orders.Load(), diff)
	}
}
