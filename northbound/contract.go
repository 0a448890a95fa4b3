// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/uuid"

	"github.com/s2cd/s2cd/northbound/api"
)

// BasePath is where the customers' API lives below its host.
const BasePath = "/site-to-cloud-vpn/v0.1"

// contract is the OpenAPI document, ready to check requests against.
type contract struct {
	doc     *openapi3.T
	ops     map[string]*operation   // by ServeMux pattern
	options *openapi3filter.Options // of checks of parameters
}

// operation is one operation of the contract.
type operation struct {
	pattern string
	id      string
	scope   string
	path    []string // steps of the template below BasePath
	route   *routers.Route
	params  openapi3.Parameters
	body    *openapi3.Schema // nil: takes none
	media   []string         // types that the body may have
}

// loadContract reads the embedded document.
func loadContract() (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		return nil, fmt.Errorf("load the contract: %w", err)
	}
	c := &contract{doc: doc, ops: map[string]*operation{}, options: &openapi3filter.Options{SkipSettingDefaults: true}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o, err := newOperation(&routers.Route{Spec: doc, PathItem: item, Method: method, Operation: op, Path: path})
			if err != nil {
				return nil, err
			}
			c.ops[o.pattern] = o
		}
	}
	return c, nil
}

func newOperation(route *routers.Route) (*operation, error) {
	op := route.Operation
	o := &operation{
		pattern: route.Method + " " + BasePath + route.Path, id: op.OperationID, path: strings.Split(route.Path, "/"),
		route: route, params: op.Parameters,
	}
	if op.Security == nil || len(*op.Security) != 1 || len((*op.Security)[0]["openId"]) != 1 {
		return nil, fmt.Errorf("contract: operation %s must need exactly one scope", o.id)
	}
	o.scope = (*op.Security)[0]["openId"][0]
	if op.RequestBody != nil {
		content := op.RequestBody.Value.Content
		o.body, o.media = content.Get(jsonType).Schema.Value, slices.Sorted(maps.Keys(content))
	}
	return o, nil
}

// checkParams checks path, query and header parameters.
func (c *contract) checkParams(ctx context.Context, o *operation, r *http.Request) *fault {
	var query url.Values
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return invalid("", "the query string is malformed")
		}
	}
	var in *openapi3filter.RequestValidationInput // made for the first that needs it
	for _, p := range o.params {
		name := p.Value.Name
		if (p.Value.In == openapi3.ParameterInQuery && len(query[name]) > 1) ||
			(p.Value.In == openapi3.ParameterInHeader && len(r.Header.Values(name)) > 1) {
			return invalid(name, "is given more than once")
		}
		if p.Value.In == openapi3.ParameterInQuery && query.Has(name) && query.Get(name) == "" {
			return invalid(name, "is empty")
		}
		if p.Value.In == openapi3.ParameterInQuery && !utf8.ValidString(query.Get(name)) {
			return invalid(name, "is not valid UTF-8")
		}
		if !p.Value.Required && !given(p.Value, query, r.Header) || o.isUUID(p.Value, r.URL.Path) {
			continue
		}
		if in == nil {
			in = &openapi3filter.RequestValidationInput{
				Request: r, PathParams: o.pathParams(r.URL.Path), QueryParams: query, Route: o.route, Options: c.options,
			}
		}
		if err := openapi3filter.ValidateParameter(ctx, in, p.Value); err != nil {
			return paramFault(name, err)
		}
	}
	return nil
}

// given says whether a request has an optional parameter: those in a path are none.
func given(p *openapi3.Parameter, query url.Values, h http.Header) bool {
	if p.In == openapi3.ParameterInQuery {
		return query.Has(p.Name)
	}
	return len(h.Values(p.Name)) > 0
}

// isUUID says whether a parameter in a path is a UUID in its usual form (RFC 9562,
// section 4), and is to be one: what the schemas of format uuid let through. There is
// one in most requests, and they would take two regular expressions to see it.
func (o *operation) isUUID(p *openapi3.Parameter, path string) bool {
	if p.In != openapi3.ParameterInPath || p.Schema.Value.Format != "uuid" {
		return false
	}
	for name, value := range o.steps(path) {
		if name == p.Name {
			return len(value) == 36 && uuid.Validate(value) == nil
		}
	}
	return false
}

// documented is a query without the parameters that an operation does not know:
// they are passed over, and not repeated in links.
func (o *operation) documented(query url.Values) string {
	known := url.Values{}
	for _, p := range o.params {
		if p.Value.In == openapi3.ParameterInQuery && query.Has(p.Value.Name) {
			known.Set(p.Value.Name, query.Get(p.Value.Name))
		}
	}
	return known.Encode()
}

// pathParams takes the values for the steps of a template out of path; nil: none.
func (o *operation) pathParams(path string) map[string]string {
	var values map[string]string
	for name, value := range o.steps(path) {
		if values == nil {
			values = map[string]string{}
		}
		values[name] = value
	}
	return values
}

