// SPDX-License-Identifier: Apache-2.0

package gnmi_test

import (
	"context"
	"crypto/sha256"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/southbound/gnmi"
)

func expectKind(t *testing.T, what string, err error, want southbound.Kind) {
	t.Helper()
	if want == 0 && err == nil {
		return
	}
	if err == nil || southbound.KindOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refuseChanges fails requests that carry changes, not the probe.
func refuseChanges(code codes.Code, message string) func(context.Context, *gpb.SetRequest) error {
	return func(_ context.Context, req *gpb.SetRequest) error {
		if len(req.GetReplace()) == 0 {
			return nil
		}
		return status.Error(code, message)
	}
}

func TestSetErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code    codes.Code
		message string
		want    southbound.Kind
	}{
		"invalid":           {codes.InvalidArgument, "no such leaf", southbound.Refused},
		"exists":            {codes.AlreadyExists, "twice", southbound.Refused},
		"not found":         {codes.NotFound, "no interface", southbound.Refused},
		"out of range":      {codes.OutOfRange, "mtu", southbound.Refused},
		"precondition":      {codes.FailedPrecondition, "interface is down", southbound.Refused},
		"open commit":       {codes.FailedPrecondition, "commit x waits", southbound.Busy},
		"rolled back":       {codes.Aborted, "commit failed, rolled back", southbound.Refused},
		"too large":         {codes.ResourceExhausted, "grpc: received message larger than max (9 vs. 4)", southbound.Refused},
		"out of resources":  {codes.ResourceExhausted, "too many requests", southbound.Busy},
		"not the master":    {codes.PermissionDenied, "election id is lower", southbound.Fenced},
		"not allowed":       {codes.PermissionDenied, "read-only user", southbound.Refused},
		"unimplemented":     {codes.Unimplemented, "Set", southbound.Unsupported},
		"deadline":          {codes.DeadlineExceeded, "", southbound.InDoubt},
		"canceled":          {codes.Canceled, "", southbound.InDoubt},
		"unavailable later": {codes.Unavailable, "going down", southbound.InDoubt},
		"internal":          {codes.Internal, "bug", southbound.InDoubt},
		"unknown":           {codes.Unknown, "?", southbound.InDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(s *stub, _ *gnmi.Config) { s.set = refuseChanges(tc.code, tc.message) })
			expectKind(t, "apply", b.driver.Apply(t.Context(), tx("a", config(), config("x"))), tc.want)
		})
	}
}

func TestGetErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]southbound.Kind{
		codes.Unavailable: southbound.Unreachable, codes.DeadlineExceeded: southbound.Unreachable,
		codes.PermissionDenied: southbound.Refused, codes.Unimplemented: southbound.Unsupported,
		codes.NotFound: 0, // nothing is configured
	} {
		b := setup(t, func(s *stub, _ *gnmi.Config) { s.get = func() error { return status.Error(code, "no") } })
		_, err := b.driver.Read(t.Context())
		expectKind(t, code.String(), err, want)
	}
}

