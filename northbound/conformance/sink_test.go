// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cucumber/godog"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/s2cd/s2cd/northbound/api/apitest"
	"github.com/s2cd/s2cd/southbound/drivertest"
)

// sink is where customers are told. Each scenario has a path of its own, with
// the answers that it shall give.
type sink struct {
	server   *httptest.Server
	contract *apitest.Contract

	mu    sync.Mutex // guards what follows
	paths map[string]*inbox
}

// inbox is what one path has received.
type inbox struct {
	answers []sinkAnswer // for the first events; afterwards 204
	got     []event
	raw     [][]byte
	faults  []error
}

type sinkAnswer struct {
	status int
	code   string
}

// event is one delivery.
type event struct {
	id, kind, status, statusInfo, authorization string // kind: the last part of the event's type

	data *answer // to be looked at like one
}

func startSink(t *testing.T, contract *apitest.Contract, pki *drivertest.PKI) *sink {
	t.Helper()
	s := &sink{contract: contract, paths: map[string]*inbox{}}
	s.server = httptest.NewUnstartedServer(s)
	s.server.TLS = &tls.Config{Certificates: []tls.Certificate{*pki.Issue(t, "sink")}, MinVersion: tls.VersionTLS12}
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

func (s *sink) url(id string) string { return s.server.URL + "/" + id }

// ServeHTTP takes an event, holds it against the contract and answers as told.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	box, ok := s.paths[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	box.raw = append(box.raw, raw)
	box.faults = append(box.faults, err, s.check(r, raw))
	var e struct {
		ID, Type string
		Data     json.RawMessage
	}
	var data struct{ Status, StatusInfo string }
	body := &answer{}
	box.faults = append(box.faults, json.Unmarshal(raw, &e), json.Unmarshal(e.Data, &data), json.Unmarshal(e.Data, &body.body))
	body.raw = e.Data
	a := sinkAnswer{status: http.StatusNoContent}
	if len(box.got) < len(box.answers) {
		a = box.answers[len(box.got)]
	}
	kind := e.Type[strings.LastIndex(e.Type, ".")+1:]
	box.got = append(box.got, event{e.ID, kind, data.Status, data.StatusInfo, r.Header.Get("Authorization"), body})
	w.Header().Set("x-correlator", r.Header.Get("x-correlator"))
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = fmt.Fprintf(w, `{"status":%d,"code":%q,"message":"the scenario says so"}`, a.status, a.code)
}

// check holds an event against the contract.
func (s *sink) check(r *http.Request, raw []byte) error {
	if got := r.Header.Get("Content-Type"); got != "application/cloudevents+json" {
		return fmt.Errorf("an event of type %q", got)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("an event that is not JSON: %w", err)
	}
	kind, _ := v["type"].(string)
	ref, ok := s.contract.Doc.Components.Schemas["ApiNotificationEvent"].Value.Discriminator.Mapping[kind]
	if !ok {
		return fmt.Errorf("the contract knows no event of type %q", kind)
	}
	name := ref.Ref[strings.LastIndex(ref.Ref, "/")+1:]
	return s.contract.Doc.Components.Schemas[name].Value.VisitJSON(v, openapi3.VisitAsRequest(), openapi3.EnableFormatValidation())
}

func (w *world) sinkSteps(sc *godog.ScenarioContext) {
	sc.Given(`^a sink that answers (\d+)(?: (\S+))?$`, w.sinkThatAnswers)
	sc.Given(`^the order goes to the sink with the token "([^"]+)"$`, w.orderTo)
	sc.Then(`^the sink answers (\d+)(?: [A-Z_]+)? to (\w+)$`, func(_ int, status string) error { return w.told(statusChanged, status, 1) })
	sc.Then(`^the sink answers (\d+)(?: [A-Z_]+)? to (\w+) and is told again$`, func(_ int, status string) error { return w.told(statusChanged, status, 2) })
	sc.Then(`^the sink answers (\d+)(?: [A-Z_]+)? to an offer that expires$`, func(int) error { return w.told("offer-expiring", "", 1) })
	sc.Then(`^the sink was told nothing else$`, w.toldNothingElse)
	sc.Then(`^the sink was shown the token "([^"]+)"$`, w.shownToken)
}

// sinkThatAnswers makes a sink that gives one answer first, and 204 then.
func (w *world) sinkThatAnswers(status int, code string) {
	w.sinkID = w.client
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	w.sink.paths[w.sinkID] = &inbox{answers: []sinkAnswer{{status, code}}}
}

func (w *world) orderTo(token string) {
	w.request.body["sink"] = w.sink.url(w.sinkID)
	w.request.body["sinkCredential"] = map[string]any{
		"credentialType": "ACCESSTOKEN", "accessToken": token, "accessTokenExpiresUtc": "2099-01-01T00:00:00Z", "accessTokenType": "bearer",
	}
}

// received returns what the scenario's sink has got so far.
func (w *world) received() ([]event, error) {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	box, ok := w.sink.paths[w.sinkID]
	if !ok {
		return nil, errors.New("the scenario has no sink")
	}
	return append([]event(nil), box.got...), errors.Join(box.faults...)
}

// statusChanged is the kind of the events that tell of a step in a session's life.
const statusChanged = "session-status-changed"

// told waits until an event of that kind and status, which those of offers have
// not, has come n times under one id.
func (w *world) told(kind, status string, n int) error {
	return w.until(func() (bool, error) {
		got, err := w.received()
		ids := map[string]int{}
		for _, e := range got {
			if e.kind == kind && e.status == status {
				ids[e.id]++
			}
		}
		for _, times := range ids {
			if times >= n {
				return true, err
			}
		}
		return false, err
	})
}

func (w *world) toldNothingElse() error {
	got, err := w.received()
	if err == nil && len(got) != 1 {
		err = fmt.Errorf("the sink was told %v", got)
	}
	return err
}

func (w *world) shownToken(token string) error {
	got, err := w.received()
	if err != nil {
		return err
	}
	for _, e := range got {
		if e.authorization != "Bearer "+token {
			return fmt.Errorf("the sink was shown %q", e.authorization)
		}
	}
	return nil
}
