// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// Transport is an http.RoundTripper that holds every exchange against the
// contract. A breach is an error of the round trip, so that no test can
// overlook it.
type Transport struct {
	Contract *Contract
	Base     http.RoundTripper
	Seen     func(Outcome) // told of every exchange; may be nil
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		_ = r.Body.Close() // was only read
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	res, err := t.Base.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("round trip: %w", err)
	}
	got, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // was only read
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	res.Body = io.NopCloser(bytes.NewReader(got))
	o, err := t.Contract.Check(r, sent, Answer{Status: res.StatusCode, Header: res.Header, Body: got})
	if err != nil {
		return nil, err
	}
	if t.Seen != nil {
		t.Seen(o)
	}
	return res, nil
}

// Handler is a RoundTripper that asks h without a network.
type Handler struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (h Handler) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	asked.RequestURI, asked.Host, asked.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "192.0.2.1:1234"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, asked)
	return w.Result(), nil
}
