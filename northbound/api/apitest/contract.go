// SPDX-License-Identifier: Apache-2.0

// Package apitest holds exchanges with the customers' API against its contract,
// in both directions. It reads the contract by itself and shares no code with
// the server, so that neither can hide a fault of the other. Nothing but tests
// uses it.
package apitest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/s2cd/s2cd/northbound/api"
)

// Contract is the OpenAPI document, ready to judge exchanges.
type Contract struct {
	Doc  *openapi3.T
	base string // path of the API below its host
}

// Load reads the embedded document.
func Load() (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		return nil, fmt.Errorf("load the contract: %w", err)
	}
	return Of(doc), nil
}

// Of is Load where the document was read already.
func Of(doc *openapi3.T) *Contract {
	return &Contract{Doc: doc, base: strings.TrimPrefix(doc.Servers[0].URL, "{apiRoot}")}
}

// BasePath is where the API lives below its host.
func (c *Contract) BasePath() string { return c.base }

// Outcome is what an operation may answer. Code is the one of ErrorInfo, empty
// where the operation succeeded.
type Outcome struct {
	Operation string
	Status    int
	Code      string
}

// String is the outcome as scenarios name it.
func (o Outcome) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", o.Operation, o.Status, o.Code))
}

// Compare orders outcomes for people.
func (o Outcome) Compare(other Outcome) int {
	if n := strings.Compare(o.Operation, other.Operation); n != 0 {
		return n
	}
	if o.Status != other.Status {
		return o.Status - other.Status
	}
	return strings.Compare(o.Code, other.Code)
}

// Operation is one operation of the contract; a callback's is the customer's.
type Operation struct {
	ID, Method, Path, Scope string
	Callback                bool

	item *openapi3.PathItem
	op   *openapi3.Operation
}

// TakesBody reports whether the operation has a request body.
func (o Operation) TakesBody() bool { return o.op.RequestBody != nil }

// Operations lists all operations in order of path and method, callbacks last.
func (c *Contract) Operations() []Operation {
	var all, callbacks []Operation
	for _, path := range slices.Sorted(maps.Keys(c.Doc.Paths.Map())) {
		all = append(all, operationsOf(path, c.Doc.Paths.Value(path))...)
	}
	for _, o := range all {
		for _, callback := range o.op.Callbacks {
			for path, item := range callback.Value.Map() {
				callbacks = append(callbacks, operationsOf(path, item)...)
			}
		}
	}
	slices.SortFunc(callbacks, func(a, b Operation) int { return strings.Compare(a.ID, b.ID) })
	for i := range callbacks {
		callbacks[i].Callback = true
	}
	return append(all, callbacks...)
}

func operationsOf(path string, item *openapi3.PathItem) []Operation {
	var all []Operation
	ops := item.Operations()
	for _, method := range slices.Sorted(maps.Keys(ops)) {
		o := Operation{ID: ops[method].OperationID, Method: method, Path: path, item: item, op: ops[method]}
		if s := o.op.Security; s != nil && len(*s) == 1 && len((*s)[0]["openId"]) == 1 {
			o.Scope = (*s)[0]["openId"][0]
		}
		all = append(all, o)
	}
	return all
}

// Outcomes lists every outcome that the contract documents. An error status
// without an enumeration of its codes is a fault of the contract.
func (c *Contract) Outcomes() ([]Outcome, error) {
	var all []Outcome
	var faults []error
	for _, o := range c.Operations() {
		for key, res := range o.op.Responses.Map() {
			status, err := strconv.Atoi(key)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: answer %q is no status", o.ID, key))
				continue
			}
			codes := []string{""}
			if status >= http.StatusBadRequest {
				if codes = CodesOf(res.Value); len(codes) == 0 {
					faults = append(faults, fmt.Errorf("%s: answer %d enumerates no codes", o.ID, status))
				}
			}
			for _, code := range codes {
				all = append(all, Outcome{Operation: o.ID, Status: status, Code: code})
			}
		}
	}
	slices.SortFunc(all, Outcome.Compare)
	return all, errors.Join(faults...)
}

// CodesOf finds the codes that an error answer enumerates.
func CodesOf(res *openapi3.Response) []string {
	media := res.Content.Get("application/json")
	if media == nil {
		return nil
	}
	var codes []string
	for _, part := range append([]*openapi3.SchemaRef{media.Schema}, media.Schema.Value.AllOf...) {
		code, ok := part.Value.Properties["code"]
		if !ok {
			continue
		}
		for _, v := range code.Value.Enum {
			if s, ok := v.(string); ok {
				codes = append(codes, s)
			}
		}
	}
	return codes
}

// find returns the operation of a request and the values in its path.
func (c *Contract) find(method, path string) (Operation, map[string]string, bool) {
	below, ok := strings.CutPrefix(path, c.base)
	if !ok {
		return Operation{}, nil, false
	}
	for _, o := range c.Operations() {
		if o.Callback || o.Method != method {
			continue
		}
		if values, ok := match(o.Path, below); ok {
			return o, values, true
		}
	}
	return Operation{}, nil, false
}

// match holds a path against a template such as /sessions/{sessionId}.
func match(template, path string) (map[string]string, bool) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, "{"); ok && have[i] != "" {
			values[strings.TrimSuffix(name, "}")] = have[i]
		} else if w != have[i] {
			return nil, false
		}
	}
	return values, true
}