// steps yields the names of parameters in the operation's path with what path has
// there.
func (o *operation) steps(path string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		rest := strings.TrimPrefix(path, BasePath)
		for _, want := range o.path {
			var have string
			have, rest, _ = strings.Cut(rest, "/")
			if name, ok := strings.CutPrefix(want, "{"); ok && !yield(strings.TrimSuffix(name, "}"), have) {
				return
			}
		}
	}
}

func paramFault(name string, err error) *fault {
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) && schema.Reason != "" {
		return invalid(name, reasonOf(schema))
	}
	return invalid(name, "is malformed")
}

// checkBody checks a parsed body: first that the contract knows all its
// properties, at any depth, then everything else its schema says.
func (c *contract) checkBody(o *operation, body any) *fault {
	if _, ok := body.(map[string]any); !ok {
		return invalid("", "the body must be a JSON object")
	}
	if f := knownOnly(o.body, body, ""); f != nil {
		return f
	}
	err := o.body.VisitJSON(body, openapi3.VisitAsRequest(), openapi3.EnableFormatValidation(), openapi3.MultiErrors(),
		openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(checkDateTime)),
		openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(checkURI)))
	if err == nil {
		return nil
	}
	found := schemaErrors(err)
	if len(found) == 0 {
		return invalid("", "the body does not match its schema")
	}
	slices.SortStableFunc(found, func(a, b *openapi3.SchemaError) int { return strings.Compare(pathOf(a), pathOf(b)) })
	return schemaFault(found[0])
}

// dateTime is the form of RFC 3339 section 5.6; time.Parse takes 8:00:00 and a
// comma too.
var dateTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)

func checkDateTime(s string) error {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !dateTime.MatchString(s) || t.UTC().Year() > 9999 { // which has no form in UTC
		return errors.New("not a date-time")
	}
	return nil
}

func checkURI(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return errors.New("must be an absolute URI")
	}
	return nil
}

// schemaErrors flattens what the validator found to its leaves.
func schemaErrors(err error) []*openapi3.SchemaError {
	var many openapi3.MultiError
	if errors.As(err, &many) {
		var all []*openapi3.SchemaError
		for _, e := range many {
			all = append(all, schemaErrors(e)...)
		}
		return all
	}
	var one *openapi3.SchemaError
	if !errors.As(err, &one) {
		return nil
	}
	return []*openapi3.SchemaError{one}
}

func pathOf(e *openapi3.SchemaError) string {
	path := ""
	for _, step := range e.JSONPointer() {
		if i, err := strconv.Atoi(step); err == nil {
			path = element(path, i)
			continue
		}
		path = join(path, step)
	}
	return path
}

// reasonOf says what is wrong with a value in words of ours where the
// validator's are about its own workings.
func reasonOf(e *openapi3.SchemaError) string {
	switch {
	case e.SchemaField == "required":
		return "is required"
	case e.SchemaField == "format" && e.Schema.Format == "date-time":
		return "must be a date and time with time zone (RFC 3339), such as 2026-12-01T08:00:00Z"
	case e.SchemaField == "format" && e.Schema.Format == "uri":
		return "must be an absolute URI"
	case outOfRange(e) && e.Schema.Min != nil && e.Schema.Max != nil:
		return "must be from " + strconv.FormatFloat(*e.Schema.Min, 'f', -1, 64) + " to " + strconv.FormatFloat(*e.Schema.Max, 'f', -1, 64)
	case e.SchemaField == "nullable":
		return "must not be null"
	case e.SchemaField == "minProperties":
		return "needs at least one property"
	case strings.Contains(e.Reason, "json.Number"):
		return "is a number beyond all bounds"
	}
	return e.Reason
}

// schemaFault gives a violation of the schema its code and its words.
func schemaFault(e *openapi3.SchemaError) *fault {
	path := pathOf(e)
	f := invalid(path, reasonOf(e))
	switch {
	case path == "sink":
		f.code = "INVALID_SINK"
		f.message = "sink: must be an absolute https URL"
	case path == "sinkCredential.credentialType", path == "sinkCredential" && e.SchemaField == "discriminator":
		f.code = "INVALID_CREDENTIAL"
		f.message = "sinkCredential.credentialType: only ACCESSTOKEN and PRIVATE_KEY_JWT are supported"
	case path == "sinkCredential.accessTokenType":
		f.code = "INVALID_TOKEN"
		f.message = "sinkCredential.accessTokenType: only bearer is supported"
	case outOfRange(e):
		f.code = "OUT_OF_RANGE"
	}
	return f
}

// outOfRange says whether a number is too small or too large; those beyond 32 or 64
// bits are not of their format either.
func outOfRange(e *openapi3.SchemaError) bool {
	return e.SchemaField == "minimum" || e.SchemaField == "maximum" || e.SchemaField == "format" && e.Schema.Type.Is("integer")
}
