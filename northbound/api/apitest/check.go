// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Answer is an answer that was read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// correlator is the pattern of CAMARA_common.yaml.
var correlator = regexp.MustCompile(`^[a-zA-Z0-9-_:;.\/<>{}]{0,256}$`)

// beyond are the outcomes that an API has by HTTP or by CAMARA's catalogue,
// though its contract does not list them with each operation.
func beyond() map[int]string {
	return map[int]string{
		http.StatusMethodNotAllowed:            "METHOD_NOT_ALLOWED",
		http.StatusNotAcceptable:               "NOT_ACCEPTABLE",
		http.StatusRequestEntityTooLarge:       "PAYLOAD_TOO_LARGE",
		http.StatusRequestHeaderFieldsTooLarge: "REQUEST_HEADER_FIELDS_TOO_LARGE",
		http.StatusUnsupportedMediaType:        "UNSUPPORTED_MEDIA_TYPE",
	}
}

// Check holds an exchange against the contract. Whatever was asked, the answer
// has to be a documented one of the operation with all its headers and no
// property too many, or one of a few that HTTP brings with it; and what was
// granted must have been a request that the contract allows. r needs no body.
func (c *Contract) Check(r *http.Request, sent []byte, a Answer) (Outcome, error) {
	o, values, known := c.find(r.Method, r.URL.Path)
	got := Outcome{Operation: o.ID, Status: a.Status}
	faults := []error{checkCorrelator(r.Header, a.Header)}
	if a.Status >= http.StatusBadRequest && r.Method != http.MethodHead {
		code, err := c.checkError(a)
		got.Code = code
		faults = append(faults, err)
	}
	switch documented := known && o.op.Responses.Status(a.Status) != nil; {
	case documented:
		faults = append(faults, c.checkDocumented(o, values, r, sent, a))
	case r.Method == http.MethodHead && a.Status == http.StatusMethodNotAllowed:
		faults = append(faults, checkAllow(a))
	case !known && a.Status == http.StatusOK && c.besides(r.URL.Path):
	case !known && a.Status == http.StatusNotFound && got.Code == "NOT_FOUND":
	case !known && a.Status == http.StatusBadRequest && got.Code == "INVALID_ARGUMENT": // the correlator
	case beyond()[a.Status] != "" && beyond()[a.Status] == got.Code:
		faults = append(faults, checkAllow(a))
	default:
		faults = append(faults, errors.New("the contract documents no such answer"))
	}
	if err := errors.Join(faults...); err != nil {
		return got, fmt.Errorf("%s %s: answer %d: %w\n%.4096s", r.Method, r.URL, a.Status, err, a.Body)
	}
	return got, nil
}

// besides says whether a path is one that the contract speaks of without its
// being an operation: the document itself, and the key sets.
func (c *Contract) besides(path string) bool {
	return path == c.base+"/openapi.yaml" || strings.HasPrefix(path, c.base+"/.well-known/jwks/")
}

// checkCorrelator demands the request's correlator back, or a new one.
func checkCorrelator(asked, answered http.Header) error {
	got := answered.Values("x-correlator")
	if len(got) != 1 || got[0] == "" || !correlator.MatchString(got[0]) {
		return fmt.Errorf("x-correlator is %q", got)
	}
	sent := asked.Values("x-correlator")
	if len(sent) == 1 && sent[0] != "" && correlator.MatchString(sent[0]) && sent[0] != got[0] {
		return fmt.Errorf("x-correlator is %q, the request's was %q", got[0], sent[0])
	}
	return nil
}

func checkAllow(a Answer) error {
	if a.Status == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "" {
		return errors.New("no Allow")
	}
	return nil
}

// checkError demands an ErrorInfo whose status is the answer's.
func (c *Contract) checkError(a Answer) (code string, err error) {
	if got := a.Header.Get("Content-Type"); got != "application/json" {
		return "", fmt.Errorf("an error of type %q", got)
	}
	var v map[string]any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		return "", fmt.Errorf("the error is not JSON: %w", err)
	}
	code, _ = v["code"].(string)
	if err := c.Doc.Components.Schemas["ErrorInfo"].Value.VisitJSON(v, openapi3.VisitAsResponse()); err != nil {
		return code, fmt.Errorf("no ErrorInfo: %w", err)
	}
	if v["status"] != float64(a.Status) {
		return code, fmt.Errorf("the status in the body is %v", v["status"])
	}
	return code, nil
}

func (c *Contract) checkDocumented(o Operation, values map[string]string, r *http.Request, sent []byte, a Answer) error {
	asked := r.Clone(r.Context())
	asked.Body = io.NopCloser(bytes.NewReader(sent))
	in := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: values, QueryParams: r.URL.Query(),
		Route:   &routers.Route{Spec: c.Doc, PathItem: o.item, Method: o.Method, Operation: o.op, Path: o.Path},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}
	var faults []error
	if a.Status < http.StatusMultipleChoices {
		faults = append(faults, checkGranted(o, in, sent))
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: a.Status, Header: a.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	out.SetBodyBytes(a.Body)
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		faults = append(faults, fmt.Errorf("not the contract's: %w", err))
	}
	if media := o.op.Responses.Status(a.Status).Value.Content.Get("application/json"); media != nil {
		faults = append(faults, knownOnly(media.Schema, a.Body))
	}
	return errors.Join(faults...)
}

// checkGranted demands of a request that was granted that the contract allows it.
func checkGranted(o Operation, in *openapi3filter.RequestValidationInput, sent []byte) error {
	if err := openapi3filter.ValidateRequest(in.Request.Context(), in); err != nil {
		return fmt.Errorf("granted against the contract: %w", err)
	}
	if o.op.RequestBody == nil {
		return nil
	}
	for _, media := range o.op.RequestBody.Value.Content {
		if err := knownOnly(media.Schema, sent); err != nil {
			return fmt.Errorf("granted against the contract: %w", err)
		}
	}
	return nil
}

// knownOnly demands that a body has no property that no part of its schema
// knows. What an alternative of oneOf may have is known wherever that is.
func knownOnly(schema *openapi3.SchemaRef, raw []byte) error {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return unknown([]*openapi3.SchemaRef{schema}, v, "")
}

// unknown finds a property that none of schemas knows.
func unknown(schemas []*openapi3.SchemaRef, v any, at string) error {
	schemas = spread(schemas)
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			var known []*openapi3.SchemaRef
			for _, s := range schemas {
				if p, ok := s.Value.Properties[name]; ok {
					known = append(known, p)
				}
			}
			if len(known) == 0 {
				return fmt.Errorf("property %s.%s is in no schema", at, name)
			}
			if err := unknown(known, value, at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		var items []*openapi3.SchemaRef
		for _, s := range schemas {
			if s.Value.Items != nil {
				items = append(items, s.Value.Items)
			}
		}
		for _, value := range v {
			if err := unknown(items, value, at+"[]"); err != nil {
				return err
			}
		}
	}
	return nil
}

// spread replaces schemas by themselves and all that they are made of.
func spread(schemas []*openapi3.SchemaRef) []*openapi3.SchemaRef {
	var all []*openapi3.SchemaRef
	for _, s := range schemas {
		all = append(all, s)
		all = append(all, spread(slices.Concat(s.Value.AllOf, s.Value.OneOf, s.Value.AnyOf))...)
	}
	return all
}
