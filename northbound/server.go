// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// Config is what a Server needs. Zero times and sizes take their defaults.
type Config struct {
	UseCases      UseCases
	Authenticator Authenticator
	TenantOf      TenantOf
	Log           *slog.Logger
	Metrics       *Metrics                    // nil: none are kept
	Now           func() time.Time            // nil: the wall clock
	SinkAllowed   func(addr netip.Addr) error // judges sinks and token endpoints given as an address; nil: all are
	Keys          KeySet                      // for sinks whose tokens are fetched; nil: not offered
	PublicURL     string                      // of this listener, as customers reach it; with Keys

	// EndpointAllowed judges the addresses of customers' WireGuard ends beyond
	// what is never one (loopback, link-local, multicast, unspecified); nil: all are.
	EndpointAllowed func(addr netip.Addr) error

	// RequestRate is how many requests a second a customer may send; 0: any
	// number. nil: no customer has a limit.
	RequestRate func(session.TenantID) int

	UnderWay *Crowd // counts the requests that are; nil: nobody wants to know

	Addr            string        // host:port
	CertFile        string        // PEM; with KeyFile
	KeyFile         string        // PEM
	MaxBody         int64         // bytes, 64 KiB by default
	RequestTimeout  time.Duration // of a use case, 10 s by default
	ShutdownTimeout time.Duration // for requests under way, 10 s by default
}

func (c *Config) complete() error {
	if c.UseCases == nil || c.Authenticator == nil || c.TenantOf == nil || c.Log == nil {
		return errors.New("northbound: UseCases, Authenticator, TenantOf and Log are needed")
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("northbound: certificate and key are needed together")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.UnderWay == nil {
		c.UnderWay = new(Crowd)
	}
	c.MaxBody = positive(c.MaxBody, 64<<10)
	c.RequestTimeout = positive(c.RequestTimeout, 10*time.Second)
	c.ShutdownTimeout = positive(c.ShutdownTimeout, 10*time.Second)
	return nil
}

func positive[T int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Server is the customers' API.
type Server struct {
	cfg      Config
	contract *contract
	mux      *http.ServeMux
	limits   *limiter
}

// New returns a Server that is ready to serve.
func New(cfg Config) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	c, err := loadContract()
	if err != nil {
		return nil, fmt.Errorf("northbound: %w", err)
	}
	s := &Server{cfg: cfg, contract: c, mux: http.NewServeMux(), limits: newLimiter(cfg.RequestRate, cfg.Now)}
	s.mux.HandleFunc("GET "+documentPath, serveDocument)
	s.mux.HandleFunc("GET "+KeysPath+"{customer}", s.serveKeys)
	api.HandlerWithOptions(handlers{s}, api.StdHTTPServerOptions{
		BaseURL: BasePath, BaseRouter: s.mux,
		ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, bindFault(err)) },
	})
	return s, nil
}

// Run listens on Config.Addr and serves until ctx ends; then it lets requests
// under way finish.
func (s *Server) Run(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	return s.Serve(ctx, l)
}

// Serve is Run on a listener that is open already; it closes it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.cfg.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(s.cfg.CertFile, s.cfg.KeyFile)
		if err != nil {
			_ = l.Close() // nothing was accepted
			return fmt.Errorf("load the API's certificate: %w", err)
		}
		l = tls.NewListener(l, &tls.Config{
			Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	s.cfg.Log.InfoContext(ctx, "API is served", "address", l.Addr().String(), "tls", s.cfg.CertFile != "")
	return serve(ctx, l, s, s.cfg.Log, s.cfg.ShutdownTimeout)
}

// serve runs an http.Server until ctx ends, then shuts it down within grace.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, grace time.Duration) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHead,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), DisableGeneralOptionsHandler: true, // OPTIONS * too is h's
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(late)
	if err != nil {
		_ = srv.Close() // cuts off what did not finish in time
	}
	if served := <-done; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	if err != nil {
		return fmt.Errorf("shut down %s: %w", l.Addr(), err)
	}
	return nil
}

func (s *Server) decoder() decoder {
	return decoder{targetAllowed: s.cfg.SinkAllowed, endpointAllowed: s.cfg.EndpointAllowed, keysURL: s.keysURL()}
}
