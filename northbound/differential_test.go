// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/northbound/api"
)

// TestWhatTheContractAllowsIsHandled draws requests from the contract's own
// schemas and sends them through everything that a request passes, the store
// included: no answer is a fault of the server, and none breaks the contract.
func TestWhatTheContractAllowsIsHandled(t *testing.T) {
	t.Parallel()
	c := &caller{bundle: setupReal(t), ids: []string{"7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"}, granted: map[string]int{}}
	ops := slices.Sorted(maps.Keys(c.srv.contract.ops))
	missing := c.missing(ops)
	for round := 0; round < 5 && len(missing) > 0 && !t.Failed(); round++ { // chance may leave one out
		rapid.Check(t, func(t *rapid.T) {
			for _, op := range ops { // each in each run: what one makes, the next may find
				c.call(t, c.srv.contract.ops[op])
			}
		})
		missing = c.missing(ops)
	}
	t.Logf("granted: %v", c.granted)
	if len(missing) > 0 {
		t.Errorf("nothing drawn for %v was granted: it shows nothing", missing)
	}
}

// missing returns the operations of which nothing was granted.
func (c *caller) missing(ops []string) (ids []string) {
	for _, op := range ops {
		if id := c.srv.contract.ops[op].id; c.granted[id] == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// caller remembers what it was given.
type caller struct {
	*bundle
	ids, offers []string
	granted     map[string]int // by operation
}

func (c *caller) call(t *rapid.T, o *operation) {
	method, _, _ := strings.Cut(o.pattern, " ")
	id := rapid.SampledFrom(c.ids[max(0, len(c.ids)-8):]).Draw(t, "session")
	q := request{
		method: method, path: strings.ReplaceAll(o.route.Path, "{sessionId}", id),
		token: rapid.SampledFrom([]string{"acme", "acme", "acme", "other"}).Draw(t, "client"),
	}
	d := drawer{now: testNow(), offers: c.offers[max(0, len(c.offers)-8):]}
	q.header, q.rawQuery = d.params(t, o.params)
	if o.body != nil {
		raw, err := json.Marshal(d.value(t, o.body, o.id))
		if err != nil {
			t.Fatal(err)
		}
		q.body = string(raw)
	}
	res, err := c.exchange(q)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case res.StatusCode >= http.StatusInternalServerError:
		t.Fatalf("%s %s %v %s: %d\n%s", q.method, q.path, q.header, q.body, res.StatusCode, c.log)
	case res.StatusCode < http.StatusMultipleChoices:
		c.granted[o.id]++
	}
	c.log.Reset()
	c.keep(t, o, res)
}

// keep remembers sessions and offers that later requests may name.
func (c *caller) keep(t *rapid.T, o *operation, res *reply) {
	switch {
	case o.id == "createSession" && res.StatusCode == http.StatusCreated:
		var made api.SessionInfo
		if err := json.Unmarshal(res.raw, &made); err != nil {
			t.Fatal(err)
		}
		c.ids = append(c.ids, made.SessionId.String())
	case o.id == "checkAvailability" && res.StatusCode == http.StatusOK:
		var found api.AvailabilityInfo
		if err := json.Unmarshal(res.raw, &found); err != nil {
			t.Fatal(err)
		}
		for _, offer := range found.Offers {
			c.offers = append(c.offers, offer.OfferId)
		}
	}
}

// params draws some of an operation's query and header parameters.
func (d drawer) params(t *rapid.T, all openapi3.Parameters) (header map[string]string, query string) {
	header = map[string]string{}
	var pairs []string
	for _, p := range all {
		if p.Value.In == openapi3.ParameterInPath || rapid.Bool().Draw(t, "has "+p.Value.Name) {
			continue
		}
		var parts []string
		v := d.value(t, p.Value.Schema.Value, p.Value.Name)
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, one := range list {
			raw, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			text, isText := one.(string)
			if !isText {
				text = string(raw)
			}
			parts = append(parts, text)
		}
		if p.Value.In == openapi3.ParameterInHeader {
			header[p.Value.Name] = strings.Join(parts, ",")
			continue
		}
		pairs = append(pairs, p.Value.Name+"="+url.QueryEscape(strings.Join(parts, ",")))
	}
	return header, strings.Join(pairs, "&")
}
