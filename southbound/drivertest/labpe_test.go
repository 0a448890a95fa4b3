// SPDX-License-Identifier: Apache-2.0

package drivertest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/southbound/gnmi"
	"github.com/s2cd/s2cd/southbound/render/openconfig"
)

// labDevices is how many PEs the process under test serves: tests wait for
// one, each takes seconds to start and much memory.
const labDevices = 2

// TestOpenConfigOverGNMIConforms runs the suite against a gNMI server that
// validates the whole OpenConfig schema, over mutual TLS.
func TestOpenConfigOverGNMIConforms(t *testing.T) {
	t.Parallel()
	lab := startLab(t)
	drivertest.Run(t, func(t *testing.T) drivertest.Harness {
		dev := <-lab.free
		t.Cleanup(func() {
			dev.clean(t)
			lab.free <- dev
		})
		dev.fence += 100
		return drivertest.Harness{
			Driver:  dev.driver(t),
			Refused: func(v *southbound.VRF) { v.Name = "eth1" }, // a port has that name
			Unowned: func(v *southbound.VRF) { v.Attachments[0].VLAN = 99 },
			Writes:  func() int { return lab.sets(t, dev.name) },
			Foreign: func() string { return dev.config(t) },
			Fence:   dev.fence,
			Another: func() southbound.Driver { return dev.driver(t) },
		}
	})
}

// lab is a process that serves PEs.
type lab struct {
	free   chan *device
	faults string
}

type device struct {
	name, address string
	pki           *drivertest.PKI
	us            *tls.Certificate
	fence         uint64
}

// startLab builds and starts the lab PE without a box to realise the tree in.
func startLab(t *testing.T) *lab {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "labpe")
	build := exec.Command("go", "build", "-o", binary, "./cmd/labpe")
	build.Dir = filepath.Join("..", "..", "lab")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build lab PE: %v\n%s", err, out)
	}
	pki := drivertest.NewPKI(t)
	us := pki.Issue(t, "controller")
	l := &lab{free: make(chan *device, labDevices), faults: freeAddress(t)}
	args := []string{
		"--realise=none", "--faults=" + l.faults, "--ca=" + pki.CAFile,
		"--cert=" + filepath.Join(pki.Dir, "{name}.pem"), "--key=" + filepath.Join(pki.Dir, "{name}-key.pem"),
	}
	for i := range labDevices {
		d := &device{name: fmt.Sprintf("PE%d", i+1), address: freeAddress(t), pki: pki, us: us}
		pki.Issue(t, d.name)
		args = append(args, "--pe", "name="+d.name+",listen="+d.address+",ports=eth1")
		l.free <- d
	}
	cmd := exec.Command(binary, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // killed: not nil
	})
	l.await(t, stderr)
	for range labDevices {
		d := <-l.free
		d.addForeign(t)
		l.free <- d
	}
	return l
}

// await reads the log until all PEs are ready, and then to its end.
func (l *lab) await(t *testing.T, log io.Reader) {
	t.Helper()
	lines := bufio.NewScanner(log)
	var seen strings.Builder
	for ready := 0; ready < labDevices; {
		if !lines.Scan() {
			t.Fatalf("lab PE ended:\n%s", seen.String())
		}
		seen.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "msg=ready") {
			ready++
		}
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
}

// sets is how many Set requests a PE has got.
func (l *lab) sets(t *testing.T, name string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.faults+"/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var state map[string]map[string]int
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	return state[name]["sets"]
}

func (d *device) gnmi(t *testing.T) gnmi.Config {
	t.Helper()
	platform, ok := openconfig.LookupPlatform("labpe")
	if !ok {
		t.Fatal("no platform labpe")
	}
	model, err := openconfig.New(openconfig.Config{AS: 65000, Platform: platform})
	if err != nil {
		t.Fatal(err)
	}
	return gnmi.Config{
		Device: strings.ToLower(d.name), Address: d.address, Target: d.name, Origin: "openconfig",
		Model: model,
		TLS: gnmi.TLS{
			Roots: d.pki.Pool, ServerURI: drivertest.Identity(d.name),
			Certificate: func() (*tls.Certificate, error) { return d.us, nil },
		},
	}
}