func TestLostAnswerIsInDoubt(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 1)
	b := setup(t, func(s *stub, _ *gnmi.Config) {
		s.set = func(ctx context.Context, req *gpb.SetRequest) error {
			if len(req.GetReplace()) == 0 {
				return nil
			}
			arrived <- struct{}{}
			<-ctx.Done()
			return nil
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	expectKind(t, "client gave up", b.driver.Apply(ctx, tx("a", config(), config("x"))), southbound.InDoubt)
	go func() { <-arrived; b.server.Stop() }()
	expectKind(t, "server died", b.driver.Apply(t.Context(), tx("b", config(), config("y"))), southbound.InDoubt)
	expectKind(t, "nobody there", b.driver.Apply(t.Context(), tx("c", config(), config("z"))), southbound.Unreachable)
}

func TestReconnects(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	must(t, b.driver.Apply(t.Context(), tx("a", config(), config("x"))))
	must(t, b.driver.Confirm(t.Context(), tx("a", config(), config("x"))))
	b.server.Stop()
	_, err := b.driver.Read(t.Context())
	expectKind(t, "read with the server gone", err, southbound.Unreachable)
	b.listen(t, b.address)
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, err := b.driver.Read(t.Context())
		if err == nil && got.Equal(config("x")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no connection again: %v, %v", got, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCommitConfirmed(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	one := tx("a", config(), config("x"))
	one.Rollback = 42 * time.Second
	must(t, b.driver.Apply(t.Context(), one))
	c := commitOf(b.changes()[0])
	if c.GetId() != "a" || c.GetCommit().GetRollbackDuration().AsDuration() != 42*time.Second {
		t.Errorf("commit extension %v", c)
	}
	if p := b.changes()[0].GetPrefix(); p.GetTarget() != "PE1" {
		t.Errorf("prefix %v", p)
	}
	if id := b.changes()[0].GetExtension()[0].GetMasterArbitration().GetElectionId().GetLow(); id != 7 {
		t.Errorf("election id %d", id)
	}
	must(t, b.driver.Cancel(t.Context(), one))
	if b.hasX() {
		t.Error("not undone")
	}
}

// TestCommitThatIsNotOpen: a lost commit is in doubt when it should be kept,
// and nothing to undo when it should not.
func TestCommitThatIsNotOpen(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.FailedPrecondition, codes.NotFound} {
		for _, message := range []string{"no such commit", "nothing is open"} {
			b := setup(t, func(s *stub, _ *gnmi.Config) {
				s.set = func(_ context.Context, req *gpb.SetRequest) error {
					if len(req.GetReplace()) == 0 {
						return status.Error(code, message)
					}
					return nil
				}
			})
			one := tx("a", config(), config("x"))
			must(t, b.driver.Apply(t.Context(), one))
			expectKind(t, code.String()+" confirm", b.driver.Confirm(t.Context(), one), southbound.InDoubt)
			expectKind(t, code.String()+" cancel", b.driver.Cancel(t.Context(), one), southbound.Refused)
		}
	}
}

func TestWithoutCommitConfirmed(t *testing.T) {
	t.Parallel()
	hasCommit := func(code codes.Code, message string) func(*stub, *gnmi.Config) {
		return func(s *stub, _ *gnmi.Config) {
			s.ignoreCommit = true
			s.set = func(_ context.Context, req *gpb.SetRequest) error {
				if commitOf(req) != nil {
					return status.Error(code, message)
				}
				return nil
			}
		}
	}
	for name, edit := range map[string]func(*stub, *gnmi.Config){
		"ignored":       func(s *stub, _ *gnmi.Config) { s.ignoreCommit = true },
		"unimplemented": hasCommit(codes.Unimplemented, "commit"),
		"invalid":       hasCommit(codes.InvalidArgument, "unknown extension commit"),
		"empty Set refused": func(s *stub, _ *gnmi.Config) {
			s.ignoreCommit = true
			s.set = func(_ context.Context, req *gpb.SetRequest) error {
				if len(req.GetReplace())+len(req.GetDelete()) == 0 {
					return status.Error(codes.InvalidArgument, "empty request")
				}
				return nil
			}
		},
		"answers to the probe, refuses to commit": func(s *stub, _ *gnmi.Config) {
			s.ignoreCommit = true
			s.set = func(_ context.Context, req *gpb.SetRequest) error {
				if c := commitOf(req); c.GetCommit() != nil {
					return status.Error(codes.Unimplemented, "this extension is not supported")
				} else if c != nil {
					return status.Error(codes.FailedPrecondition, "no commit is open")
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, edit)
			one := tx("a", config(), config("x"))
			must(t, b.driver.Apply(t.Context(), one))
			if !b.hasX() {
				t.Fatal("not applied")
			}
			must(t, b.driver.Confirm(t.Context(), one))
			must(t, b.driver.Cancel(t.Context(), one))
			if b.hasX() {
				t.Error("not undone by the inverse change")
			}
			if n := len(b.changes()); commitOf(b.changes()[n-1]) != nil {
				t.Error("the inverse change is no plain Set")
			}
		})
	}
}

// TestAnswersToTheProbe: a server that fails in its own way has answered; a
// call that was lost is asked again.
func TestAnswersToTheProbe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code    codes.Code
		message string
		want    southbound.Kind
		commits bool
	}{
		{codes.Unknown, "exception in handler", 0, false},
		{codes.Internal, "commit s2cd-probe does not exist", 0, true},
		{codes.Unknown, "unknown extension commit", 0, false},
		{codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR", southbound.Unreachable, false},
		{codes.Unavailable, "going down", southbound.Unreachable, false},
		{codes.DeadlineExceeded, "", southbound.Unreachable, false},
		{codes.Canceled, "", southbound.Unreachable, false},
	} {
		b := setup(t, func(s *stub, _ *gnmi.Config) {
			s.set = func(_ context.Context, req *gpb.SetRequest) error {
				if commitOf(req).GetConfirm() != nil {
					return status.Error(tc.code, tc.message)
				}
				return nil
			}
		})
		name := tc.code.String() + " " + tc.message
		expectKind(t, name, b.driver.Apply(t.Context(), tx("a", config(), config("x"))), tc.want)
		if b.hasX() != (tc.want == 0) || b.hasX() && (commitOf(b.changes()[0]) != nil) != tc.commits {
			t.Errorf("%s: changes %v", name, b.changes())
		}
	}
}

func TestWithoutArbitration(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *stub, _ *gnmi.Config) {
		s.set = func(_ context.Context, req *gpb.SetRequest) error {
			for _, e := range req.GetExtension() {
				if e.GetMasterArbitration() != nil {
					return status.Error(codes.Unimplemented, "extension master_arbitration is not supported")
				}
			}
			return nil
		}
	})
	must(t, b.driver.Apply(t.Context(), tx("a", config(), config("x"))))
	if !b.hasX() || commitOf(b.changes()[len(b.changes())-1]) == nil {
		t.Error("not applied with a commit")
	}
}

