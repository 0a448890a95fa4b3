// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// TestEveryTypeIsTheContracts renders an event of each kind that sinks are told
// of: all types of the contract are made, and each is what its schema says.
func TestEveryTypeIsTheContracts(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	mapping := doc.Components.Schemas["ApiNotificationEvent"].Value.Discriminator.Mapping
	w := setup(t, nil).worker
	breach := &session.Breach{
		From: testStart(), Until: testStart().Add(time.Minute),
		Broken: []session.BrokenGuarantee{{Guarantee: session.GuaranteedLatency, Promised: 20_000, Delivered: 30_500}},
	}
	made := map[string]bool{}
	expiring := &order.Expiring{Hold: "h-1", Offers: []string{"offer-1"}, Until: testStart().Add(time.Minute)}
	for _, s := range []order.Stream{
		{Event: session.Event{Kind: session.StatusChanged, Phase: session.Released, StatusInfo: session.DurationExpired}},
		{Event: session.Event{Kind: session.SLABreached, Breach: breach}},
		{Event: session.Event{Kind: session.SLARestored, Breach: breach}},
		{Expiring: expiring},
	} {
		s.Session = "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"
		e := &s.Event
		e.ID, e.Seq, e.At, e.Status, e.Cause = "0d7c7f4e-3a8c-4f1e-8b77-5f2c5b3f6a10", 7, testStart(), session.Activated, "PE7 secret"
		raw, err := w.event(s)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		kind, _ := v["type"].(string)
		ref := mapping[kind].Ref
		schema := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if schema == nil {
			t.Errorf("type %q is not the contract's", kind)
			continue
		}
		if err := schema.Value.VisitJSON(v); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, raw)
		}
		if strings.Contains(string(raw), "PE7") {
			t.Errorf("%s names a device: %s", kind, raw)
		}
		made[kind] = true
	}
	for kind := range mapping {
		if !made[kind] {
			t.Errorf("no event of type %s is made", kind)
		}
	}
}

func TestWhatIsNotToldIsNotRendered(t *testing.T) {
	t.Parallel()
	w := setup(t, nil).worker
	for _, kind := range []session.EventKind{session.PathChanged, session.RateChanged, session.SLABreached, "made-up"} {
		_, err := w.event(order.Stream{Session: "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11", Event: session.Event{Kind: kind}})
		if err == nil || !strings.Contains(err.Error(), string(kind)) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestBreachOnTheWire(t *testing.T) {
	t.Parallel()
	raw, err := setup(t, nil).worker.event(order.Stream{Session: "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11", Event: session.Event{
		ID: "e-1", Seq: 5, Kind: session.SLABreached, At: testStart(), Status: session.Activated, Breach: &session.Breach{
			From: testStart(), Broken: []session.BrokenGuarantee{
				{Guarantee: session.GuaranteedLatency, Promised: 20_000, Delivered: 30_500}, {Guarantee: session.GuaranteedLoss, Promised: 1000, Delivered: 2500},
				{Guarantee: session.GuaranteedAvailability, Promised: 999_000, Delivered: 0},
			},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got api.EventSlaBreached
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := api.Breach{From: testStart(), Broken: []api.BrokenGuarantee{
		{Guarantee: "LATENCY", Promised: 20, Delivered: 30.5}, {Guarantee: "PACKET_LOSS", Promised: 0.1, Delivered: 0.25},
		{Guarantee: "AVAILABILITY", Promised: 99.9, Delivered: 0},
	}}
	if d := cmp.Diff(want, got.Data.Breach); d != "" || got.Type != "org.camaraproject.site-to-cloud-vpn.v0.sla-breached" || *got.Data.Sequence != 5 {
		t.Errorf("%+v (-want +got):\n%s", got, d)
	}
}
