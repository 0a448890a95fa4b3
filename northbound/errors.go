// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/session"
)

// apiPrefix starts the codes that only this API has.
const apiPrefix = "SITE_TO_CLOUD_VPN."

// maxMessage is the longest message that ErrorInfo allows, in bytes here.
const maxMessage = 512

// fault is a refusal by this adapter itself, before a use case was called.
type fault struct {
	status  int
	code    string
	message string
	allow   string // with 405

	retryAfter int // seconds; 0: none
}

func (f *fault) Error() string { return f.message }

// invalid is a fault of syntax; field is the JSON path or the parameter.
func invalid(field, message string) *fault {
	if field != "" {
		message = field + ": " + message
	}
	return &fault{status: http.StatusBadRequest, code: "INVALID_ARGUMENT", message: message}
}

// answer is what an error becomes on the wire.
type answer struct {
	status     int
	code       string
	message    string
	allow      string
	retryAfter int // seconds; 0: none
}

// writeError is the one place where an error becomes an HTTP answer.
func writeError(w http.ResponseWriter, err error) {
	a := answerTo(err)
	a.message = strings.ToValidUTF8(a.message, "")
	for len(a.message) > maxMessage {
		_, size := utf8.DecodeLastRuneInString(a.message)
		a.message = a.message[:len(a.message)-size]
	}
	h := w.Header()
	h.Del("Location")
	if a.allow != "" {
		h.Set("Allow", a.allow)
	}
	if a.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(a.retryAfter))
	}
	if a.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	body := api.ErrorInfo{Status: int32(a.status), Code: a.code, Message: a.message} //nolint:gosec // an HTTP status fits
	if writeAnswer(w, a.status, body) != nil {
		w.WriteHeader(a.status)
	}
}

// answerTo chooses status and code. What it does not know is a 500 that says
// nothing of its cause.
func answerTo(err error) answer {
	var f *fault
	var e *session.Error
	switch {
	case errors.As(err, &f):
		return answer{status: f.status, code: f.code, message: f.message, allow: f.allow, retryAfter: f.retryAfter}
	case errors.As(err, &e) && e.Code != session.Internal:
		return domainAnswer(e)
	case errors.Is(err, auth.ErrUnavailable):
		return answer{status: http.StatusServiceUnavailable, code: "UNAVAILABLE", message: "Tokens cannot be checked for the moment.", retryAfter: 5}
	case errors.Is(err, auth.ErrUnauthenticated):
		return answer{status: http.StatusUnauthorized, code: "UNAUTHENTICATED", message: "Request not authenticated due to missing, invalid, or expired credentials. A new authentication is required."}
	case errors.Is(err, context.DeadlineExceeded):
		return answer{status: http.StatusGatewayTimeout, code: "TIMEOUT", message: "Request timeout exceeded."}
	}
	return answer{status: http.StatusInternalServerError, code: "INTERNAL", message: "Unknown server error. Typically a server bug."}
}

// domainAnswer gives an error of the core its CAMARA status and code.
func domainAnswer(e *session.Error) answer {
	a := answer{message: e.Detail}
	if e.Field != "" {
		a.message = e.Field + ": " + e.Detail
	}
	if e.Code == session.Exists && e.Field == "Idempotency-Key" {
		a.status, a.code = http.StatusUnprocessableEntity, apiPrefix+"IDEMPOTENCY_KEY_REUSED"
		return a
	}
	a.status, a.code = domainCode(e.Code)
	if a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests {
		a.retryAfter = 5
	}
	return a
}

// domainCode is the table from the core's codes to CAMARA's.
func domainCode(c session.Code) (status int, code string) {
	switch c {
	case session.Invalid:
		return http.StatusBadRequest, "INVALID_ARGUMENT"
	case session.OutOfRange:
		return http.StatusBadRequest, "OUT_OF_RANGE"
	case session.DurationTooLong:
		return http.StatusBadRequest, apiPrefix + "DURATION_OUT_OF_RANGE"
	case session.TokenExpired:
		return http.StatusBadRequest, "INVALID_TOKEN"
	case session.NotFound:
		return http.StatusNotFound, "NOT_FOUND"
	case session.Forbidden:
		return http.StatusForbidden, "PERMISSION_DENIED"
	case session.Incompatible:
		return http.StatusConflict, "INCOMPATIBLE_STATE"
	case session.Exists:
		return http.StatusConflict, "ALREADY_EXISTS"
	case session.Aborted:
		return http.StatusConflict, "ABORTED"
	case session.AreaNotSupported:
		return http.StatusUnprocessableEntity, apiPrefix + "SERVICE_AREA_NOT_SUPPORTED"
	case session.NoResources:
		return http.StatusUnprocessableEntity, apiPrefix + "RESOURCES_INSUFFICIENT"
	case session.NotSupported:
		return http.StatusUnprocessableEntity, apiPrefix + "FEATURE_NOT_SUPPORTED"
	case session.PrefixOverlap:
		return http.StatusUnprocessableEntity, apiPrefix + "PREFIX_OVERLAP"
	case session.QuotaExceeded:
		return http.StatusTooManyRequests, "QUOTA_EXCEEDED"
	case session.OfferExpired:
		return http.StatusUnprocessableEntity, apiPrefix + "OFFER_EXPIRED"
	case session.OfferUsed:
		return http.StatusConflict, apiPrefix + "OFFER_USED"
	case session.OfferForeign:
		return http.StatusForbidden, apiPrefix + "OFFER_FOREIGN"
	case session.OfferAltered:
		return http.StatusUnprocessableEntity, apiPrefix + "OFFER_ALTERED"
	case session.Precondition:
		return http.StatusPreconditionFailed, "FAILED_PRECONDITION"
	case session.Unavailable:
		return http.StatusServiceUnavailable, "UNAVAILABLE"
	case session.Internal:
	}
	return http.StatusInternalServerError, "INTERNAL"
}
