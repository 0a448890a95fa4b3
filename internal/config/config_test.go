// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/config"
)

// good is a file without faults; tests change one line of it.
const good = `api:
  listen: 0.0.0.0:8443
  tls: {cert: api.pem, key: api.key}
admin:
  listen: 127.0.0.1:9441
auth:
  issuer: https://login.example.com/realm
  audience: s2cd
dev:
  listen: "[::1]:9442"
  clients:
    - {id: one, secretFile: one.secret}
    - {id: two, secret: hush-hush}
store:
  path: s2cd.db
  sealKeyFile: /etc/s2cd/seal.key
inventory:
  file: inventory.yaml
devices:
  ca: ca.pem
  cert: c.pem
  key: c.key
  defaults: {rpcTimeout: 5s, leaseTtl: 20s, rollback: 90s}
webhook:
  allowPrefixes: [10.0.0.0/8, "fd00::/8"]
provision:
  observeOnly: false
  brakes: {changesPerMinute: 40}
telemetry:
  interval: 2s
log:
  level: warn
`

func TestParseGood(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("/etc/s2cd/s2cd.yaml", []byte(good), nil)
	if err != nil {
		t.Fatal(err)
	}
	type want struct {
		Cert, Seal, Admin, Level, Format, Secret string
		Changes                                  int
		Interval, StaleAfter, GatewayTimeout     time.Duration
		GatewayCA                                string
		Prefixes                                 int
	}
	got := want{
		c.API.TLS.Cert, c.Store.SealKeyFile, c.Admin.Listen, c.Log.Level, c.Log.Format, string(c.Dev.Clients[1].Secret),
		c.Provision.Brakes.ChangesPerMinute, c.Telemetry.Interval, c.Telemetry.StaleAfter, c.Gateways.Defaults.RPCTimeout,
		c.Gateways.CA, len(c.Webhook.AllowPrefixes),
	}
	expect := want{
		"/etc/s2cd/api.pem", "/etc/s2cd/seal.key", "127.0.0.1:9441", "warn", "json", "hush-hush",
		40, 2 * time.Second, 10 * time.Second, 5 * time.Second, "/etc/s2cd/ca.pem", 2,
	}
	if diff := cmp.Diff(expect, got); diff != "" {
		t.Error(diff)
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, "hush-hush") {
		t.Error("a printed configuration shows a secret")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		old, new string
		want     []string
	}{
		"unknown key":            {"  level: warn", "  level: warn\n  colour: red", []string{"33:3: log.colour: unknown key, allowed: format, level"}},
		"unknown section":        {"log:\n  level: warn", "logs:\n  level: warn", []string{"31:1: logs: unknown key, allowed: admin, api, auth, dev, devices, gateways, inventory, log, provision, store, telemetry, webhook"}},
		"key in wrong case":      {"sealKeyFile", "seal_key_file", []string{"14:1: store.sealKeyFile: missing", "16:3: store.seal_key_file: unknown key, meant sealKeyFile?"}},
		"key given twice":        {"  level: warn", "  level: warn\n  level: info", []string{"33:3: log.level: key given twice"}},
		"text for number":        {"changesPerMinute: 40", "changesPerMinute: many", []string{`28:30: provision.brakes.changesPerMinute: want a whole number, got "many"`}},
		"number out of range":    {"changesPerMinute: 40", "changesPerMinute: 0", []string{"28:30: provision.brakes.changesPerMinute: out of range 1 to 100000"}},
		"negative number":        {"changesPerMinute: 40", "changesPerMinute: -1", []string{"28:30: provision.brakes.changesPerMinute: out of range 1 to 100000"}},
		"number for text":        {"audience: s2cd", "audience: 12", []string{"8:13: auth.audience: want text, got a number: put it in quotes"}},
		"list for mapping":       {"log:\n  level: warn", "log: [warn]", []string{"31:1: log: want a mapping, got a list"}},
		"text for mapping":       {"log:\n  level: warn", "log: warn", []string{"31:6: log: want a mapping, got text"}},
		"mapping for list":       {"allowPrefixes: [10.0.0.0/8, \"fd00::/8\"]", "allowPrefixes: {a: b}", []string{"25:3: webhook.allowPrefixes: want a list, got a mapping"}},
		"nothing for section":    {"log:\n  level: warn", "log:", []string{"31:1: log: want a mapping, got nothing"}},
		"bad duration":           {"interval: 2s", "interval: 2 seconds", []string{`30:13: telemetry.interval: want a duration like 1h30m or 7d, got "2 seconds"`}},
		"duration too short":     {"interval: 2s", "interval: 1ms", []string{"30:13: telemetry.interval: must be at least 100ms"}},
		"bad level":              {"level: warn", "level: loud", []string{`32:10: log.level: want one of debug, info, warn, error, got "loud"`}},
		"bad boolean":            {"observeOnly: false", "observeOnly: maybe", []string{`27:16: provision.observeOnly: want true or false, got "maybe"`}},
		"bad prefix":             {"10.0.0.0/8", "10.0.0.0/33", []string{`25:19: webhook.allowPrefixes[0]: want an IP prefix like 192.0.2.1/30, got "10.0.0.0/33"`}},
		"prefix with host bits":  {"10.0.0.0/8", "10.0.0.1/8", []string{"25:19: webhook.allowPrefixes[0]: has host bits set, meant 10.0.0.0/8?"}},
		"listen without port":    {"listen: 0.0.0.0:8443", "listen: 0.0.0.0", []string{`2:11: api.listen: want host:port, got "0.0.0.0"`}},
		"listen port too large":  {"listen: 0.0.0.0:8443", "listen: 0.0.0.0:84430", []string{`2:11: api.listen: want a port from 0 to 65535, got "84430"`}},
		"no tls off loopback":    {"  tls: {cert: api.pem, key: api.key}\n", "", []string{"2:11: api.listen: 0.0.0.0 is not a loopback address: set api.tls"}},
		"certificate, no key":    {"tls: {cert: api.pem, key: api.key}", "tls: {cert: api.pem}", []string{"3:15: api.tls.cert: a certificate needs its key: set api.tls.key"}},
		"admin off loopback":     {"listen: 127.0.0.1:9441", "listen: :9441", []string{`5:11: admin.listen: must be a loopback address, got "every address"`}},
		"admin socket, no path":  {"listen: 127.0.0.1:9441", "listen: \"unix:\"", []string{"5:11: admin.listen: want unix: and a path of 1 to 107 bytes"}},
		"dev off loopback":       {`listen: "[::1]:9442"`, "listen: 192.0.2.1:9442", []string{`10:11: dev.listen: must be a loopback address, got "192.0.2.1"`}},
		"dev client twice":       {"id: two", "id: one", []string{`13:12: dev.clients[1].id: "one" is dev.clients[0] already`}},
		"dev client, no secret":  {", secret: hush-hush", "", []string{"13:7: dev.clients[1]: want one of secret and secretFile"}},
		"issuer not https":       {"issuer: https://", "issuer: http://", []string{"7:11: auth.issuer: must be an https URL unless it is on loopback"}},
		"issuer no URL":          {"issuer: https://login.example.com/realm", "issuer: login", []string{"7:11: auth.issuer: want an http or https URL"}},
		"no audience":            {"  audience: s2cd\n", "", []string{"6:1: auth.audience: missing: tokens of https://login.example.com/realm must name who they are for"}},
		"public URL not https":   {"admin:", "  publicUrl: http://api.example.com\nadmin:", []string{"4:14: api.publicUrl: must be an https URL when api.tls is set"}},
		"no device key":          {"  key: c.key\n", "", []string{"19:1: devices.key: missing: devices are spoken to over mutual TLS only"}},
		"lease too short":        {"leaseTtl: 20s", "leaseTtl: 5s", []string{"23:40: devices.defaults.leaseTtl: must be longer than rpcTimeout (5s)"}},
		"rollback too short":     {"rollback: 90s", "rollback: 25s", []string{"23:55: devices.defaults.rollback: must be longer than leaseTtl and rpcTimeout together (25s)"}},
		"stale before two looks": {"interval: 2s", "interval: 6s", []string{"29:1: telemetry.staleAfter: must be at least twice the interval (6s)"}},
		"gateway slower than the lease": {"webhook:", "gateways:\n  defaults: {rpcTimeout: 20s}\nwebhook:", []string{
			"25:26: gateways.defaults.rpcTimeout: must be shorter than leaseTtl of devices (20s) and, with it, than rollback (1m30s)",
		}},
		"lease of a gateway":  {"webhook:", "gateways:\n  defaults: {leaseTtl: 20s}\nwebhook:", []string{"25:14: gateways.defaults.leaseTtl: unknown key, allowed: rpcTimeout"}},
		"tenant of a client":  {"{id: two,", "{id: two, tenant: t2,", []string{"13:17: dev.clients[1].tenant: unknown key, allowed: id, secret, secretFile"}},
		"workers":             {"observeOnly: false", "workers: 4", []string{"27:3: provision.workers: unknown key, allowed: brakes, observeOnly"}},
		"share of moves":      {"changesPerMinute: 40", "moveShare: 20%", []string{"28:12: provision.brakes.moveShare: unknown key, allowed: changesPerMinute, deletionsPerMinute"}},
		"verify for":          {"interval: 2s", "verifyFor: 2s", []string{"30:3: telemetry.verifyFor: unknown key, allowed: interval, keepFor, probeEvery, staleAfter"}},
		"claim of the tenant": {"audience: s2cd", "audience: s2cd\n  tenantClaim: t", []string{"9:3: auth.tenantClaim: unknown key, allowed: audience, caFile, issuer, keepKeys, leeway"}},
		"two on one port":     {"listen: \"[::1]:9442\"", "listen: 127.0.0.1:9441", []string{"10:11: dev.listen: 127.0.0.1:9441 is taken by admin.listen"}},
		"no store":            {"store:\n  path: s2cd.db\n  sealKeyFile: /etc/s2cd/seal.key\n", "", []string{"1:1: store: missing"}},
		"empty inventory":     {"file: inventory.yaml", `file: ""`, []string{"18:9: inventory.file: must not be empty"}},
		"not YAML":            {"log:\n", "log: [\n", []string{"31:6: not valid YAML: sequence end token ']' not found"}},
		"tab":                 {"  level: warn", "\tlevel: warn", []string{"32:1: not valid YAML: found character '\t' that cannot start any token"}},
		"anchor":              {"log:\n", "log: &a\n", []string{"31:6: anchors, aliases, tags, merge keys, complex keys and directives are not allowed"}},
		"tag":                 {"level: warn", "level: !!str warn", []string{"32:10: anchors, aliases, tags, merge keys, complex keys and directives are not allowed"}},
		"second document":     {"log:\n", "---\nlog:\n", []string{"32:1: a second document is not allowed"}},
		"not UTF-8":           {"warn", "w\xff", []string{" not UTF-8"}},
		"several at once": {"observeOnly: false", "observeOnly: x\n  brake: 1", []string{
			`27:16: provision.observeOnly: want true or false, got "x"`, "28:3: provision.brake: unknown key, allowed: brakes, observeOnly",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(good, tc.old) < 1 {
				t.Fatalf("%q is not in the file", tc.old)
			}
			_, err := config.Parse("f", []byte(strings.Replace(good, tc.old, tc.new, 1)), nil)
			checkFaults(t, err, tc.want)
		})
	}
}

