// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"strconv"
)

const (
	// maxFields bounds a request's header fields, in bytes as RFC 9113, section
	// 6.5.2 counts them: name, value and 32 each.
	maxFields = 32 << 10
	// maxHead is what is read of a request's head at all. net/http answers more
	// with a 431 of its own, as it answers what is no HTTP with a 400: neither
	// has an ErrorInfo or an x-correlator, and both end the connection.
	maxHead = 2 * maxFields
)

// checkFields refuses a header that is too large.
func checkFields(h http.Header) *fault {
	size := 0
	for name, values := range h {
		for _, v := range values {
			size += len(name) + len(v) + 32
		}
	}
	if size <= maxFields {
		return nil
	}
	return &fault{
		status: http.StatusRequestHeaderFieldsTooLarge, code: "REQUEST_HEADER_FIELDS_TOO_LARGE",
		message: "The request's header fields are larger than " + strconv.Itoa(maxFields) + " bytes.",
	}
}
