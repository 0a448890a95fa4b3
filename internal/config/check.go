// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/s2cd/s2cd/internal/inventory"
)

// SealKeySize is the length of the store's sealing key in bytes.
const SealKeySize = 32

// Check does what Load does, and opens every file that is named: certificates
// match their keys and are valid at now, secrets are readable by their owner
// alone, the inventory loads. The error holds everything that is wrong.
func Check(path string, environ []string, now time.Time) error {
	l, err := load(path, environ)
	if err != nil {
		return err
	}
	c := &checker{loader: l, now: now}
	c.pair("api.tls", l.cfg.API.TLS.Cert, l.cfg.API.TLS.Key, x509.ExtKeyUsageServerAuth)
	c.devices("devices", l.cfg.Devices)
	if g := l.cfg.Gateways.Devices(l.cfg.Devices); g != l.cfg.Devices {
		c.devices("gateways", g)
	}
	c.roots("webhook.caFile", l.cfg.Webhook.CAFile)
	c.roots("auth.caFile", l.cfg.Auth.CAFile)
	c.secrets()
	c.keyFiles()
	c.folder("store.path", l.cfg.Store.Path)
	clients, invErr := c.inventory()
	if invErr == nil && clients != nil {
		c.devClients(clients)
	}
	return errors.Join(l.err(), invErr)
}

// checker adds what is wrong with the files that a Config names.
type checker struct {
	*loader
	now time.Time
}

func (c *checker) devices(path string, d Devices) {
	c.roots(path+".ca", d.CA)
	c.pair(path, d.Cert, d.Key, x509.ExtKeyUsageClientAuth)
}

// pair checks a certificate and its key.
func (c *checker) pair(path, cert, key string, usage x509.ExtKeyUsage) {
	if cert == "" || key == "" {
		return // said by Load where it matters
	}
	okKey := c.private(path+".key", key)
	if !c.readable(path+".cert", cert) || !okKey {
		return
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		c.fault(path+".cert", "%s with %s: %s", cert, key, plain(err))
		return
	}
	leaf := pair.Leaf
	switch {
	case c.now.After(leaf.NotAfter):
		c.fault(path+".cert", "%s expired at %s", cert, leaf.NotAfter.Format(time.RFC3339))
	case c.now.Before(leaf.NotBefore):
		c.fault(path+".cert", "%s is not valid before %s", cert, leaf.NotBefore.Format(time.RFC3339))
	}
	if len(leaf.ExtKeyUsage) == 0 {
		return
	}
	for _, u := range leaf.ExtKeyUsage {
		if u == usage || u == x509.ExtKeyUsageAny {
			return
		}
	}
	side := map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "server", x509.ExtKeyUsageClientAuth: "client"}[usage]
	c.fault(path+".cert", "%s is not a certificate for a TLS %s", cert, side)
}

func (c *checker) roots(path, file string) {
	if file == "" || !c.readable(path, file) {
		return
	}
	data, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		c.fault(path, "%s", plain(err))
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		c.fault(path, "%s holds no certificate in PEM", file)
	}
}

func (c *checker) secrets() {
	for i, client := range c.cfg.Dev.Clients {
		path := fmt.Sprintf("dev.clients[%d].secretFile", i)
		if client.SecretFile == "" || !c.private(path, client.SecretFile) {
			continue
		}
		if _, err := client.ReadSecret(); err != nil {
			c.fault(path, "%s", plain(err))
		}
	}
	if file := c.cfg.Store.SealKeyFile; file != "" && c.private("store.sealKeyFile", file) {
		if _, err := c.cfg.Store.ReadSealKey(); err != nil {
			c.fault("store.sealKeyFile", "%s", plain(err))
		}
	}
}

// folder checks that a file can be made where it will be.
func (c *checker) folder(path, file string) {
	if file == "" {
		return
	}
	dir := filepath.Dir(file)
	if info, err := os.Stat(dir); err != nil {
		c.fault(path, "%s", plain(err))
	} else if !info.IsDir() {
		c.fault(path, "%s is not a folder", dir)
	}
}

// inventory returns the tenants' clients; nil where no inventory is named.
func (c *checker) inventory() (map[string]bool, error) {
	file := c.cfg.Inventory.File
	if file == "" || !c.readable("inventory.file", file) {
		return nil, nil
	}
	inv, err := inventory.Load(file)
	if err != nil {
		return nil, err
	}
	clients := map[string]bool{}
	for _, t := range inv.Tenants {
		for _, id := range t.Clients {
			clients[id] = true
		}
	}
	return clients, nil
}

// devClients finds clients whose tokens would be nobody's.
func (c *checker) devClients(known map[string]bool) {
	for i, client := range c.cfg.Dev.Clients {
		if !known[client.ID] {
			c.fault(fmt.Sprintf("dev.clients[%d].id", i), "no tenant of the inventory has the client %q", client.ID)
		}
	}
}

func (c *checker) readable(path, file string) bool {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		c.fault(path, "%s", plain(err))
		return false
	case info.IsDir():
		c.fault(path, "%s is a folder", file)
		return false
	}
	return true
}

// private is readable for a file that nobody but its owner may read.
func (c *checker) private(path, file string) bool {
	if !c.readable(path, file) {
		return false
	}
	if err := ownerOnly(file); err != nil {
		c.fault(path, "%s", plain(err))
		return false
	}
	return true
}

// ownerOnly refuses a secret that others may read.
func ownerOnly(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s is open to others (mode %04o): chmod 600 it", file, mode)
	}
	return nil
}

// ReadSecret returns the client's secret, from its file if it has one.
func (c DevClient) ReadSecret() (Secret, error) {
	if c.SecretFile == "" {
		return c.Secret, nil
	}
	text, err := readPrivate(c.SecretFile)
	if err == nil && text == "" {
		err = fmt.Errorf("%s is empty", c.SecretFile)
	}
	return Secret(text), err
}

// ReadSealKey returns the key that the store seals secrets with.
func (s Store) ReadSealKey() ([]byte, error) { return readKey(s.SealKeyFile) }

func readPrivate(file string) (string, error) {
	if err := ownerOnly(file); err != nil {
		return "", err
	}
	data, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// plain shortens an error of the file system to file and cause.
func plain(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}
