// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
)

// Error is the provider's refusal of a request. errors.As finds it in what the
// methods of Client return.
type Error struct {
	Status     int           // of HTTP
	Code       string        // the contract's, for programs; empty when something else than the API answered
	Message    string        // for people; names the field at fault
	Correlator string        // of the request, to be told to the provider's support
	RetryAfter time.Duration // after which it may be tried again; 0 when the provider does not say
}

// Error implements error.
func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("answer %d: %s", e.Status, e.Message)
	}
	return fmt.Sprintf("%s (%d %s)", e.Message, e.Status, e.Code)
}

// IsNotFound reports whether err says that there is no such session, or none any
// longer.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// IsTemporary reports whether the same request may succeed later: the rate is
// limited, the provider is not available, or does not answer.
func IsTemporary(err error) bool {
	c := causeOf(err)
	return c == refusedForNow || c == unsent || c == unknown
}

// refusal makes an Error of an answer, whoever gave it.
func refusal(resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode, Correlator: resp.Header.Get(correlatorHeader), RetryAfter: retryAfter(resp.Header.Get("Retry-After"))}
	var info api.ErrorInfo
	if json.Unmarshal(body, &info) == nil && info.Code != "" {
		e.Code, e.Message = info.Code, info.Message
		return e
	}
	e.Message = "no answer of the API: " + http.StatusText(resp.StatusCode)
	return e
}

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