func (d *device) driver(t *testing.T) southbound.Driver {
	t.Helper()
	driver, err := gnmi.New(d.gnmi(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return driver
}

// clean removes what a test left.
func (d *device) clean(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	driver, err := gnmi.New(d.gnmi(t))
	if err != nil {
		t.Fatal(err)
	}
	have, err := driver.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d.fence += 100
	tx := southbound.Transaction{ID: "clean", Fence: d.fence, Have: have}
	if err := driver.Apply(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := driver.Confirm(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
}

// client speaks to the device past the driver.
func (d *device) client(t *testing.T) (gpb.GNMIClient, func()) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+d.address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*d.us}, RootCAs: d.pki.Pool, ServerName: drivertest.DNS(d.name),
	})))
	if err != nil {
		t.Fatal(err)
	}
	return gpb.NewGNMIClient(conn), func() { _ = conn.Close() }
}

// addForeign configures what an operator may have: a VRF with a subinterface
// on the same port, a policy, all without marks.
func (d *device) addForeign(t *testing.T) {
	t.Helper()
	client, done := d.client(t)
	defer done()
	at := func(elems ...*gpb.PathElem) *gpb.Path { return &gpb.Path{Elem: elems} }
	keyed := func(name, key, value string) *gpb.PathElem {
		return &gpb.PathElem{Name: name, Key: map[string]string{key: value}}
	}
	update := func(p *gpb.Path, body string) *gpb.Update {
		return &gpb.Update{Path: p, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(body)}}}
	}
	_, err := client.Set(t.Context(), &gpb.SetRequest{
		Prefix: &gpb.Path{Target: d.name, Origin: "openconfig"},
		Replace: []*gpb.Update{
			update(at(&gpb.PathElem{Name: "interfaces"}, keyed("interface", "name", "eth1"), &gpb.PathElem{Name: "subinterfaces"},
				keyed("subinterface", "index", "99")),
				`{"index":99,"config":{"index":99,"description":"operator's","enabled":true},"openconfig-vlan:vlan":{"match":{"single-tagged":{"config":{"vlan-id":99}}}}}`),
			update(at(&gpb.PathElem{Name: "network-instances"}, keyed("network-instance", "name", "ops")),
				`{"name":"ops","config":{"name":"ops","type":"openconfig-network-instance-types:L3VRF","description":"s2cd is not the owner","route-distinguisher":"65000:9"},"interfaces":{"interface":[{"id":"eth1.99","config":{"id":"eth1.99","interface":"eth1","subinterface":99}}]}}`),
			update(at(&gpb.PathElem{Name: "qos"}, &gpb.PathElem{Name: "scheduler-policies"}, keyed("scheduler-policy", "name", "gold")),
				`{"name":"gold","config":{"name":"gold"},"schedulers":{"scheduler":[{"sequence":1,"config":{"sequence":1}}]}}`),
		},
	})
	if err != nil {
		t.Fatalf("configure foreign objects: %v", err)
	}
}

// config is the device's whole configuration as it shows it.
func (d *device) config(t *testing.T) string {
	t.Helper()
	client, done := d.client(t)
	defer done()
	resp, err := client.Get(t.Context(), &gpb.GetRequest{
		Prefix: &gpb.Path{Target: d.name, Origin: "openconfig"}, Path: []*gpb.Path{{}},
		Type: gpb.GetRequest_CONFIG, Encoding: gpb.Encoding_JSON_IETF,
	})
	if err != nil {
		t.Fatalf("get all: %v", err)
	}
	var tree any
	if err := json.Unmarshal(resp.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal(), &tree); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(tree, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
