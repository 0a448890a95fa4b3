// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fileConfig is the configuration file.
type fileConfig struct {
	Listen      string        `yaml:"listen"`       // address of the gNMI server
	TLS         tlsConfig     `yaml:"tls"`          //
	StateDir    string        `yaml:"state_dir"`    // keys, fence, confirmed configuration; 0700
	Namespace   string        `yaml:"namespace"`    // network namespace of the data plane; empty: the process's own
	Slots       portRange     `yaml:"slots"`        // UDP ports for tunnels
	Tables      portRange     `yaml:"tables"`       // routing tables for VRFs
	WireGuardGo string        `yaml:"wireguard_go"` // used where the kernel has no WireGuard
	Reconcile   time.Duration `yaml:"reconcile"`    // how often the kernel is compared
	Log         logConfig     `yaml:"log"`
}

type tlsConfig struct {
	Certificate string   `yaml:"certificate"` // PEM files
	Key         string   `yaml:"key"`
	ClientCA    string   `yaml:"client_ca"`
	Clients     []string `yaml:"clients"` // SAN URIs that may connect
}

type portRange struct {
	First int `yaml:"first"`
	Last  int `yaml:"last"`
}

type logConfig struct {
	Format string `yaml:"format"` // text or json
	Level  string `yaml:"level"`  // debug, info, warn, error
}

// loadConfig reads the file strictly: an unknown key, a wrong type or a bad
// value is refused with file, line and reason, all bad values at once.
func loadConfig(path string) (fileConfig, error) {
	cfg := fileConfig{
		StateDir: "/var/lib/s2cgw", Slots: portRange{51820, 51919}, Tables: portRange{10000, 19999},
		Reconcile: 10 * time.Second, Log: logConfig{"text", "info"},
	}
	b, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return cfg, fmt.Errorf("configuration: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict(), yaml.DisallowUnknownField())
	if err := dec.Decode(&cfg); err != nil {
		return cfg, decodeFault(path, err)
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return cfg, decodeFault(path, err)
	}
	v := &validator{path: path, file: file}
	v.all(cfg)
	return cfg, errors.Join(v.faults...)
}

func decodeFault(path string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return fmt.Errorf("%s:%d: %s", path, at.GetToken().Position.Line, at.GetMessage())
	}
	return fmt.Errorf("%s: %w", path, err)
}

// validator collects faults with the line they are on.
type validator struct {
	path   string
	file   *ast.File
	faults []error
}

// fault names the key's line, or the file where the key is missing.
func (v *validator) fault(key, format string, args ...any) {
	where := v.path
	if p, err := yaml.PathString("$." + key); err == nil {
		if node, err := p.FilterFile(v.file); err == nil && node.GetToken() != nil {
			where = fmt.Sprintf("%s:%d", v.path, node.GetToken().Position.Line)
		}
	}
	v.faults = append(v.faults, fmt.Errorf("%s: %s %s", where, key, fmt.Sprintf(format, args...)))
}

func (v *validator) all(cfg fileConfig) {
	if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
		v.fault("listen", "needs host:port, for example 192.0.2.10:9339")
	}
	v.absolute("state_dir", cfg.StateDir, true)
	v.absolute("wireguard_go", cfg.WireGuardGo, false)
	v.file1("tls.certificate", cfg.TLS.Certificate)
	v.file1("tls.key", cfg.TLS.Key)
	v.file1("tls.client_ca", cfg.TLS.ClientCA)
	if len(cfg.TLS.Clients) == 0 {
		v.fault("tls.clients", "is empty: name the SAN URIs that may connect")
	}
	for _, c := range cfg.TLS.Clients {
		if u, err := url.Parse(c); err != nil || u.Scheme == "" {
			v.fault("tls.clients", "%q is no URI", c)
		}
	}
	v.rangeOf("slots", cfg.Slots, 1, 65535, 4096)
	v.rangeOf("tables", cfg.Tables, 256, 1<<31-1, 1<<20)
	if cfg.Reconcile < time.Second || cfg.Reconcile > time.Hour {
		v.fault("reconcile", "%s is not within 1s and 1h", cfg.Reconcile)
	}
	if cfg.Log.Format != "text" && cfg.Log.Format != "json" {
		v.fault("log.format", "%q is neither text nor json", cfg.Log.Format)
	}
	if _, err := levelOf(cfg.Log.Level); err != nil {
		v.fault("log.level", "%q is none of debug, info, warn, error", cfg.Log.Level)
	}
}

func (v *validator) absolute(key, path string, needed bool) {
	if path == "" && !needed {
		return
	}
	if !filepath.IsAbs(path) {
		v.fault(key, "%q is no absolute path", path)
	}
}

// file1 wants one readable file.
func (v *validator) file1(key, path string) {
	if path == "" {
		v.fault(key, "is missing")
		return
	}
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		v.fault(key, "cannot be read: %v", err)
		return
	}
	_ = f.Close()
}

func (v *validator) rangeOf(key string, r portRange, low, high, most int) {
	switch {
	case r.First < low || r.Last > high || r.Last < r.First:
		v.fault(key, "first %d and last %d must be within %d and %d, lowest first", r.First, r.Last, low, high)
	case r.Last-r.First >= most:
		v.fault(key, "holds %d, at most %d are possible", r.Last-r.First+1, most)
	}
}
