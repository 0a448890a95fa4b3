// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/cucumber/godog"
)

func (w *world) measuredSteps(sc *godog.ScenarioContext) {
	sc.Given(`^packets have measured the session$`, w.untilMeasured)
	sc.When(`^(half|all|none) of the packets are lost$`, w.lose)
	sc.Then(`^a window of the answer has$`, w.hasWindow)
	sc.Then(`^the sink is told of (sla-\w+), for (\w+) that was promised as (\d+) and was worse$`, w.toldOfVerdict)
	sc.Then(`^the answer's guarantee log has that breach, which (goes on|is over)$`, w.hasBreach)
}

// toMeasure is an order through the gateway, at a level with short windows.
func toMeasure(q *request) {
	q.body["accessPoint"] = map[string]any{"id": "live-a", "staticPrefixes": []string{"10.1.0.0/24"}}
	q.body["endPoint"] = map[string]any{
		"id": "cloud", "staticPrefixes": []string{"10.2.0.0/24"},
		"wireguard": map[string]any{"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
	}
	q.body["sla"] = "A"
}

// lose has the gateway lose packets of the session's probe from now on.
func (w *world) lose(share string) {
	packets := map[string]uint64{"half": burst / 2, "all": burst, "none": 0}
	w.daemon.gateway.lose(w.session, packets[share])
}

// untilMeasured waits for a window in which packets came back.
func (w *world) untilMeasured() error {
	return w.until(func() (bool, error) {
		a, err := w.call("getSessionPerformance", nil)
		if err != nil {
			return false, err
		}
		windows, err := a.objects("windows")
		for _, one := range windows {
			if _, err := one.property("latency"); err == nil {
				return true, nil
			}
		}
		return false, err
	})
}

// hasWindow demands one window with all of the values.
func (w *world) hasWindow(values *godog.Table) error {
	windows, err := w.answer.objects("windows")
	if err != nil {
		return err
	}
	for _, one := range windows {
		if one.has(values) == nil {
			return nil
		}
	}
	return fmt.Errorf("no window has that: %s", w.answer.raw)
}

// toldOfVerdict waits for an event of that kind, and demands that it is of the
// session and says what was broken.
func (w *world) toldOfVerdict(kind, guarantee string, promised float64) error {
	if err := w.told(kind, "ACTIVATED", 1); err != nil {
		return err
	}
	e, err := w.lastOf(kind)
	if err != nil {
		return err
	}
	if id, err := e.data.text("sessionId"); err != nil || id != w.session {
		return fmt.Errorf("the event is of another session than %s: %s", w.session, e.data.raw)
	}
	broken, err := e.data.objects("breach.broken")
	if err != nil {
		return err
	}
	for _, one := range broken {
		var b struct {
			Guarantee           string
			Promised, Delivered float64
		}
		if err := json.Unmarshal(one.raw, &b); err != nil {
			return err
		}
		worse := b.Delivered > b.Promised
		if guarantee == "AVAILABILITY" {
			worse = b.Delivered < b.Promised
		}
		if b.Guarantee == guarantee && b.Promised == promised && worse {
			w.verdict = e
			return nil
		}
	}
	return fmt.Errorf("the event does not say that: %s", e.data.raw)
}

// lastOf returns the newest event of a kind.
func (w *world) lastOf(kind string) (event, error) {
	got, err := w.received()
	if err != nil {
		return event{}, err
	}
	for i := len(got) - 1; i >= 0; i-- {
		if got[i].kind == kind {
			return got[i], nil
		}
	}
	return event{}, errors.New("the sink was told of no " + kind)
}

// hasBreach demands an entry that is the breach of which the sink was told last.
func (w *world) hasBreach(state string) error {
	told, err := w.verdict.data.property("breach")
	if err != nil {
		return err
	}
	if _, err := w.verdict.data.property("breach.until"); (err == nil) != (state == "is over") {
		return fmt.Errorf("the sink was told %s", w.verdict.data.raw)
	}
	entries, err := w.answer.objects("guaranteeLog")
	if err != nil {
		return err
	}
	for _, one := range entries {
		entry, ok := one.body.(map[string]any)
		if !ok {
			return fmt.Errorf("an entry is no object: %s", w.answer.raw)
		}
		detail, _ := entry["detail"].(string)
		found := entry["kind"] == "BREACH" && detail != ""
		delete(entry, "kind")
		delete(entry, "detail")
		if found && reflect.DeepEqual(one.body, told) {
			return nil
		}
	}
	return fmt.Errorf("the sink was told %s, and the answer is %s", w.verdict.data.raw, w.answer.raw)
}

// objects are the members of a list of objects, each to be looked at like an answer.
func (a *answer) objects(path string) ([]*answer, error) {
	v, err := a.property(path)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New(path + " is no list")
	}
	var all []*answer
	for _, one := range list {
		raw, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		all = append(all, &answer{raw: raw, body: one})
	}
	return all, nil
}

// has compares properties with a table of names and JSON values.
func (a *answer) has(values *godog.Table) error {
	for _, row := range values.Rows {
		var want any
		if err := json.Unmarshal([]byte(row.Cells[1].Value), &want); err != nil {
			return fmt.Errorf("%s: %w", row.Cells[1].Value, err)
		}
		got, err := a.property(row.Cells[0].Value)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(got, want) {
			return fmt.Errorf("%s is %v", row.Cells[0].Value, got)
		}
	}
	return nil
}
