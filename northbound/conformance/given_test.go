// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cucumber/godog"
)

func (w *world) givenSteps(sc *godog.ScenarioContext) {
	sc.Given(`^a request for (\w+)$`, w.prepare)
	sc.Given(`^a session that is (\S+)$`, w.sessionThatIs)
	sc.Given(`^the customer has as many sessions as it may$`, w.fillQuota)
	sc.Given(`^a customer that may send one request a second$`, func() error {
		w.client = limitedClient
		return w.sessionThatIs("UNKNOWN")
	})
	sc.Given(`^the time of the answer's "([^"]+)" has come$`, w.awaitTime)
	sc.Given(`^a narrow session that ends before others begin$`, w.narrowSession)
	sc.Given(`^the request is of another client of nobody$`, func() { w.request.client = "client-of-nobody" })
	sc.Given(`^the request is of another customer$`, func() { w.request.client = w.another() })
	sc.Given(`^the token is (.+)$`, func(kind string) { w.request.token = kind })
	sc.Given(`^the token lacks the scope of the operation$`, w.withoutScope)
	sc.Given(`^the core (fails|refuses) with (\w+)$`, func(_, how string) error { return w.breakCore(how) })
	sc.Given(`^a provider without keys for sinks$`, func() error { return w.breakCore("UNAVAILABLE") })
	sc.Given(`^the header "([^"]+)" is "([^"]*)"$`, func(name, value string) { w.request.header.Set(name, value) })
	sc.Given(`^the header "([^"]+)" is missing$`, func(name string) { w.request.header.Del(name) })
	sc.Given(`^the header "([^"]+)" is given twice$`, func(name string) {
		w.request.header.Add(name, "one")
		w.request.header.Add(name, "two")
	})
	sc.Given(`^the header "([^"]+)" is (\d+) characters long$`, func(name string, n int) {
		w.request.header.Set(name, strings.Repeat("x", n))
	})
	sc.Given(`^the header If-Match is of another state$`, func() { w.request.header.Set("If-Match", `"another"`) })
	sc.Given(`^the header If-Match is the answer's ETag$`, func() { w.request.header.Set("If-Match", w.answer.header.Get("ETag")) })
	sc.Given(`^the query is "([^"]*)"$`, func(query string) { w.request.query = query })
	sc.Given(`^the path is "([^"]*)"$`, func(path string) { w.request.path = path })
	sc.Given(`^the method is (\w+)$`, func(method string) { w.request.method = method })
}

func (w *world) withoutScope() error {
	for _, o := range w.contract.Operations() {
		if o.Method == w.request.method && o.Path == w.request.path {
			w.request.scopes = slices.DeleteFunc(w.request.scopes, func(s string) bool { return s == o.Scope })
			return nil
		}
	}
	return errors.New("the request is of no operation")
}

// sessionThatIs makes the session that the request is about.
func (w *world) sessionThatIs(what string) error {
	order := func(change func(*request)) error {
		a, err := w.call("createSession", func(q *request) {
			if w.sinkID != "" {
				q.body["sink"] = w.sink.url(w.sinkID)
			}
			if change != nil {
				change(q)
			}
		})
		if err != nil {
			return err
		}
		w.session, err = a.text("sessionId")
		return err
	}
	later := func(q *request) { q.body["startTime"] = time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339) }
	between := func(q *request, a, b string) {
		q.body["accessPoint"] = map[string]any{"id": a, "staticPrefixes": []string{"10.1.0.0/24"}}
		q.body["endPoint"] = map[string]any{"id": b, "staticPrefixes": []string{"10.2.0.0/24"}}
	}
	live := func(q *request) { between(q, "live-a", "live-b") }
	protected := func(q *request) {
		between(q, "pair-a", "pair-b")
		q.body["isProtected"], q.body["sla"] = true, "AAA"
	}
	switch what {
	case "UNKNOWN":
		w.session = "00000000-0000-4000-8000-000000000000"
		return nil
	case "MALFORMED":
		w.session = "17"
		return nil
	case "REQUESTED":
		return order(nil)
	case "SCHEDULED":
		return order(later)
	case "PROTECTED":
		if err := order(protected); err != nil {
			return err
		}
		return w.untilItIs("status", "ACTIVATED")
	case "FOREIGN":
		return order(func(q *request) { q.client = w.another() })
	case "ENDING":
		// Its devices do not answer, so that it is not gone.
		if err := order(nil); err != nil {
			return err
		}
		_, err := w.call("deleteSession", nil)
		return err
	case "DELETED":
		if err := order(func(q *request) { later(q); live(q) }); err != nil {
			return err
		}
		if _, err := w.call("deleteSession", nil); err != nil {
			return err
		}
		return w.until(func() (bool, error) {
			_, err := w.call("getSession", nil)
			return err != nil && strings.Contains(err.Error(), "404"), nil
		})
	case "EXPIRED":
		if err := order(func(q *request) { live(q); q.body["duration"] = 1 }); err != nil {
			return err
		}
		return w.untilItIs("status", "TERMINATED")
	case "ACTIVATED":
		if err := order(live); err != nil {
			return err
		}
		return w.untilItIs("status", "ACTIVATED")
	case "MEASURED":
		if err := order(toMeasure); err != nil {
			return err
		}
		return w.untilItIs("status", "ACTIVATED")
	}
	return fmt.Errorf("no kind of session %q", what)
}

// untilItIs waits for a property of the session to be as wanted.
func (w *world) untilItIs(property, want string) error {
	return w.until(func() (bool, error) {
		a, err := w.call("getSession", nil)
		if err != nil {
			return false, err
		}
		got, err := a.text(property)
		if status, _ := a.text("status"); err == nil && status == "TERMINATED" && got != want {
			err = fmt.Errorf("the session has ended: %s", a.raw)
		}
		return got == want, err
	})
}

// awaitTime waits for a time that an answer gave.
func (w *world) awaitTime(path string) error {
	text, err := w.answer.text(path)
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return err
	}
	return w.until(func() (bool, error) { return !time.Now().Before(at), nil })
}

// patience is how long anything that the daemon does by itself is waited for: a
// machine with other things to do takes a minute for what takes seconds else.
const patience = 4 * time.Minute

// until asks again and again; what it waits for, the daemon does by itself.
func (w *world) until(met func() (bool, error)) error {
	deadline := time.After(patience)
	for {
		ok, err := met()
		if ok || err != nil {
			return err
		}
		select {
		case <-deadline:
			return errors.New("waited too long")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// narrowSession is one that has all the room of its link, and not for long.
func (w *world) narrowSession() error {
	now, err := w.call("createSession", func(q *request) { q.body["guaranteedBandwidth"] = 1000 })
	if err != nil {
		return err
	}
	if w.session, err = now.text("sessionId"); err != nil {
		return err
	}
	_, err = w.call("createSession", func(q *request) {
		q.body["guaranteedBandwidth"] = 7500
		q.body["startTime"] = time.Now().Add(4 * time.Hour).UTC().Format(time.RFC3339)
	})
	return err
}

func (w *world) fillQuota() error {
	for range maxSessions {
		if _, err := w.call("createSession", nil); err != nil {
			return err
		}
	}
	return nil
}
