// SPDX-License-Identifier: Apache-2.0

// Package scenario plays customers and operators against the whole of s2cd in
// the lab: the daemon and the gateway agent are started as a provider would,
// and spoken to through their own interfaces only.
package scenario

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/s2cd/s2cd/lab"
	"github.com/s2cd/s2cd/lab/certs"
	"github.com/s2cd/s2cd/lab/process"
)

// Where the programs listen, all within the lab.
const (
	apiAddr     = "127.0.0.1:9440"
	adminAddr   = "127.0.0.1:9441"
	issuerAddr  = "127.0.0.1:9442"
	gatewayAddr = "192.0.2.2:9339"
)

// Programs says where the programs and the inventory are.
type Programs struct {
	S2cd, S2cgw, WireGuardGo string
	Inventory                string
}

// Stack is the provider's side: the daemon and the gateway agent in a lab.
type Stack struct {
	*lab.Env
	programs Programs
	dir      string // configuration, keys and store
	S2cd     *process.Process
	S2cgw    *process.Process
	secrets  map[string]string // of API clients
}

// NewStack writes configurations and keys into the folder; nothing is started.
func NewStack(env *lab.Env, p Programs, dir string) (*Stack, error) {
	s := &Stack{Env: env, programs: p, dir: dir, secrets: map[string]string{}}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	for _, c := range []string{"client-1", "client-2"} {
		key, err := s.writeKey(c + ".secret")
		if err != nil {
			return nil, err
		}
		s.secrets[c] = key
	}
	if _, err := s.writeKey("seal.key"); err != nil {
		return nil, err
	}
	inventory, err := os.ReadFile(p.Inventory)
	if err != nil {
		return nil, fmt.Errorf("read inventory: %w", err)
	}
	if err := s.write("inventory.yaml", inventory, 0o644); err != nil {
		return nil, err
	}
	return s, errors.Join(s.render("s2cd.yaml", daemonConfig), s.render("s2cgw.yaml", gatewayConfig))
}

func (s *Stack) write(name string, content []byte, mode os.FileMode) error {
	if err := os.WriteFile(filepath.Join(s.dir, name), content, mode); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// writeKey makes 32 random bytes in hex.
func (s *Stack) writeKey(name string) (string, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	key := hex.EncodeToString(b)
	return key, s.write(name, []byte(key+"\n"), 0o600)
}

// render writes a configuration for this lab.
func (s *Stack) render(name, text string) error {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return fmt.Errorf("template %s: %w", name, err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Dir": s.dir, "CA": s.Certs.CA(), "API": s.API, "Client": s.Client, "Gateway": s.DeviceFiles("GW"),
		"S2cd": certs.ClientID("s2cd"), "WireGuardGo": s.programs.WireGuardGo,
		"APIAddr": apiAddr, "AdminAddr": adminAddr, "IssuerAddr": issuerAddr, "GatewayAddr": gatewayAddr,
	})
	if err != nil {
		return fmt.Errorf("template %s: %w", name, err)
	}
	return s.write(name, b.Bytes(), 0o600)
}

const daemonConfig = `# The daemon in the lab; examples/lab.yaml explains every line.
api: {listen: "{{.APIAddr}}", tls: {cert: "{{.API.Cert}}", key: "{{.API.Key}}"}}
admin: {listen: "{{.AdminAddr}}"}
auth: {audience: s2cd-lab}
dev:
  listen: "{{.IssuerAddr}}"
  clients:
    - {id: client-1, secretFile: "{{.Dir}}/client-1.secret"}
    - {id: client-2, secretFile: "{{.Dir}}/client-2.secret"}
store: {path: "{{.Dir}}/s2cd.db", sealKeyFile: "{{.Dir}}/seal.key"}
inventory: {file: "{{.Dir}}/inventory.yaml"}
devices:
  ca: "{{.CA}}"
  cert: "{{.Client.Cert}}"
  key: "{{.Client.Key}}"
  defaults: {rpcTimeout: 30s, leaseTtl: 60s, rollback: 120s, readEvery: 15s}
webhook: {caFile: "{{.CA}}", allowPrefixes: [127.0.0.0/8], maxAge: 1h}
telemetry: {interval: 500ms, probeEvery: 100ms, staleAfter: 5s}
log: {level: debug, format: text}
`

const gatewayConfig = `listen: "{{.GatewayAddr}}"
tls:
  certificate: "{{.Gateway.Cert}}"
  key: "{{.Gateway.Key}}"
  client_ca: "{{.CA}}"
  clients: ["{{.S2cd}}"]
state_dir: "{{.Dir}}/s2cgw"
slots: {first: 51900, last: 51999}
wireguard_go: "{{.WireGuardGo}}"
log: {format: text, level: debug}
`

// Start starts the gateway agent and the daemon and waits until it is ready.
func (s *Stack) Start(ctx context.Context) error {
	if err := s.StartGateway(); err != nil {
		return err
	}
	return s.StartDaemon(ctx)
}

// StartGateway starts the agent in the gateway's namespace.
func (s *Stack) StartGateway() (err error) {
	s.S2cgw, err = s.StartProcess("s2cgw", "GW", []string{s.programs.S2cgw, "--config", filepath.Join(s.dir, "s2cgw.yaml")}, nil)
	return err
}

// StartDaemon starts s2cd in the management network and waits until it is ready.
func (s *Stack) StartDaemon(ctx context.Context) (err error) {
	s.S2cd, err = s.StartProcess("s2cd", "", []string{s.programs.S2cd, "serve", "--dev", "--config", filepath.Join(s.dir, "s2cd.yaml")}, nil)
	if err != nil {
		return err
	}
	for {
		if ready(ctx) {
			return nil
		}
		select {
		case <-s.S2cd.Done():
			return fmt.Errorf("s2cd ended: %w\n%s", s.S2cd.Wait(ctx), tail(s.S2cd.Log()))
		case <-ctx.Done():
			return fmt.Errorf("s2cd is not ready: %w\n%s", ctx.Err(), tail(s.S2cd.Log()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+adminAddr+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// Command runs an s2cd command against the daemon and returns what it printed.
func (s *Stack) Command(ctx context.Context, args ...string) (string, error) {
	p, err := s.StartProcess("s2cd-"+args[0], "", append([]string{s.programs.S2cd}, args...), nil)
	if err != nil {
		return "", err
	}
	err = p.Wait(ctx)
	out := tail(p.Log())
	if err != nil {
		return out, fmt.Errorf("s2cd %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return out, nil
}

// tail returns the end of a log.
func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	const most = 2000
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(text)
}
