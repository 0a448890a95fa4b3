// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// validate finds what a single value cannot show.
func (l *loader) validate() {
	l.validateAPI()
	l.validateAdmin()
	l.validateAuth()
	l.validateDev()
	l.validateDevices("devices", l.cfg.Devices)
	if g := l.cfg.Gateways.Devices(l.cfg.Devices); g != l.cfg.Devices {
		l.validateGateways(g)
	}
	l.validateTimes()
	l.validatePorts()
	l.validateWebhook()
}

func (l *loader) validateAPI() {
	api := l.cfg.API
	host, ok := l.hostPort("api.listen", api.Listen)
	switch {
	case api.TLS.Cert != "" && api.TLS.Key == "":
		l.fault("api.tls.cert", "a certificate needs its key: set api.tls.key")
	case api.TLS.Cert == "" && api.TLS.Key != "":
		l.fault("api.tls.key", "a key needs its certificate: set api.tls.cert")
	case ok && !api.TLS.Enabled() && !isLoopback(host):
		l.fault("api.listen", "%s is not a loopback address: set api.tls", host)
	}
	if api.PublicURL == "" {
		return
	}
	u, ok := l.url("api.publicUrl", api.PublicURL)
	if ok && api.TLS.Enabled() && u.Scheme != "https" {
		l.fault("api.publicUrl", "must be an https URL when api.tls is set")
	}
}

func (l *loader) validateAdmin() {
	if path, isUnix := strings.CutPrefix(l.cfg.Admin.Listen, "unix:"); isUnix {
		const most = 107 // sun_path, unix(7)
		if path == "" || len(path) > most {
			l.fault("admin.listen", "want unix: and a path of 1 to %d bytes", most)
		}
		return
	}
	l.loopback("admin.listen", l.cfg.Admin.Listen)
}

func (l *loader) validateAuth() {
	auth := l.cfg.Auth
	switch {
	case auth.Issuer != "":
		if u, ok := l.url("auth.issuer", auth.Issuer); ok && u.Scheme != "https" && !isLoopback(u.Hostname()) {
			l.fault("auth.issuer", "must be an https URL unless it is on loopback")
		}
		if auth.Audience == "" {
			l.fault("auth.audience", "missing: tokens of %s must name who they are for", auth.Issuer)
		}
	case len(l.cfg.Dev.Clients) == 0:
		l.fault("auth.issuer", "missing: whose tokens shall the API take?")
	}
}

func (l *loader) validateDev() {
	l.loopback("dev.listen", l.cfg.Dev.Listen)
	seen := map[string]int{}
	for i, c := range l.cfg.Dev.Clients {
		at := fmt.Sprintf("dev.clients[%d]", i)
		if first, twice := seen[c.ID]; twice && c.ID != "" {
			l.fault(at+".id", "%q is dev.clients[%d] already", c.ID, first)
		} else {
			seen[c.ID] = i
		}
		if (c.Secret == "") == (c.SecretFile == "") {
			l.fault(at, "want one of secret and secretFile")
		}
	}
}

func (l *loader) validateDevices(path string, d Devices) {
	l.validateMutual(path, d)
	t := d.Defaults
	if t.LeaseTTL <= t.RPCTimeout {
		l.fault(path+".defaults.leaseTtl", "must be longer than rpcTimeout (%s)", t.RPCTimeout)
	}
	if least := t.LeaseTTL + t.RPCTimeout; t.Rollback <= least {
		l.fault(path+".defaults.rollback", "must be longer than leaseTtl and rpcTimeout together (%s)", least)
	}
}

// validateGateways is validateDevices for those that have one time of their own.
func (l *loader) validateGateways(g Devices) {
	l.validateMutual("gateways", g)
	t := g.Defaults
	if t.LeaseTTL <= t.RPCTimeout || t.Rollback <= t.LeaseTTL+t.RPCTimeout {
		l.fault("gateways.defaults.rpcTimeout", "must be shorter than leaseTtl of devices (%s) and, with it, than rollback (%s)", t.LeaseTTL, t.Rollback)
	}
}

func (l *loader) validateMutual(path string, d Devices) {
	for _, f := range []struct{ key, value string }{{"ca", d.CA}, {"cert", d.Cert}, {"key", d.Key}} {
		if f.value == "" {
			l.fault(path+"."+f.key, "missing: devices are spoken to over mutual TLS only")
		}
	}
}

func (l *loader) validateTimes() {
	t := l.cfg.Telemetry
	if t.StaleAfter < 2*t.Interval {
		l.fault("telemetry.staleAfter", "must be at least twice the interval (%s)", t.Interval)
	}
	if l.cfg.Webhook.Timeout > l.cfg.Webhook.MaxAge {
		l.fault("webhook.timeout", "must not be longer than maxAge (%s)", l.cfg.Webhook.MaxAge)
	}
}

// validatePorts finds two listeners on one address.
func (l *loader) validatePorts() {
	type listener struct{ path, address string }
	all := []listener{{"api.listen", l.cfg.API.Listen}, {"admin.listen", l.cfg.Admin.Listen}, {"dev.listen", l.cfg.Dev.Listen}}
	for i, a := range all {
		for _, b := range all[:i] {
			if a.address != "" && a.address == b.address && !strings.HasSuffix(a.address, ":0") {
				l.fault(a.path, "%s is taken by %s", a.address, b.path)
			}
		}
	}
}

// hostPort checks a listen address and returns its host.
func (l *loader) hostPort(path, address string) (string, bool) {
	if address == "" {
		return "", false // said already
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		l.fault(path, "want host:port, got %q", address)
		return "", false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		l.fault(path, "want a port from 0 to 65535, got %q", port)
		return "", false
	}
	return host, true
}

func (l *loader) loopback(path, address string) {
	if address == "" {
		l.fault(path, "must not be empty")
		return
	}
	if host, ok := l.hostPort(path, address); ok && !isLoopback(host) {
		l.fault(path, "must be a loopback address, got %q", cmp.Or(host, "every address"))
	}
}

func (l *loader) url(path, text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		l.fault(path, "want an http or https URL")
		return nil, false
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.fault(path, "must have no user, query or fragment")
		return nil, false
	}
	return u, true
}

// isLoopback does not resolve names: only the one that RFC 6761 reserves counts.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
