// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/session"
)

// documentPath is where the contract itself can be had, without a token.
const documentPath = BasePath + "/openapi.yaml"

// ServeHTTP is the one way in: correlation, then route, token, scope and
// syntax, then the use case. Whatever goes wrong on the way ends in writeError.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.cfg.UnderWay.enter()
	defer s.cfg.UnderWay.leave()
	begin := s.cfg.Now()
	id, bad := correlate(r.Header)
	c := &call{Context: r.Context(), correlator: id}
	defer c.over()
	r = r.WithContext(c) //nolint:contextcheck // a call is its request's context
	rec := &recorder{ResponseWriter: w}
	rec.Header().Set(correlatorHeader, id)
	rec.Header().Set("X-Content-Type-Options", "nosniff")
	defer func() { //nolint:contextcheck // the request carries it
		if p := recover(); p != nil {
			s.cfg.Log.ErrorContext(r.Context(), "panic in a request", "correlator", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if !rec.wrote {
				s.fail(rec, r, errors.New("panic"))
			}
		}
		s.account(r, rec, c, s.cfg.Now().Sub(begin))
	}()
	if bad == nil {
		bad = checkFields(r.Header)
	}
	if bad != nil {
		s.fail(rec, r, bad)
		return
	}
	if err := s.pass(rec, r, c); err != nil {
		s.fail(rec, r, err)
	}
}

// pass lets a request through to its handler, or says why not.
func (s *Server) pass(w http.ResponseWriter, r *http.Request, c *call) error {
	pattern, f := route(s.mux, r)
	if f != nil {
		return f
	}
	o, ok := s.contract.ops[pattern]
	if !ok {
		s.mux.ServeHTTP(w, r) // the document, or keys
		return nil
	}
	c.operation = o.id
	if err := s.admit(r, o, c); err != nil {
		return err
	}
	if f := s.limits.take(session.TenantID(c.tenant)); f != nil {
		return f
	}
	if f := checkAccept(r.Header); f != nil {
		return f
	}
	joinLists(r.Header)
	if f := s.contract.checkParams(r.Context(), o, r); f != nil {
		return f
	}
	if r.URL.RawQuery != "" {
		r.URL.RawQuery = o.documented(r.URL.Query())
	}
	if err := s.readBody(o, w, r); err != nil {
		return err
	}
	c.end(time.Now().Add(s.cfg.RequestTimeout))
	s.mux.ServeHTTP(w, r)
	return nil
}

// route finds the pattern of a request. The mux's own answers are never sent.
func route(mux *http.ServeMux, r *http.Request) (string, *fault) {
	if r.URL.Path != path.Clean(r.URL.Path) || r.URL.EscapedPath() != r.URL.Path {
		return "", notFound()
	}
	h, pattern := mux.Handler(r)
	if pattern != "" && r.Method != http.MethodHead {
		return pattern, nil
	}
	if pattern != "" { // the mux takes HEAD for GET; what else there is, it says to any other
		other := *r
		other.Method = http.MethodTrace
		h, _ = mux.Handler(&other)
	}
	refusal := &recorder{ResponseWriter: discard{header: http.Header{}}}
	h.ServeHTTP(refusal, r)
	if refusal.status != http.StatusMethodNotAllowed {
		return "", notFound()
	}
	return "", notAllowed(strings.ReplaceAll(refusal.Header().Get("Allow"), "GET, HEAD", "GET"))
}

func notFound() *fault {
	return &fault{status: http.StatusNotFound, code: "NOT_FOUND", message: "The specified resource is not found."}
}

func notAllowed(allow string) *fault {
	return &fault{status: http.StatusMethodNotAllowed, code: "METHOD_NOT_ALLOWED", message: "The requested method is not allowed/supported on the target resource, " + allow + " is.", allow: allow}
}

// admit authenticates the client and checks that it may do what it asks.
func (s *Server) admit(r *http.Request, o *operation, c *call) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if len(r.Header.Values("Authorization")) != 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return auth.ErrUnauthenticated
	}
	who, err := s.cfg.Authenticator.Authenticate(r.Context(), token)
	if err != nil {
		if errors.Is(err, auth.ErrUnavailable) {
			return fmt.Errorf("authenticate: %w", err)
		}
		return fmt.Errorf("%w: %w", auth.ErrUnauthenticated, err)
	}
	c.client = who.Client
	tenant, ok := s.cfg.TenantOf(who.Client)
	if !ok || !who.May(o.scope) {
		return &fault{status: http.StatusForbidden, code: "PERMISSION_DENIED", message: "Client does not have sufficient permissions to perform this action."}
	}
	c.tenant = string(tenant)
	return nil
}

// fail answers with an error and notes it for the log.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	callOf(r.Context()).failure = err
	writeError(w, err)
}

// reply answers with a body of the contract.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, body any) {
	if err := writeAnswer(w, status, body); err != nil {
		s.fail(w, r, err)
	}
}

// clientGone is what the log and the metrics have for a request whose client left
// before its answer: nothing is at fault, and no answer was read.
const clientGone = 499

// account writes the access log and counts; neither ever holds a token or a body.
func (s *Server) account(r *http.Request, rec *recorder, c *call, took time.Duration) {
	status := rec.status
	if errors.Is(c.failure, context.Canceled) && r.Context().Err() != nil {
		status = clientGone
	}
	level := logLevel(r.Method, status)
	s.cfg.Metrics.observe(c.operation, status, took)
	if !s.cfg.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []any{
		"method", r.Method, "operation", c.operation, "status", status, "bytes", rec.bytes, "took", took,
		"correlator", c.correlator, "tenant", c.tenant, "client", c.client, "remote", r.RemoteAddr,
	}
	if c.failure != nil {
		attrs = append(attrs, "error", c.failure.Error())
	}
	s.cfg.Log.Log(r.Context(), level, "request", attrs...)
}

// logLevel says how much a request matters to operators: inquiries that succeed are
// many, and counted.
func logLevel(method string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case method == http.MethodGet && status < http.StatusBadRequest:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// bindFault renders what the generated binding of parameters refuses. The
// contract has been checked before, so that hardly anything is left to it.
func bindFault(err error) error {
	var format *api.InvalidParamFormatError
	if errors.As(err, &format) {
		return invalid(format.ParamName, "is malformed")
	}
	return invalid("", "a parameter is malformed")
}

func serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(api.Contract) // the client is gone if this fails
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter

	status int
	bytes  int
	wrote  bool
}

// WriteHeader implements http.ResponseWriter; only the first call counts.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
		r.ResponseWriter.WriteHeader(status)
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err //nolint:wrapcheck // a ResponseWriter's own error
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// discard is a ResponseWriter that keeps only headers.
type discard struct{ header http.Header }

// Header implements http.ResponseWriter.
func (d discard) Header() http.Header { return d.header }

// Write implements http.ResponseWriter.
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (d discard) WriteHeader(int) {}
