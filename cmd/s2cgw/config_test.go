// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodConfig = `listen: 127.0.0.1:9339
tls:
  certificate: DIR/server.pem
  key: DIR/server.key
  client_ca: DIR/ca.pem
  clients: ["spiffe://s2cd/daemon"]
state_dir: DIR/state
slots: {first: 51820, last: 51829}
wireguard_go: /usr/bin/wireguard-go
reconcile: 5s
log:
  format: json
  level: debug
`

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		old, new string
		says     []string // every one must be in the error; none: it loads
	}{
		"good":             {},
		"defaults":         {old: "reconcile: 5s\n", new: ""},
		"unknown key":      {"reconcile: 5s", "reconsile: 5s", []string{":10:", "reconsile"}},
		"unknown deep key": {"  level: debug", "  lvl: debug", []string{":13:", "lvl"}},
		"no such key":      {"reconcile: 5s", "socket_dir: /run/wg", []string{":10:", "socket_dir"}},
		"key twice":        {"reconcile: 5s", "reconcile: 5s\nreconcile: 6s", []string{":11:", "reconcile"}},
		"not YAML":         {"reconcile: 5s", "reconcile: [", []string{".yaml"}},
		"wrong type":       {"first: 51820", "first: many", []string{":8:", "cannot unmarshal string"}},
		"no listen":        {"listen: 127.0.0.1:9339\n", "", []string{"listen needs host:port"}},
		"listen":           {"127.0.0.1:9339", "nowhere", []string{":1: listen needs host:port"}},
		"relative state":   {"DIR/state", "state", []string{":7: state_dir", "no absolute path"}},
		"no certificate":   {"DIR/server.pem", "/nowhere.pem", []string{":3: tls.certificate cannot be read"}},
		"no client":        {`["spiffe://s2cd/daemon"]`, "[]", []string{":6: tls.clients is empty"}},
		"client no URI":    {"spiffe://s2cd/daemon", "daemon", []string{":6: tls.clients", "no URI"}},
		"slots reversed":   {"first: 51820", "first: 51830", []string{":8: slots first 51830"}},
		"slot 0":           {"first: 51820", "first: 0", []string{":8: slots"}},
		"too many slots":   {"first: 51820", "first: 1024", []string{":8: slots holds"}},
		"tables of others": {"reconcile: 5s", "tables: {first: 200, last: 300}", []string{":10: tables"}},
		"reconcile":        {"5s", "1ms", []string{":10: reconcile 1ms"}},
		"log format":       {"json", "xml", []string{":12: log.format"}},
		"log level":        {"debug", "loud", []string{":13: log.level"}},
		"all at once":      {"format: json\n  level: debug", "format: xml\n  level: loud", []string{"log.format", "log.level"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, f := range []string{"server.pem", "server.key", "ca.pem"} {
				if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			text := goodConfig
			if tc.old != "" {
				if !strings.Contains(text, tc.old) {
					t.Fatalf("%q is not in the good file", tc.old)
				}
				text = strings.Replace(text, tc.old, tc.new, 1)
			}
			path := filepath.Join(dir, "s2cgw.yaml")
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := loadConfig(path)
			if len(tc.says) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("it loads")
			}
			for _, s := range tc.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%v, want %q", err, s)
				}
			}
		})
	}
}
