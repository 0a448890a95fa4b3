// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/s2cd/s2cd/lab/certs"
	"github.com/s2cd/s2cd/lab/process"
	"github.com/s2cd/s2cd/lab/router"
)

// stack is the daemon and its devices, each a process of its own.
type stack struct {
	plan      Plan
	dir       string // all that they write
	bin       string // where s2cd and s2cload are
	addresses []string
	devices   *process.Process
	daemon    *process.Process
}

// The daemon's listeners, before those of the devices.
const (
	apiAt = iota
	adminAt
	issuerAt
	devicesAt
)

const clientSecret = "not a secret: it is for one run on this machine"

// newStack writes what the programs need into dir.
func newStack(p Plan, bin, dir string) (*stack, error) {
	s := &stack{plan: p, bin: bin, dir: dir}
	var err error
	if s.addresses, err = freeAddresses(devicesAt + p.PEs); err != nil {
		return nil, err
	}
	if err := s.certificates(); err != nil {
		return nil, err
	}
	f, err := os.Create(s.path("inventory.yaml"))
	if err != nil {
		return nil, fmt.Errorf("make inventory: %w", err)
	}
	if err := errors.Join(p.WriteInventory(f, s.addresses[devicesAt:]), f.Close()); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"s2cd.yaml": s.config(), "client.secret": clientSecret, "seal.key": strings.Repeat("5e", 32),
	} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return s, nil
}

func (s *stack) path(name string) string { return filepath.Join(s.dir, name) }

// freeAddresses finds so many loopback addresses that nobody listens on. All are
// bound before the first is given up, so that none comes twice.
func freeAddresses(n int) ([]string, error) {
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // does not block
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() //nolint:revive // all of them stay bound until the last is found
		all = append(all, l.Addr().String())
	}
	return all, nil
}

func (s *stack) certificates() error {
	ca, err := certs.New(s.path("certs"), time.Now())
	if err != nil {
		return err
	}
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	leaves := []certs.Leaf{{Name: "api", IPs: loopback}, {Name: "s2cd", URI: certs.ClientID("s2cd")}}
	for i := range s.plan.PEs {
		leaves = append(leaves, certs.Leaf{Name: peName(i), URI: certs.DeviceID(peName(i)), IPs: loopback})
	}
	for _, l := range leaves {
		if _, err := ca.Issue(l); err != nil {
			return err
		}
	}
	return nil
}

// config is the daemon's, with what it has by default where nothing else is
// needed.
func (s *stack) config() string {
	var clients strings.Builder
	for i := range s.plan.Tenants {
		fmt.Fprintf(&clients, "    - {id: %s, secretFile: client.secret}\n", clientName(i))
	}
	return fmt.Sprintf(`api: {listen: %q, tls: {cert: certs/api.pem, key: certs/api-key.pem}}
admin: {listen: %q}
auth: {audience: s2cd-load}
dev:
  listen: %q
  clients:
%sstore: {path: s2cd.db, sealKeyFile: seal.key}
inventory: {file: inventory.yaml}
devices:
  ca: certs/ca.pem
  cert: certs/s2cd.pem
  key: certs/s2cd-key.pem
  defaults: {rpcTimeout: 60s, leaseTtl: 150s, rollback: 300s, readEvery: 60s}
provision: {brakes: {changesPerMinute: 100000, deletionsPerMinute: 100000}}
`, s.addresses[apiAt], s.addresses[adminAt], s.addresses[issuerAt], clients.String())
}

// start starts devices, then the daemon, and waits until it is ready. What it
// started is ended by close, also after a failure.
func (s *stack) start(ctx context.Context) error {
	argv := append([]string{filepath.Join(s.bin, "s2cload"), RoutersCommand, s.path("certs")}, s.addresses[devicesAt:]...)
	var err error
	if s.devices, err = process.Start(process.Spec{Name: "routers", Argv: argv, Log: s.path("routers.log")}); err != nil {
		return err
	}
	for _, a := range s.addresses[devicesAt:] {
		if err := await(ctx, s.devices, func() bool { return listens(ctx, a) }); err != nil {
			return err
		}
	}
	if err := yield(s.devices.Pid()); err != nil {
		return err
	}
	s.daemon, err = process.Start(process.Spec{
		Name: "s2cd", Argv: []string{filepath.Join(s.bin, "s2cd"), "serve", "--dev", "--config", s.path("s2cd.yaml")}, Log: s.path("s2cd.log"),
	})
	if err != nil {
		return err
	}
	return await(ctx, s.daemon, func() bool {
		_, err := s.admin(ctx, "/readyz")
		return err == nil
	})
}

// RoutersCommand is the first argument with which s2cload is the routers. The
// folder of their certificates follows, and their addresses in the order of PEs.
const RoutersCommand = "routers"

// Routers serves simulated routers until ctx ends, args as RoutersCommand says.
func Routers(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("routers: a folder and addresses are required")
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, address := range args[1:] {
		file := func(name string) string { return filepath.Join(args[0], name) }
		at := router.At{Address: address, Cert: file(peName(i) + ".pem"), Key: file(peName(i) + "-key.pem"), CA: file("ca.pem")}
		group.Go(func() error { return router.New().Serve(ctx, at) })
	}
	return group.Wait()
}

// await asks until the answer is yes, the process has ended or ctx has.
func await(ctx context.Context, p *process.Process, ready func() bool) error {
	for !ready() {
		select {
		case <-p.Done():
			return fmt.Errorf("%s ended: %w\n%s", p.Name(), p.Wait(ctx), tail(p.Log()))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.Name(), ctx.Err(), tail(p.Log()))
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func listens(ctx context.Context, address string) bool {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = c.Close() // only wanted to know
	return true
}

// grace is how long the daemon may take to end.
const grace = 30 * time.Second

// close ends both processes. The devices have nothing to lose.
func (s *stack) close() error {
	var errs []error
	if s.daemon != nil {
		errs = append(errs, s.daemon.Stop(grace))
	}
	if s.devices != nil {
		errs = append(errs, s.devices.Kill())
	}
	return errors.Join(errs...)
}

// target is the API with a token for each tenant.
func (s *stack) target(ctx context.Context) (*target, error) {
	pem, err := os.ReadFile(s.path("certs/ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("read CA: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	t := &target{
		addr: s.addresses[apiAt], base: "/site-to-cloud-vpn/v0.1",
		tls: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13},
	}
	for i := range s.plan.Tenants {
		token, err := s.token(ctx, clientName(i))
		if err != nil {
			return nil, err
		}
		t.tokens = append(t.tokens, token)
	}
	return t, nil
}

// token asks the daemon's own issuer (RFC 6749 section 4.4).
func (s *stack) token(ctx context.Context, client string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.addresses[issuerAt]+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(client, url.QueryEscape(clientSecret))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask for a token: %w", err)
	}
	defer resp.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.Token == "" {
		return "", fmt.Errorf("token of %s: status %d: %w", client, resp.StatusCode, err)
	}
	return got.Token, nil
}
