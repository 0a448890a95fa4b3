// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/s2cd/s2cd/internal/config"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/southbound/gnmi"
	"github.com/s2cd/s2cd/southbound/render/gateway"
	"github.com/s2cd/s2cd/southbound/render/openconfig"
	"github.com/s2cd/s2cd/topology"
)

// connectDevices makes a driver for every managed node. Nothing is dialled: a
// device that does not answer is a state of that device.
func (d *daemon) connectDevices(ctx context.Context) error {
	d.turns = provision.NewTurns(ctx, max(1, d.cores/2), d.requests.Most, d.giveWay)
	for _, n := range d.inventory.Network.Nodes {
		if n.Management == "" {
			continue
		}
		settings := d.cfg.Devices
		if n.Role == topology.Gateway {
			settings = d.cfg.Gateways.Devices(d.cfg.Devices)
		}
		c, err := d.deviceConfig(ctx, n, settings)
		if err != nil {
			return fmt.Errorf("device %s: %w", n.Name, err)
		}
		c.Model = paced{c.Model, d.turns}
		driver, err := gnmi.New(c)
		if err != nil {
			return fmt.Errorf("device %s: %w", n.Name, err)
		}
		d.closers = append(d.closers, driver)
		d.devices = append(d.devices, provision.Device{Name: n.Name, Gateway: n.Role == topology.Gateway, Driver: d.metrics.driver(string(n.Name), driver)})
	}
	return nil
}

func (d *daemon) deviceConfig(ctx context.Context, n topology.Node, settings config.Devices) (gnmi.Config, error) {
	c := gnmi.Config{
		Device: string(n.Name), Address: n.Management, Target: string(n.Name), Timeout: settings.Defaults.RPCTimeout,
		Rollback: settings.Defaults.Rollback, Now: d.now, Logger: d.log,
	}
	var err error
	if c.TLS, err = deviceTLS(n, settings); err != nil {
		return c, err
	}
	if n.Role == topology.Gateway {
		c.Model = gateway.Model{}
		return c, nil
	}
	platform, ok := openconfig.LookupPlatform(n.Platform)
	if !ok {
		return c, fmt.Errorf("platform %q is not known", n.Platform)
	}
	c.Origin = "openconfig"
	c.Model, err = openconfig.New(openconfig.Config{
		AS: d.inventory.Network.AS, Platform: platform,
		Secret: func(ref string) (string, error) { return d.store.Secret(ctx, ref) },
	})
	return c, err
}

// deviceTLS says who the daemon is to a device and whom it expects to meet.
func deviceTLS(n topology.Node, settings config.Devices) (gnmi.TLS, error) {
	t := gnmi.TLS{Certificate: func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(settings.Cert, settings.Key)
		if err != nil {
			return nil, fmt.Errorf("own certificate: %w", err)
		}
		return &pair, nil
	}}
	pem, err := os.ReadFile(settings.CA)
	if err != nil {
		return t, fmt.Errorf("device CA: %w", err)
	}
	t.Roots = x509.NewCertPool()
	if !t.Roots.AppendCertsFromPEM(pem) {
		return t, fmt.Errorf("device CA %s holds no certificate", settings.CA)
	}
	if strings.Contains(n.Identity, "://") {
		t.ServerURI = n.Identity
	} else {
		t.ServerDNS = n.Identity
	}
	if n.PinSHA256 != "" {
		if t.SPKISHA256, err = hex.DecodeString(n.PinSHA256); err != nil {
			return t, fmt.Errorf("key pin: %w", err)
		}
	}
	return t, nil
}