func checkFaults(t *testing.T, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	for i := range want {
		want[i] = "f:" + want[i]
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(err.Error(), "hush") {
		t.Error("a secret is shown")
	}
}

func TestSecretsAreNotEchoed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"wrong type":   strings.Replace(good, "secret: hush-hush", "secret: [hush-hush]", 1),
		"number":       strings.Replace(good, "secret: hush-hush", "secret: 123987", 1),
		"misplaced":    strings.Replace(good, "dev:", "dev: hush-hush\nother:", 1),
		"broken quote": strings.Replace(good, "secret: hush-hush", `secret: "hush-hush`, 1),
		"bad escape":   strings.Replace(good, "secret: hush-hush", `secret: "hush-hush\q"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("f", []byte(text), nil)
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range []string{"hush", "123987"} {
				if strings.Contains(err.Error(), s) {
					t.Errorf("shows the secret: %v", err)
				}
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("/d/f", []byte(good), []string{
		"S2CD_LOG_LEVEL=debug", "S2CD_DEVICES_DEFAULTS_RPC_TIMEOUT=3s", "S2CD_WEBHOOK_ALLOW_PREFIXES=192.0.2.0/24, 198.51.100.0/24",
		"S2CD_STORE_PATH=other.db", "S2CD_ADMIN_LISTEN=unix:run/admin", "S2CD_SERVICE_HOST=ignored", "PATH=/bin", "S2CD_PROVISION_OBSERVE_ONLY=true",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Log.Level, c.Devices.Defaults.RPCTimeout, len(c.Webhook.AllowPrefixes), c.Store.Path, c.Admin.Listen, c.Provision.ObserveOnly}
	want := []any{"debug", 3 * time.Second, 2, "/d/other.db", "unix:/d/run/admin", true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentFaults(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("f", []byte(good), []string{
		"S2CD_LOG_LEVEL=loud", "S2CD_LOG_COLOUR=red", "S2CD_API_LISTEN=nowhere", "S2CD_DEVICES_DEFAULTS_LEASE_TTL=1s",
	})
	want := `environment: S2CD_LOG_LEVEL: want one of debug, info, warn, error, got "loud"
environment: S2CD_LOG_COLOUR: unknown variable
environment: S2CD_API_LISTEN: want host:port, got "nowhere"
environment: S2CD_DEVICES_DEFAULTS_LEASE_TTL: must be longer than rpcTimeout (5s)`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	loaded := 0
	for _, f := range files {
		if strings.HasSuffix(f, "inventory.yaml") {
			continue
		}
		loaded++
		if _, err := config.Load(f, nil); err != nil {
			t.Errorf("%v", err)
		}
	}
	if loaded == 0 {
		t.Error("no examples found")
	}
}

func TestLoadMissingFile(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("api: {listen: [a, {b: c}], tls:\n  - x: |\n      y"))
	f.Add([]byte("? a\n: b"))
	lab, err := os.ReadFile("../../examples/lab.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(lab)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("f", data, []string{"S2CD_LOG_LEVEL=" + strings.ToValidUTF8(string(data), "")})
		if (c == nil) == (err == nil) {
			t.Errorf("configuration %v with error %v", c, err)
		}
		_, _ = config.Parse("f", data, nil)
	})
}
