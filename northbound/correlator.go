// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

// correlatorHeader carries the correlation id in both directions. It is spelled as
// http.Header has its keys: any other spelling is made that one, for each request.
const correlatorHeader = "X-Correlator"

var correlatorPattern = regexp.MustCompile(`^[a-zA-Z0-9-_:;.\/<>{}]{0,256}$`)

// correlate returns the request's correlation id, or a new one if it has none
// or a bad one; bad says that the request is to be refused.
func correlate(h http.Header) (id string, bad *fault) {
	values := h.Values(correlatorHeader)
	if len(values) > 1 {
		return uuid.NewString(), invalid("x-correlator", "is given more than once")
	}
	if len(values) == 0 || values[0] == "" {
		return uuid.NewString(), nil
	}
	if !correlatorPattern.MatchString(values[0]) {
		return uuid.NewString(), invalid("x-correlator", "must match "+correlatorPattern.String())
	}
	return values[0], nil
}
