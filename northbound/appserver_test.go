// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"testing"
	"time"

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

// TestOrderIsShownAsItWas: the start that was asked for, if one was, and where the
// ends are.
func TestOrderIsShownAsItWas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := read[api.SessionInfo](t, b.do(t, create(goodOrder)))
	if now.StartTime != nil || now.EndPoint.Location == nil || *now.EndPoint.Location != (api.Point{Latitude: 50.1, Longitude: 8.6}) {
		t.Errorf("start %v, location %v", now.StartTime, now.EndPoint.Location)
	}
	later := read[api.SessionInfo](t, b.do(t, create(with(`"duration"`, `"startTime": "2026-12-02T09:00:00+01:00", "duration"`))))
	if want := time.Date(2026, 12, 2, 8, 0, 0, 0, time.UTC); later.StartTime == nil || !later.StartTime.Equal(want) {
		t.Errorf("start %v, want %s", later.StartTime, want)
	}
}
