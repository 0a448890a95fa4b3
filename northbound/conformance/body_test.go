// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cucumber/godog"
)

func (w *world) bodySteps(sc *godog.ScenarioContext) {
	sc.Given(`^the body property "([^"]+)" is (missing|true|false|null|[-0-9"\[{].*)$`, w.setProperty)
	sc.Given(`^the body property "([^"]+)" lies (\d+) (seconds|days) (ahead|back)$`, w.setTime)
	sc.Given(`^the body property "([^"]+)" is given twice$`, w.giveTwice)
	sc.Given(`^the body property "([^"]+)" is the answer's "([^"]+)"$`, w.takeProperty)
	sc.Given(`^the body is:$`, func(text *godog.DocString) { w.request.raw = []byte(text.Content) })
	sc.Given(`^the body is empty$`, func() { w.request.raw = []byte{} })
	sc.Given(`^the body is not valid UTF-8$`, func() { w.request.raw = []byte("{\"name\": \"\xff\"}") })
	sc.Given(`^the body is nested (\d+) deep$`, func(n int) {
		w.request.raw = []byte(strings.Repeat(`{"name":`, n) + "1" + strings.Repeat("}", n))
	})
	sc.Given(`^the body is (\d+) bytes long$`, func(n int) {
		w.request.raw = []byte(`{"name": "` + strings.Repeat("x", n-12) + `"}`)
	})
	sc.Given(`^the body is cut off$`, w.cutOff)
	sc.Given(`^the body is compressed$`, w.compress)
}

// setProperty sets a property to a JSON value, or removes it. Objects on the way
// are made.
func (w *world) setProperty(path, value string) error {
	var v any
	if value != "missing" {
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			return fmt.Errorf("%s: %w", value, err)
		}
	}
	steps := strings.Split(path, ".")
	object := w.request.body
	for _, step := range steps[:len(steps)-1] {
		next, ok := object[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			object[step] = next
		}
		object = next
	}
	last := steps[len(steps)-1]
	if value == "missing" {
		delete(object, last)
		return nil
	}
	object[last] = v
	return nil
}

func (w *world) setTime(path string, n int, unit, way string) error {
	d := time.Duration(n) * time.Second
	if unit == "days" {
		d *= 86400
	}
	if way == "back" {
		d = -d
	}
	return w.setProperty(path, `"`+time.Now().Add(d).UTC().Format(time.RFC3339)+`"`)
}

// giveTwice repeats a property of the top level or below it.
func (w *world) giveTwice(path string) error {
	raw, err := json.Marshal(w.request.body)
	if err != nil {
		return err
	}
	steps := strings.Split(path, ".")
	name := `"` + steps[len(steps)-1] + `":`
	if !bytes.Contains(raw, []byte(name)) {
		return fmt.Errorf("the body has no %s", path)
	}
	w.request.raw = bytes.Replace(raw, []byte(name), []byte(name+`1,`+name), 1)
	return nil
}

func (w *world) takeProperty(path, from string) error {
	v, err := w.answer.property(from)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.setProperty(path, string(raw))
}

func (w *world) cutOff() error {
	raw, err := json.Marshal(w.request.body)
	w.request.raw = raw[:len(raw)/2]
	return err
}

func (w *world) compress() error {
	raw, err := json.Marshal(w.request.body)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	w.request.raw = b.Bytes()
	w.request.header.Set("Content-Encoding", "gzip")
	return nil
}
