// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/gateway/gatewaytest"
	"github.com/s2cd/s2cd/southbound"
	render "github.com/s2cd/s2cd/southbound/render/gateway"
)

// bench is an agent on a fake kernel behind real mutual TLS.
type bench struct {
	t      *testing.T
	dir    string // certificates and state
	kernel *gatewaytest.Kernel
	agent  *gateway.Agent
	addr   string
	client gpb.GNMIClient
	model  render.Model
	stop   func()
	stops  sync.Once
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), kernel: gatewaytest.NewKernel()}
	makeCerts(t, b.dir)
	b.start()
	t.Cleanup(func() { b.stops.Do(b.stop) })
	return b
}

// start starts an agent on what the state folder holds.
func (b *bench) start() {
	b.t.Helper()
	a, err := gateway.New(gateway.Config{
		StateDir: filepath.Join(b.dir, "state"), FirstSlot: 51820, LastSlot: 51829, Version: "test",
		Realiser: b.kernel, Prober: b.kernel.Prober(), Reconcile: time.Hour,
	})
	must(b.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	must(b.t, a.Start(ctx))
	conf, err := gateway.ServerTLS(b.file("server.pem"), b.file("server.key"), b.file("ca.pem"), []string{"spiffe://s2cd/daemon"})
	must(b.t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b.t, err)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(conf)))
	gpb.RegisterGNMIServer(server, gateway.NewServer(a))
	var wait sync.WaitGroup
	wait.Go(func() { _ = server.Serve(l) })
	wait.Go(func() { a.Run(ctx) })
	conn := b.dial(l.Addr().String(), "client")
	b.agent, b.client, b.addr = a, gpb.NewGNMIClient(conn), l.Addr().String()
	b.stop = func() {
		_ = conn.Close()
		server.Stop()
		cancel()
		wait.Wait()
	}
	b.stops = sync.Once{}
}

// restart ends the agent as a crash would, for what concerns its files, and starts another.
func (b *bench) restart() {
	b.t.Helper()
	b.stops.Do(b.stop)
	b.start()
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) dial(addr, who string) *grpc.ClientConn {
	b.t.Helper()
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()}
	ca, err := os.ReadFile(b.file("ca.pem"))
	must(b.t, err)
	conf.RootCAs.AppendCertsFromPEM(ca)
	if who != "" {
		pair, err := tls.LoadX509KeyPair(b.file(who+".pem"), b.file(who+".key"))
		must(b.t, err)
		conf.Certificates = []tls.Certificate{pair}
	}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(credentials.NewTLS(conf)))
	must(b.t, err)
	return conn
}

func (b *bench) get(kind gpb.GetRequest_DataType, paths ...*gpb.Path) []*gpb.Notification {
	b.t.Helper()
	resp, err := b.client.Get(b.t.Context(), &gpb.GetRequest{Path: paths, Type: kind, Encoding: gpb.Encoding_JSON_IETF})
	must(b.t, err)
	return resp.GetNotification()
}

func (b *bench) config() southbound.DeviceConfig {
	b.t.Helper()
	c, err := b.model.ParseConfig(b.get(gpb.GetRequest_CONFIG, b.model.ConfigPaths()...))
	must(b.t, err)
	return c
}

func (b *bench) observe() southbound.Observation {
	b.t.Helper()
	o, err := b.model.ParseState(b.get(gpb.GetRequest_STATE, b.model.StatePaths()...), time.Now())
	must(b.t, err)
	return o
}

// slotKeys are the public keys by port.
func (b *bench) slotKeys() map[uint16]string {
	out := map[uint16]string{}
	for _, s := range b.observe().Slots {
		out[s.Port] = s.PublicKey
	}
	return out
}

// set sends what turns the running configuration into want.
func (b *bench) set(want southbound.DeviceConfig, ext ...*extpb.Extension) error {
	b.t.Helper()
	req, err := b.model.Changes(b.config(), want, 1)
	must(b.t, err)
	if req == nil {
		req = &gpb.SetRequest{}
	}
	req.Extension = ext
	_, err = b.client.Set(b.t.Context(), req)
	return err
}

func (b *bench) send(ext ...*extpb.Extension) error {
	_, err := b.client.Set(b.t.Context(), &gpb.SetRequest{Extension: ext})
	return err
}

