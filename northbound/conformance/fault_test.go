// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/northbound/api/apitest"
	"github.com/s2cd/s2cd/northbound/auth"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// broken stands in for use cases that fail. One that it does not have panics,
// which is a failure too.
type broken struct {
	northbound.UseCases

	fail func(context.Context) error
}

// Check implements northbound.UseCases.
func (b broken) Check(ctx context.Context, _ order.Caller, _ order.Inquiry) (order.Availability, error) {
	return order.Availability{}, b.fail(ctx)
}

// Create implements northbound.UseCases.
func (b broken) Create(ctx context.Context, _ order.Caller, _ order.Order) (session.Session, []byte, error) {
	return session.Session{}, nil, b.fail(ctx)
}

// Session implements northbound.UseCases.
func (b broken) Session(ctx context.Context, _ order.Caller, _ session.ID) (order.View, error) {
	return order.View{}, b.fail(ctx)
}

// Sessions implements northbound.UseCases.
func (b broken) Sessions(ctx context.Context, _ order.Caller, _ order.ListFilter) (order.Page, error) {
	return order.Page{}, b.fail(ctx)
}

// Extend implements northbound.UseCases.
func (b broken) Extend(ctx context.Context, _ order.Caller, _ session.ID, _ order.Extension) (order.View, []byte, error) {
	return order.View{}, nil, b.fail(ctx)
}

// Delete implements northbound.UseCases.
func (b broken) Delete(ctx context.Context, _ order.Caller, _ session.ID, _ order.Match) (order.View, error) {
	return order.View{}, b.fail(ctx)
}

// Modify implements northbound.UseCases.
func (b broken) Modify(ctx context.Context, _ order.Caller, _ session.ID, _ order.Modification) (order.View, bool, error) {
	return order.View{}, false, b.fail(ctx)
}

// Performance implements northbound.UseCases.
func (b broken) Performance(ctx context.Context, _ order.Caller, _ session.ID, _ order.PerformanceFilter) (order.Performance, error) {
	return order.Performance{}, b.fail(ctx)
}

// breakCore sends the scenario's requests to a server in this process whose use
// cases fail in that way.
func (w *world) breakCore(how string) error {
	fail, err := failure(how)
	if err != nil {
		return err
	}
	verifier, err := auth.New(auth.Config{Issuer: w.issuer.url, Audience: audience})
	if err != nil {
		return err
	}
	var authenticator northbound.Authenticator = verifier
	if how == "NO_KEYS" {
		authenticator = noKeys{}
	}
	server, err := northbound.New(northbound.Config{
		UseCases: broken{fail: fail}, Authenticator: authenticator, Log: slog.New(slog.DiscardHandler), RequestTimeout: 20 * time.Millisecond,
		TenantOf: func(client string) (session.TenantID, bool) { return session.TenantID(client), true },
	})
	if err != nil {
		return err
	}
	if w.session == "" {
		w.session = "7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"
	}
	w.network = apitest.Handler{Handler: http.Handler(server)}
	return nil
}

// noKeys is an issuer that cannot be reached.
type noKeys struct{}

// Authenticate implements northbound.Authenticator.
func (noKeys) Authenticate(context.Context, string) (auth.Identity, error) {
	return auth.Identity{}, fmt.Errorf("fetch keys: %w", auth.ErrUnavailable)
}

func failure(how string) (func(context.Context) error, error) {
	refusal := func(code session.Code) func(context.Context) error {
		return func(context.Context) error { return session.Errorf(code, "", "refused") }
	}
	all := map[string]func(context.Context) error{
		"PANIC":          func(context.Context) error { panic("a fault with secret=hunter2") },
		"DISK_FULL":      func(context.Context) error { return errors.New("disk is full, secret=hunter2") },
		"NO_ANSWER":      func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("wait: %w", ctx.Err()) },
		"UNAVAILABLE":    refusal(session.Unavailable),
		"NO_KEYS":        func(context.Context) error { return errors.New("was called without a token checked") },
		"ABORTED":        refusal(session.Aborted),
		"INCOMPATIBLE":   refusal(session.Incompatible),
		"QUOTA_EXCEEDED": refusal(session.QuotaExceeded),
		"NOT_SUPPORTED":  refusal(session.NotSupported),
	}
	f, ok := all[how]
	if !ok {
		return nil, fmt.Errorf("no kind of failure %q", how)
	}
	return f, nil
}
