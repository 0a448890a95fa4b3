// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/s2cd/s2cd/northbound/api/apitest"
)

// world is what one scenario knows: the request it makes up and the last answer.
type world struct {
	*bench

	client  string // of a customer of its own
	network http.RoundTripper
	session string            // id
	sinkID  string            // of the scenario's sink; empty: it has none
	named   map[string]string // values taken from earlier answers

	request request
	answer  *answer
	heard   [][]byte // the bodies of all answers
	verdict event    // of the service level, of which the sink was told last
}

// request is one that is being made up.
type request struct {
	method, path, query string
	header              http.Header
	body                map[string]any
	raw                 []byte // sent in place of body
	token               string // its kind
	client              string
	scopes              []string
}

// answer is one that was read to its end.
type answer struct {
	outcome apitest.Outcome
	header  http.Header
	raw     []byte
	body    any
}

func (w *world) begin(context.Context) {
	*w = world{bench: w.bench, network: w.bench.network, named: map[string]string{}}
	w.client = w.another()
}

// another is the client of a customer that no scenario has had yet.
func (b *bench) another() string { return fmt.Sprintf("client-%d", b.customer.Add(1)-1) }

// operation finds an operation of the contract by its id.
func (w *world) operation(id string) (apitest.Operation, error) {
	for _, o := range w.contract.Operations() {
		if o.ID == id && !o.Callback {
			return o, nil
		}
	}
	return apitest.Operation{}, fmt.Errorf("the contract has no operation %q", id)
}

// prepare makes up a request for an operation that would be granted, of the
// scenario's own session where it needs one.
func (w *world) prepare(id string) error {
	o, err := w.operation(id)
	if err != nil {
		return err
	}
	w.request = request{method: o.Method, path: o.Path, header: http.Header{}, token: "good", client: w.client}
	for _, o := range w.contract.Operations() {
		if o.Scope != "" {
			w.request.scopes = append(w.request.scopes, o.Scope)
		}
	}
	if o.TakesBody() {
		body, ok := bodies()[id]
		if !ok {
			return fmt.Errorf("no body is known for %s", id)
		}
		w.request.header.Set("Content-Type", "application/json")
		if o.Method == http.MethodPatch {
			w.request.header.Set("Content-Type", "application/merge-patch+json")
		}
		return json.Unmarshal([]byte(body), &w.request.body)
	}
	return nil
}

// bodies are requests that the contract allows and the network can carry.
func bodies() map[string]string {
	return map[string]string{
		"checkAvailability": `{"accessPoint": {"id": "site-a", "staticPrefixes": ["10.1.0.0/24"]},
			"endPoint": {"id": "site-b", "staticPrefixes": ["10.2.0.0/24"]}, "guaranteedBandwidth": 10, "duration": 3600}`,
		"createSession": `{"name": "branch", "accessPoint": {"id": "site-a", "staticPrefixes": ["10.1.0.0/24"]},
			"endPoint": {"id": "site-b", "staticPrefixes": ["10.2.0.0/24"]},
			"sla": "AA", "guaranteedBandwidth": 10, "routingProtocol": "STATIC", "duration": 3600}`,
		"updateSession":         `{"guaranteedBandwidth": 20}`,
		"extendSessionDuration": `{"requestedAdditionalDuration": 600}`,
	}
}

// send sends what was made up and holds the exchange against the contract.
func (w *world) send() error {
	q := w.request
	target, err := w.target(q)
	if err != nil {
		return err
	}
	body := q.raw
	if body == nil && q.body != nil {
		if body, err = json.Marshal(q.body); err != nil {
			return err
		}
	}
	r, err := http.NewRequest(q.method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = q.header.Clone()
	switch value, absent, err := w.issuer.authorization(q.token, q.client, q.scopes); {
	case err != nil:
		return err
	case !absent:
		r.Header.Set("Authorization", value)
	}
	a := &answer{}
	transport := apitest.Transport{Contract: w.contract, Base: w.network, Seen: func(o apitest.Outcome) { a.outcome = o }}
	res, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	a.header = res.Header
	if a.raw, err = io.ReadAll(res.Body); err != nil {
		return err
	}
	w.heard = append(w.heard, a.raw)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			return err
		}
	}
	w.answer = a
	return nil
}

// target is the URL of a request; a session that its path needs is ordered first.
func (w *world) target(q request) (string, error) {
	path := q.path
	if strings.Contains(path, "{sessionId}") {
		if w.session == "" {
			if err := w.sessionThatIs("REQUESTED"); err != nil {
				return "", err
			}
		}
		path = strings.ReplaceAll(path, "{sessionId}", url.PathEscape(w.session))
	}
	target := w.daemon.url + w.contract.BasePath() + path
	if q.query != "" {
		target += "?" + q.query
	}
	return target, nil
}

// call sends a whole request for an operation aside from the one that is made
// up, and demands that it is granted.
func (w *world) call(id string, change func(*request)) (*answer, error) {
	kept, before, network := w.request, w.answer, w.network
	defer func() { w.request, w.answer, w.network = kept, before, network }()
	w.network = w.bench.network
	if err := w.prepare(id); err != nil {
		return nil, err
	}
	if change != nil {
		change(&w.request)
	}
	if err := w.send(); err != nil {
		return nil, err
	}
	if w.answer.outcome.Status >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("%s: %s", w.answer.outcome, w.answer.raw)
	}
	return w.answer, nil
}

// property finds a value in an answer; the path is as messages name fields.
func (a *answer) property(path string) (any, error) {
	v := a.body
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch at := v.(type) {
		case map[string]any:
			found, ok := at[step]
			if !ok {
				return nil, fmt.Errorf("the answer has no %s: %s", path, a.raw)
			}
			v = found
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				return nil, fmt.Errorf("the answer has no %s: %s", path, a.raw)
			}
			v = at[i]
		default:
			return nil, fmt.Errorf("the answer has no %s: %s", path, a.raw)
		}
	}
	return v, nil
}

// text is property where it is a string.
func (a *answer) text(path string) (string, error) {
	v, err := a.property(path)
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok {
		return "", errors.New(path + " is no string")
	}
	return s, nil
}
