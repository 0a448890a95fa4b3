// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/cucumber/godog"
)

func (w *world) answerSteps(sc *godog.ScenarioContext) {
	sc.When(`^(\w+) is called$`, func(string) error { return w.send() })
	sc.When(`^(\w+) is called again$`, func(string) error { return w.send() })
	sc.When(`^(\w+) is called until it is refused$`, func(string) error { return w.until(w.refused) })
	sc.When(`^(\w+) is called until nothing is found$`, func(string) error { return w.until(w.gone) })
	sc.When(`^the request is sent$`, w.send)
	sc.When(`^the session becomes (\w+)$`, func(status string) error { return w.untilItIs("status", status) })
	sc.When(`^the session's (\w+) becomes (\w+)$`, w.untilItIs)
	sc.Then(`^the answer is (\d+)$`, func(status int) error { return w.answered(status, "") })
	sc.Then(`^the answer is (\d+) (\S+)$`, w.answered)
	sc.Then(`^the message says "([^"]+)"$`, w.messageSays)
	sc.Then(`^the message does not say "([^"]+)"$`, w.messageHides)
	sc.Then(`^the answer's "([^"]+)" is (true|false|null|[-0-9"\[{].*)$`, w.propertyIs)
	sc.Then(`^the answer's "([^"]+)" is as before$`, func(path string) error { return w.compare(path, true) })
	sc.Then(`^the answer's "([^"]+)" is not as before$`, func(path string) error { return w.compare(path, false) })
	sc.Then(`^the answer's "([^"]+)" is remembered$`, w.remember)
	sc.Then(`^the answer's "([^"]+)" matches "([^"]+)"$`, w.propertyMatches)
	sc.Then(`^the answer has no "([^"]+)"$`, w.propertyAbsent)
	sc.Then(`^the answer is remembered$`, func() { w.named["answer"] = w.answer.whole() })
	sc.Then(`^the answer is the same as before, in every byte$`, w.answeredAsBefore)
	sc.Then(`^the answer's header "([^"]+)" is "([^"]*)"$`, w.headerIs)
	sc.Then(`^the answer's header "([^"]+)" names the session$`, w.headerNames)
}

// refused sends once more and says whether that was too much.
func (w *world) refused() (bool, error) {
	err := w.send()
	return err == nil && w.answer.outcome.Status == http.StatusTooManyRequests, err
}

// gone sends once more and says whether there is nothing any more.
func (w *world) gone() (bool, error) {
	err := w.send()
	return err == nil && w.answer.outcome.Status == http.StatusNotFound, err
}

// answered demands an outcome of the operation that was called.
func (w *world) answered(status int, code string) error {
	if o := w.answer.outcome; o.Status != status || o.Code != code {
		return fmt.Errorf("the answer is %s: %s", o, w.answer.raw)
	}
	return nil
}

func (w *world) messageSays(text string) error {
	got, err := w.answer.text("message")
	if err == nil && !strings.Contains(got, text) {
		err = fmt.Errorf("the message is %q", got)
	}
	return err
}

func (w *world) messageHides(text string) error {
	if strings.Contains(string(w.answer.raw), text) {
		return fmt.Errorf("the answer leaks: %s", w.answer.raw)
	}
	return nil
}

func (w *world) propertyIs(path, value string) error {
	var want any
	if err := json.Unmarshal([]byte(value), &want); err != nil {
		return fmt.Errorf("%s: %w", value, err)
	}
	got, err := w.answer.property(path)
	if err == nil && !reflect.DeepEqual(got, want) {
		err = fmt.Errorf("%s is %v", path, got)
	}
	return err
}

func (w *world) remember(path string) error {
	v, err := w.answer.property(path)
	w.named[path] = fmt.Sprint(v)
	return err
}

func (w *world) compare(path string, same bool) error {
	v, err := w.answer.property(path)
	if err == nil && (fmt.Sprint(v) == w.named[path]) != same {
		err = fmt.Errorf("%s is %v, and was %s", path, v, w.named[path])
	}
	return err
}

// whole is all of an answer that says something of a session.
func (a *answer) whole() string {
	return fmt.Sprintf("%s, ETag %q, Location %q: %s", a.outcome, a.header.Get("ETag"), a.header.Get("Location"), a.raw)
}

func (w *world) answeredAsBefore() error {
	if got, was := w.answer.whole(), w.named["answer"]; got != was {
		return fmt.Errorf("the answer is %s\nand was %s", got, was)
	}
	return nil
}

func (w *world) propertyMatches(path, pattern string) error {
	v, err := w.answer.property(path)
	if err != nil {
		return err
	}
	if ok, err := regexp.MatchString(pattern, fmt.Sprint(v)); !ok || err != nil {
		return fmt.Errorf("%s is %v", path, v)
	}
	return nil
}

func (w *world) propertyAbsent(path string) error {
	if v, err := w.answer.property(path); err == nil {
		return fmt.Errorf("%s is %v", path, v)
	}
	return nil
}

func (w *world) headerIs(name, value string) error {
	if got := w.answer.header.Get(name); got != value {
		return fmt.Errorf("%s is %q", name, got)
	}
	return nil
}

func (w *world) headerNames(name string) error {
	id, err := w.answer.text("sessionId")
	if err == nil && !strings.HasSuffix(w.answer.header.Get(name), "/sessions/"+id) {
		err = fmt.Errorf("%s is %q, the session %s", name, w.answer.header.Get(name), id)
	}
	return err
}
