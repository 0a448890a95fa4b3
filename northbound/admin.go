// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/s2cd/s2cd/northbound/auth"
)

// AdminConfig is what an Admin needs.
type AdminConfig struct {
	Addr     string // host:port on loopback, or unix:/path of a socket
	Token    string // bearer token of /operator/v1; empty: whoever reaches the listener may
	Operator Operator
	Ready    func(ctx context.Context) error // why the daemon cannot work yet
	Metrics  prometheus.Gatherer
	Log      *slog.Logger
	Now      func() time.Time // nil: the wall clock

	ShutdownTimeout time.Duration // 5 s by default
}

// Admin is the listener for operators and their tools: health, metrics and the
// operators' API. It can be reached from this machine only.
type Admin struct {
	cfg AdminConfig
	mux *http.ServeMux
}

// NewAdmin returns an Admin. An address that others could reach is refused.
func NewAdmin(cfg AdminConfig) (*Admin, error) {
	if cfg.Operator == nil || cfg.Ready == nil || cfg.Metrics == nil || cfg.Log == nil {
		return nil, errors.New("admin listener: Operator, Ready, Metrics and Log are needed")
	}
	if err := checkAdminAddr(cfg.Addr); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.ShutdownTimeout = positive(cfg.ShutdownTimeout, 5*time.Second)
	a := &Admin{cfg: cfg, mux: http.NewServeMux()}
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	a.mux.HandleFunc("GET /readyz", a.ready)
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(cfg.Metrics, promhttp.HandlerOpts{}))
	a.mux.HandleFunc("GET "+operatorPath+"/sessions", a.sessions)
	a.mux.HandleFunc("GET "+operatorPath+"/sessions/{id}", a.session)
	a.mux.HandleFunc("GET "+operatorPath+"/dead-letters", a.deadLetters)
	a.mux.HandleFunc("POST "+operatorPath+"/dead-letters/{id}/replay", a.replay)
	a.mux.HandleFunc("GET "+operatorPath+"/notification-keys", a.notificationKeys)
	a.mux.HandleFunc("POST "+operatorPath+"/notification-keys", a.rotateNotificationKeys)
	a.mux.HandleFunc("GET "+operatorPath+"/devices", a.devices)
	a.mux.HandleFunc("GET "+operatorPath+"/reservations", a.reservations)
	a.mux.HandleFunc("GET "+operatorPath+"/freezes", a.freezes)
	a.mux.HandleFunc("GET "+operatorPath+"/doctor", a.doctor)
	a.mux.HandleFunc("POST "+operatorPath+"/freezes", a.freeze)
	a.mux.HandleFunc("DELETE "+operatorPath+"/freezes/{scope}", a.thaw)
	a.mux.HandleFunc("DELETE "+operatorPath+"/freezes/{scope}/{name}", a.thaw)
	a.mux.HandleFunc("PUT "+operatorPath+"/links/{name...}", a.setLink) // names of links may have slashes
	a.mux.HandleFunc("PUT "+operatorPath+"/nodes/{name}", a.setNode)
	a.mux.HandleFunc("POST "+operatorPath+"/what-if", a.whatIf)
	a.mux.HandleFunc("GET "+operatorPath+"/reroute", a.planReroute)
	a.mux.HandleFunc("POST "+operatorPath+"/reroute", a.reroute)
	a.profiles()
	return a, nil
}

// operatorPath is where the operators' API lives.
const operatorPath = "/operator/v1"

// checkAdminAddr lets only unix sockets and loopback addresses pass.
func checkAdminAddr(addr string) error {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok && path != "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("admin listener: address %q: %w", addr, err)
	}
	if !isLoopback(host) {
		return fmt.Errorf("admin listener: %q is not a loopback address; use one, or unix:/path", addr)
	}
	return nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && a.Unmap().IsLoopback())
}

// Run listens and serves until ctx ends.
func (a *Admin) Run(ctx context.Context) error {
	l, err := a.Listen(ctx)
	if err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

// Listen opens the listener: a unix socket for its owner alone, or TCP.
func (a *Admin) Listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	path, unix := strings.CutPrefix(a.cfg.Addr, "unix:")
	if !unix {
		l, err := lc.Listen(ctx, "tcp", a.cfg.Addr)
		if err != nil {
			return nil, fmt.Errorf("listen for operators: %w", err)
		}
		return l, nil
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for operators: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close() // nothing was accepted
		return nil, fmt.Errorf("protect the operators' socket: %w", err)
	}
	return l, nil
}

// removeStale removes a socket that a daemon which was killed left behind.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("listen for operators: %s exists and is no socket", path)
	}
	var d net.Dialer
	if c, err := d.DialContext(ctx, "unix", path); err == nil {
		_ = c.Close() // only wanted to know
		return fmt.Errorf("listen for operators: somebody listens on %s already", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the stale socket: %w", err)
	}
	return nil
}

// Serve serves on a listener from Listen until ctx ends; it closes it.
func (a *Admin) Serve(ctx context.Context, l net.Listener) error {
	a.cfg.Log.InfoContext(ctx, "operators are served", "address", l.Addr().String())
	return serve(ctx, l, a, a.cfg.Log, a.cfg.ShutdownTimeout)
}

// ServeHTTP guards and routes.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, bad := correlate(r.Header)
	rec := &recorder{ResponseWriter: w}
	rec.Header().Set(correlatorHeader, id)
	r = r.WithContext(&call{Context: r.Context(), correlator: id}) //nolint:contextcheck // a call is its request's context
	defer func() {                                                 //nolint:contextcheck // the request carries it
		if p := recover(); p != nil {
			a.cfg.Log.ErrorContext(r.Context(), "panic in an operator's request", "correlator", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if !rec.wrote {
				writeError(rec, errors.New("panic"))
			}
		}
	}()
	if bad != nil {
		writeError(rec, bad)
		return
	}
	if err := a.guard(r); err != nil {
		writeError(rec, err)
		return
	}
	if _, f := route(a.mux, r); f != nil {
		writeError(rec, f)
		return
	}
	a.mux.ServeHTTP(rec, r)
	if r.Method != http.MethodGet {
		a.cfg.Log.InfoContext(r.Context(), "operator's request", "method", r.Method, "path", r.URL.Path, "status", rec.status, "correlator", id)
	}
}

// guard keeps web pages in an operator's browser out (a foreign Host or
// Origin), and whoever lacks the token where one is configured.
func (a *Admin) guard(r *http.Request) error {
	if !strings.HasPrefix(a.cfg.Addr, "unix:") {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !isLoopback(host) || r.Header.Get("Origin") != "" {
			return &fault{status: http.StatusForbidden, code: "PERMISSION_DENIED", message: "This listener is for tools on this machine."}
		}
	}
	if a.cfg.Token == "" || !strings.HasPrefix(r.URL.Path, operatorPath) {
		return nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(a.cfg.Token)) != 1 {
		return auth.ErrUnauthenticated
	}
	return nil
}

func (a *Admin) ready(w http.ResponseWriter, r *http.Request) {
	if err := a.cfg.Ready(r.Context()); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}
