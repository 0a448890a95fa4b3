// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
)

func TestApplicationServerIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for sent, want := range map[string]api.ApplicationServer{
		`{"ipv4Address": "10.2.0.8"}`:                                      {Ipv4Address: new("10.2.0.8")},
		`{"ipv4Address": "10.2.0.8/32"}`:                                   {Ipv4Address: new("10.2.0.8")},
		`{"ipv4Address": "10.2.8.0/24", "ipv6Address": "2001:db8:0::/48"}`: {Ipv4Address: new("10.2.8.0/24"), Ipv6Address: new("2001:db8::/48")},
	} {
		res := b.do(t, create(with(`"sla": "A"`, `"sla": "A", "applicationServer": `+sent)))
		got := read[api.SessionInfo](t, res)
		if res.StatusCode != http.StatusCreated || got.ApplicationServer == nil || !cmp.Equal(*got.ApplicationServer, want) {
			t.Errorf("%s: %d %s", sent, res.StatusCode, res.raw)
		}
	}
}
