// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/session"
)

// An operator asks what 200 orders would become when a link fails, and with more
// capacity. The daemon answers, and is as it was.
func TestWhatIfOrdersCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNOC(t)
		one := n.sells("tenant-1", "site-a", "vpc-a1", session.LevelAA)
		before := n.ask("GET", "/reservations", "") + n.ask("GET", "/sessions", "")
		var orders []string
		for i := range 200 {
			orders = append(orders, fmt.Sprintf(`{"name":"o%d","from":"PE1","to":"PE2","kbps":[100000,1000],"durationSeconds":60,"sla":"A"}`, i))
		}
		suppose := func(question string) (a whatIfAnswer) {
			n.must(json.Unmarshal([]byte(n.ask("POST", "/what-if", `{`+question+`"orders":[`+strings.Join(orders, ",")+`]}`)), &a))
			return a
		}
		alike := suppose("")
		failed := suppose(`"linksDown":["P1-PE2"],`)
		wider := suppose(`"linksDown":["P1-PE2"],"addCapacity":[{"link":"PE1-P2","kbps":[1000000,0]},{"link":"P2-PE2","kbps":[1000000,0]}],`)
		narrow := suppose(`"setCapacity":[{"link":"PE1-P1","kbps":[1000,1000000]}],`)
		type sum struct{ Moves, Admitted, Refused, Overbooked int }
		got := map[string]sum{}
		for name, a := range map[string]whatIfAnswer{"alike": alike, "failed": failed, "wider": wider, "narrow": narrow} {
			got[name] = sum{a.Moves, a.Admitted, a.Refused, len(a.Overbooked)}
		}
		if diff := cmp.Diff(map[string]sum{
			"alike":  {Admitted: 14, Refused: 186},
			"failed": {Moves: 1, Admitted: 14, Refused: 186},
			"wider":  {Moves: 1, Admitted: 30, Refused: 170},
			"narrow": {Refused: 200, Overbooked: 2}, // in all and of its class
		}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		way := []string{"PE1", "P2", "PE2"}
		if o := failed.Orders[13]; o.Outcome != "admitted" || !slices.Equal(o.Forward, way) || o.RTTMicros != 20_000 {
			t.Errorf("the last that is admitted: %+v", o)
		}
		if r := failed.Orders[14].Refusal; r == nil || r.Cause != "bandwidth" || !slices.Equal(r.Blocking, []string{"link:P2-PE2>", "link:PE1-P2>"}) {
			t.Errorf("the first that is refused: %+v", failed.Orders[14])
		}
		if is := n.ask("GET", "/reservations", "") + n.ask("GET", "/sessions", ""); is != before {
			t.Errorf("a question changed something:\n%s", cmp.Diff(before, is))
		}
		if got := n.await(one.ID, session.Active); got.Version != one.Version {
			t.Errorf("the session has become %+v", got)
		}
		n.sound()
	})
}