func TestOneSetAtATime(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	b := setup(t, func(s *stub, _ *gnmi.Config) {
		s.ignoreCommit = true
		s.set = func(context.Context, *gpb.SetRequest) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			for range 1000 {
				runtime.Gosched() // let another come in, if one may
			}
			return nil
		}
	})
	done := make(chan error)
	for i := range 8 {
		go func() {
			name := string(rune('a' + i))
			done <- b.driver.Apply(context.Background(), tx(name, config(), config(name)))
		}()
	}
	for range 8 {
		must(t, <-done)
	}
	if most.Load() != 1 {
		t.Errorf("%d Sets at once", most.Load())
	}
}

func TestTooLargeIsNotSent(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *stub, c *gnmi.Config) { c.MaxSet = 512 })
	expectKind(t, "apply", b.driver.Apply(t.Context(), tx("a", config(), config(strings.Repeat("x", 600)))), southbound.Refused)
	if len(b.changes()) != 0 {
		t.Error("sent all the same")
	}
}

func TestErrorsAreBriefAndHoldNoSecret(t *testing.T) {
	t.Parallel()
	for name, quote := range map[string]func(body string) string{
		"whole":         func(body string) string { return strings.Repeat(body, 200) + " value " + secret },
		"body":          func(body string) string { return body },
		"quoted body":   strconv.Quote,
		"value":         func(string) string { return "value " + secret },
		"quoted value":  func(string) string { return "value " + strconv.Quote(secret) },
		"part of lines": func(string) string { return "neighbor 192.0.2.2 password " + secret + ": unknown command" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(s *stub, _ *gnmi.Config) {
				s.set = func(_ context.Context, req *gpb.SetRequest) error {
					if len(req.GetReplace()) == 0 {
						return nil
					}
					body := string(req.GetReplace()[0].GetVal().GetJsonIetfVal())
					return status.Error(codes.InvalidArgument, quote(body)+" contains unexpected field enabled")
				}
			})
			err := b.driver.Apply(t.Context(), tx("a", config(), config("x")))
			expectKind(t, "apply", err, southbound.Refused)
			text := err.Error()
			for _, part := range []string{"hunter2", "of-", "the>", "-neighbour"} { // whatever escapes what is between
				if strings.Contains(text, part) {
					t.Errorf("%s is in the error: %s", part, text)
				}
			}
			if len(text) > 600 || !strings.HasSuffix(text, "unexpected field enabled") {
				t.Errorf("error text: %s", text)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	foreign := drivertest.NewPKI(t)
	for name, tc := range map[string]struct {
		edit func(*gnmi.TLS)
		want southbound.Kind
	}{
		"right":       {func(*gnmi.TLS) {}, 0},
		"right name":  {func(c *gnmi.TLS) { c.ServerURI, c.ServerDNS = "", drivertest.DNS("pe1") }, 0},
		"other uri":   {func(c *gnmi.TLS) { c.ServerURI = drivertest.Identity("pe2") }, southbound.Unreachable},
		"other name":  {func(c *gnmi.TLS) { c.ServerDNS = drivertest.DNS("pe2") }, southbound.Unreachable},
		"other key":   {func(c *gnmi.TLS) { c.SPKISHA256 = make([]byte, sha256.Size) }, southbound.Unreachable},
		"other roots": {func(c *gnmi.TLS) { c.Roots = foreign.Pool }, southbound.Unreachable},
	} {
		config := b.config
		tc.edit(&config.TLS)
		d, err := gnmi.New(config)
		must(t, err)
		_, err = d.Read(t.Context())
		expectKind(t, name+": read", err, tc.want)
		err = d.Apply(t.Context(), tx("a", southbound.DeviceConfig{}, southbound.DeviceConfig{VRFs: []southbound.VRF{{Name: name}}}))
		expectKind(t, name+": apply", err, tc.want)
		if err == nil {
			must(t, d.Cancel(t.Context(), tx("a", southbound.DeviceConfig{}, southbound.DeviceConfig{VRFs: []southbound.VRF{{Name: name}}})))
		}
		must(t, d.Close())
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for name, edit := range map[string]func(*gnmi.Config){
		"no device":      func(c *gnmi.Config) { c.Device = "" },
		"no address":     func(c *gnmi.Config) { c.Address = "" },
		"no model":       func(c *gnmi.Config) { c.Model = nil },
		"no roots":       func(c *gnmi.Config) { c.TLS.Roots = nil },
		"no certificate": func(c *gnmi.Config) { c.TLS.Certificate = nil },
		"no identity":    func(c *gnmi.Config) { c.TLS.ServerURI = "" },
		"short pin":      func(c *gnmi.Config) { c.TLS.SPKISHA256 = []byte{1} },
	} {
		config := b.config
		edit(&config)
		if _, err := gnmi.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