func commit(id string, wait time.Duration) *extpb.Extension {
	return &extpb.Extension{Ext: &extpb.Extension_Commit{Commit: &extpb.Commit{Id: id, Action: &extpb.Commit_Commit{
		Commit: &extpb.CommitRequest{RollbackDuration: durationpb.New(wait)},
	}}}}
}

func confirm(id string) *extpb.Extension {
	return &extpb.Extension{Ext: &extpb.Extension_Commit{Commit: &extpb.Commit{
		Id: id, Action: &extpb.Commit_Confirm{Confirm: &extpb.CommitConfirm{}},
	}}}
}

func cancel(id string) *extpb.Extension {
	return &extpb.Extension{Ext: &extpb.Extension_Commit{Commit: &extpb.Commit{
		Id: id, Action: &extpb.Commit_Cancel{Cancel: &extpb.CommitCancel{}},
	}}}
}

func prolong(id string, wait time.Duration) *extpb.Extension {
	return &extpb.Extension{Ext: &extpb.Extension_Commit{Commit: &extpb.Commit{
		Id: id, Action: &extpb.Commit_SetRollbackDuration{
			SetRollbackDuration: &extpb.CommitSetRollbackDuration{RollbackDuration: durationpb.New(wait)},
		},
	}}}
}

func election(high, low uint64) *extpb.Extension {
	return &extpb.Extension{Ext: &extpb.Extension_MasterArbitration{MasterArbitration: &extpb.MasterArbitration{
		ElectionId: &extpb.Uint128{High: high, Low: low},
	}}}
}

// vpn is a small VPN with one of everything.
func vpn(name string, i int) southbound.VRF {
	pfx := netip.MustParsePrefix
	tun := fmt.Sprintf("wg%d", i)
	return southbound.VRF{
		Name: name, Mark: southbound.Mark{Epoch: 1, VPN: "vpn-" + name},
		Attachments: []southbound.Attachment{{
			Port: "eth1", VLAN: uint16(100 + i), MTU: 1500, PoliceKbps: 20000, ShapeKbps: 10000, Description: "site",
			Addresses: []netip.Prefix{pfx("192.168.9.2/30"), pfx("fd00:9::2/64")},
		}},
		Tunnels: []southbound.Tunnel{{
			Name: tun, ListenPort: uint16(51820 + i), MTU: 1400, ClampMSS: true, KeepaliveSecs: 25, EgressKbps: 10000, IngressKbps: 10000,
			Addresses: []netip.Prefix{pfx("169.254.9.1/30")},
			Peer: southbound.Peer{
				PublicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", Endpoint: netip.MustParseAddrPort("198.51.100.7:51820"),
				AllowedIPs: []netip.Prefix{pfx("10.50.0.0/16"), pfx("fd00:50::/64")},
			},
		}},
		Routes: []southbound.StaticRoute{
			{Prefix: pfx("10.50.0.0/16"), Tunnel: tun},
			{Prefix: pfx("172.20.0.0/16"), NextHop: netip.MustParseAddr("192.168.9.1")},
			{Prefix: pfx("fd00:50::/64"), Tunnel: tun},
		},
		Probes: []southbound.Probe{{
			Name: "pe", Source: netip.MustParseAddr("192.168.9.2"), Target: netip.MustParseAddr("192.168.9.1"), IntervalMsec: 100, FullSize: 1500,
		}},
	}
}

func config(vrfs ...southbound.VRF) southbound.DeviceConfig {
	c := southbound.DeviceConfig{VRFs: slices.Clone(vrfs)}
	c.Normalize()
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeCerts writes a CA, a server, an allowed client and a stranger of the same CA.
func makeCerts(t *testing.T, dir string) {
	t.Helper()
	ca, caKey := writeCert(t, dir, "ca", "", nil, nil)
	writeCert(t, dir, "server", "spiffe://s2cd/gateway", ca, caKey)
	writeCert(t, dir, "client", "spiffe://s2cd/daemon", ca, caKey)
	writeCert(t, dir, "stranger", "spiffe://s2cd/other", ca, caKey)
	writeCert(t, dir, "foreign", "spiffe://s2cd/daemon", nil, nil)
}

func writeCert(t *testing.T, dir, name, uri string, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if uri != "" {
		u, err := url.Parse(uri)
		must(t, err)
		c.URIs = []*url.URL{u}
	}
	if parent == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	must(t, err)
	pkcs, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs}), 0o600))
	out, err := x509.ParseCertificate(der)
	must(t, err)
	return out, key
}
