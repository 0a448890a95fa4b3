// SPDX-License-Identifier: Apache-2.0

//go:build kernellab

package main

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
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/s2cd/s2cd/southbound"
	render "github.com/s2cd/s2cd/southbound/render/gateway"
)

// TestMain lets the test binary be the agent too: it is killed and started again.
func TestMain(m *testing.M) {
	if path := os.Getenv("S2CGW_RUN"); path != "" {
		os.Args = []string{"s2cgw", "--config", path}
		main()
		return
	}
	os.Exit(m.Run())
}

// agentProc is a real s2cgw process and a client of it.
type agentProc struct {
	t      *testing.T
	dir    string
	listen string
	cmd    *exec.Cmd
	client gpb.GNMIClient
	fence  uint64
	model  render.Model
}

func newAgentProc(t *testing.T, wireguard string) *agentProc {
	dir := t.TempDir()
	conf := writeCerts(t, dir)
	a := &agentProc{t: t, dir: dir, listen: "127.0.0.1:19339", fence: 1}
	text := fmt.Sprintf(`listen: %s
tls:
  certificate: %[2]s/server.pem
  key: %[2]s/server.key
  client_ca: %[2]s/ca.pem
  clients: ["spiffe://s2cd/daemon"]
state_dir: %[2]s/state
namespace: GW
slots: {first: 51820, last: 51829}
wireguard_go: %[3]s
reconcile: 2s
`, a.listen, dir, wireguard)
	if err := os.WriteFile(filepath.Join(dir, "s2cgw.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(a.listen, grpc.WithTransportCredentials(credentials.NewTLS(conf)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	a.client = gpb.NewGNMIClient(conn)
	t.Cleanup(func() {
		a.kill(syscall.SIGTERM)
		// What a failed step left must not outlive the test.
		_ = run(context.Background(), []string{"--config", filepath.Join(dir, "s2cgw.yaml"), "purge"}, os.Stderr, os.Stderr)
	})
	return a
}

func (a *agentProc) start() {
	a.t.Helper()
	self, err := os.Executable()
	if err != nil {
		a.t.Fatal(err)
	}
	a.cmd = exec.Command(self)
	a.cmd.Env = append(os.Environ(), "S2CGW_RUN="+filepath.Join(a.dir, "s2cgw.yaml"))
	a.cmd.Stderr = os.Stderr
	if err := a.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	eventually(a.t, 20*time.Second, "agent answers", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_, err := a.client.Capabilities(ctx, &gpb.CapabilityRequest{}, grpc.WaitForReady(true))
		return err
	})
}

func (a *agentProc) kill(sig syscall.Signal) {
	if a.cmd == nil {
		return
	}
	_ = a.cmd.Process.Signal(sig)
	_ = a.cmd.Wait()
	a.cmd = nil
}

func (a *agentProc) get(paths []*gpb.Path, kind gpb.GetRequest_DataType) []*gpb.Notification {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := a.client.Get(ctx, &gpb.GetRequest{Path: paths, Type: kind, Encoding: gpb.Encoding_JSON_IETF})
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.GetNotification()
}

func (a *agentProc) config() southbound.DeviceConfig {
	a.t.Helper()
	c, err := a.model.ParseConfig(a.get(a.model.ConfigPaths(), gpb.GetRequest_CONFIG))
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func (a *agentProc) observe() southbound.Observation {
	a.t.Helper()
	o, err := a.model.ParseState(a.get(a.model.StatePaths(), gpb.GetRequest_STATE), time.Now())
	if err != nil {
		a.t.Fatal(err)
	}
	return o
}

// set makes the gateway hold want; commit is the id of a commit to leave open.
func (a *agentProc) set(want southbound.DeviceConfig, commit string, rollback time.Duration) error {
	a.t.Helper()
	req, err := a.model.Changes(a.config(), want, 1)
	if err != nil {
		a.t.Fatal(err)
	}
	if req == nil {
		req = &gpb.SetRequest{}
	}
	if commit != "" {
		req.Extension = append(req.Extension, commitExt(&extpb.Commit{Id: commit, Action: &extpb.Commit_Commit{
			Commit: &extpb.CommitRequest{RollbackDuration: durationpb.New(rollback)},
		}}))
	}
	return a.send(req)
}

func (a *agentProc) confirm(id string) error {
	return a.send(&gpb.SetRequest{Extension: []*extpb.Extension{commitExt(&extpb.Commit{
		Id: id, Action: &extpb.Commit_Confirm{Confirm: &extpb.CommitConfirm{}},
	})}})
}

func (a *agentProc) send(req *gpb.SetRequest) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	req.Extension = append(req.Extension, &extpb.Extension{Ext: &extpb.Extension_MasterArbitration{
		MasterArbitration: &extpb.MasterArbitration{ElectionId: &extpb.Uint128{Low: a.fence}},
	}})
	_, err := a.client.Set(ctx, req)
	return err
}

func commitExt(c *extpb.Commit) *extpb.Extension {
	return &extpb.Extension{Ext: &extpb.Extension_Commit{Commit: c}}
}

// customer is one VPN of the lab: i is 1 or 2, everything inside is the same.
func customer(i int, cloudKey string) southbound.VRF {
	name := []string{"red", "blue"}[i-1]
	tun := fmt.Sprintf("wg%d", i)
	pfx := netip.MustParsePrefix
	return southbound.VRF{
		Name: name, Mark: southbound.Mark{Epoch: 1, VPN: "vpn-" + name},
		Attachments: []southbound.Attachment{{
			Port: "trunk", VLAN: uint16(100 * i), MTU: 1500, Description: "lab",
			Addresses: []netip.Prefix{pfx(gwAddr4 + "/30"), pfx(gwAddr6 + "/64")},
		}},
		Tunnels: []southbound.Tunnel{{
			Name: tun, ListenPort: uint16(51819 + i), MTU: 1400, ClampMSS: true, KeepaliveSecs: 5,
			Addresses: []netip.Prefix{pfx("169.254.9.1/30")},
			Peer: southbound.Peer{
				PublicKey: cloudKey, Endpoint: netip.MustParseAddrPort(fmt.Sprintf("100.64.%d.2:51820", i)),
				AllowedIPs: []netip.Prefix{pfx("10.50.0.0/16"), pfx("fd00:50::/64")},
			},
		}},
		Routes: []southbound.StaticRoute{
			{Prefix: pfx("10.50.0.0/16"), Tunnel: tun},
			{Prefix: pfx("fd00:50::/64"), Tunnel: tun},
		},
		Probes: []southbound.Probe{
			{Name: "pe4", Source: netip.MustParseAddr(gwAddr4), Target: netip.MustParseAddr(siteAddr4), IntervalMsec: 100, FullSize: 1500},
			{Name: "pe6", Source: netip.MustParseAddr(gwAddr6), Target: netip.MustParseAddr(siteAddr6), IntervalMsec: 100, FullSize: 1500},
			{Name: "vpc4", Source: netip.MustParseAddr(gwAddr4), Target: netip.MustParseAddr(cloudAddr4), IntervalMsec: 100, FullSize: 1400},
			{Name: "big4", Source: netip.MustParseAddr(gwAddr4), Target: netip.MustParseAddr(cloudAddr4), IntervalMsec: 500, FullSize: 1401},
		},
	}
}

// writeCerts makes a CA, the gateway's certificate and returns the daemon's client configuration.
func writeCerts(t *testing.T, dir string) *tls.Config {
	t.Helper()
	caKey, caDER := cert(t, nil, nil, "")
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, dir, "ca.pem", "CERTIFICATE", caDER)
	key, der := cert(t, ca, caKey, "spiffe://s2cd/gateway")
	writePEM(t, dir, "server.pem", "CERTIFICATE", der)
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, dir, "server.key", "PRIVATE KEY", b)
	clientKey, clientDER := cert(t, ca, caKey, "spiffe://s2cd/daemon")
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: "127.0.0.1",
		Certificates: []tls.Certificate{{Certificate: [][]byte{clientDER}, PrivateKey: clientKey}},
	}
}

func cert(t *testing.T, parent *x509.Certificate, signer *ecdsa.PrivateKey, uri string) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "lab"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if uri == "" {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		parent, signer = c, key
	} else {
		u, _ := url.Parse(uri)
		c.URIs = []*url.URL{u}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

func writePEM(t *testing.T, dir, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
