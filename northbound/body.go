// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// readBody runs the pipeline over a request body: media type, size, UTF-8,
// depth, duplicate names, known properties, schema. It leaves the body in the
// request for the handler to decode.
func (s *Server) readBody(o *operation, w http.ResponseWriter, r *http.Request) error {
	if o.body == nil {
		return nil
	}
	if f := checkMediaType(r.Header, o.media...); f != nil {
		return f
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
	if f := tooLarge(err); f != nil {
		return f
	}
	if err != nil {
		return invalid("", "the body cannot be read")
	}
	value, f := parseStrict(raw)
	if f != nil {
		return f
	}
	if f := s.contract.checkBody(o, value); f != nil {
		return f
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

// tooLarge is the fault of a body that is larger than its MaxBytesReader allows;
// nil for any other error.
func tooLarge(err error) *fault {
	var limit *http.MaxBytesError
	if !errors.As(err, &limit) {
		return nil
	}
	return &fault{status: http.StatusRequestEntityTooLarge, code: "PAYLOAD_TOO_LARGE", message: "the body is larger than " + strconv.FormatInt(limit.Limit, 10) + " bytes"}
}

// maxOperatorBody is the largest body of the operators' API, in bytes.
const maxOperatorBody = 64 << 10

// readOperator reads a body of the operators' API: one object of the fields of T,
// which are named in words for those who send something else.
func readOperator[T any](w http.ResponseWriter, r *http.Request, fields string) (T, error) {
	return readOperatorUpTo[T](w, r, fields, maxOperatorBody)
}

// readOperatorUpTo is readOperator for a body of so many bytes at most.
func readOperatorUpTo[T any](w http.ResponseWriter, r *http.Request, fields string, most int64) (T, error) {
	var v T
	if f := checkMediaType(r.Header); f != nil {
		return v, f
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	dec.DisallowUnknownFields()
	err := dec.Decode(&v)
	if f := tooLarge(err); f != nil {
		return v, f
	}
	if err != nil {
		return v, invalid("", "the body must be an object of "+fields+": "+err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return v, invalid("", "the body goes on after its JSON value")
	}
	return v, nil
}

// jsonType is the media type of all bodies; some may come as others too.
const jsonType = "application/json"

// checkMediaType refuses a body that is not of one of the media types, of jsonType
// if none is given.
func checkMediaType(h http.Header, allowed ...string) *fault {
	if len(allowed) == 0 {
		allowed = []string{jsonType}
	}
	unsupported := &fault{
		status: http.StatusUnsupportedMediaType, code: "UNSUPPORTED_MEDIA_TYPE",
		message: "Content-Type: must be " + strings.Join(allowed, " or ") + " in UTF-8",
	}
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		unsupported.message = "Content-Encoding: is not supported"
		return unsupported
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !slices.Contains(allowed, kind) {
		return unsupported
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return unsupported
	}
	return nil
}

// checkAccept refuses a client that takes no JSON (RFC 9110 section 12.5.1). A
// weight that is malformed weighs nothing against a type that fits.
func checkAccept(h http.Header) *fault {
	values := h.Values("Accept")
	if len(values) == 0 || strings.TrimSpace(strings.Join(values, "")) == "" {
		return nil
	}
	best, found := -1, false
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		kind, _, _ := strings.Cut(part, ";")
		_, params, _ := mime.ParseMediaType(part) // none where they are malformed
		specific := map[string]int{"*/*": 0, "application/*": 1, "application/json": 2}
		rank, ok := specific[strings.ToLower(strings.TrimSpace(kind))]
		if !ok || rank < best {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		best, found = rank, err != nil || q != 0
	}
	if found {
		return nil
	}
	return &fault{status: http.StatusNotAcceptable, code: "NOT_ACCEPTABLE", message: "Accept: only application/json can be had"}
}

// decode reads the checked body into a type of the contract. What fails here
// is a value that the schema allows and Go's type does not hold.
func decode[T any](r *http.Request) (T, error) {
	var v T
	err := json.NewDecoder(r.Body).Decode(&v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return v, nil
	case errors.As(err, &wrong):
		want := "a " + wrong.Type.String()
		if k := wrong.Type.Kind(); k >= reflect.Int && k <= reflect.Uint64 {
			want = "an integer without fraction or exponent"
		}
		return v, invalid(wrong.Field, "must be "+want)
	}
	return v, invalid("", "the body does not match its schema")
}
