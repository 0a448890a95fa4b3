// SPDX-License-Identifier: Apache-2.0

package sentence_test

import (
	"testing"

	"github.com/s2cd/s2cd/northbound/sentence"
	"github.com/s2cd/s2cd/session"
)

func TestEveryEventHasASentence(t *testing.T) {
	t.Parallel()
	breach := &session.Breach{Broken: []session.BrokenGuarantee{{Guarantee: session.GuaranteedLatency}, {Guarantee: session.GuaranteedLoss}}}
	for _, c := range []struct {
		event session.Event
		want  string
	}{
		{session.Event{Phase: session.Admitted, Cause: "ordered"}, "ordered"},
		{session.Event{Phase: session.Active, Cause: "extended by 3600 s"}, "extended by 3600 s"},
		{session.Event{Phase: session.Active, Cause: "extended by 3600 s on PE7"}, "proven, and in service"},
		{session.Event{Phase: session.InDoubt, Cause: "device PE7: no route"}, "a device does not answer; it will be settled when it does"},
		{session.Event{Phase: session.Releasing, StatusInfo: session.DeleteRequested, Cause: "deleted by the customer"}, "it was deleted on request: it is being removed"},
		{session.Event{Phase: session.Modifying, Cause: session.ChangeFailed + ", back to level A: device PE7 refused"}, "in service, the change could not be made and is undone"},
		{session.Event{Kind: session.PathChanged, Cause: "moved off PE7"}, "it takes another way through the network"},
		{session.Event{Kind: session.RateChanged, Cause: "ordered"}, "its bandwidth or service level was changed"},
		{session.Event{Kind: session.SLABreached, Breach: breach}, "the service level is not kept: latency, loss"},
		{session.Event{Kind: session.SLARestored, Breach: breach}, "the service level is kept again, it was not: latency, loss"},
		{session.Event{Kind: session.SLABreached}, "the service level is not kept: the provider knows what"},
	} {
		if got := sentence.OfEvent(c.event); got != c.want {
			t.Errorf("%+v says %q, want %q", c.event, got, c.want)
		}
	}
}
