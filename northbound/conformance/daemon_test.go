// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/s2cd/s2cd/southbound/drivertest"
)

// daemon is s2cd as a process, with four routers that keep their configuration as
// a tree only, and a gateway on a kernel in memory. The other devices of its
// network never answer, so that a
// session on them stays REQUESTED.
type daemon struct {
	url string // of the API, without path
	dir string // of what it reads and writes
	pki *drivertest.PKI
	log *tail

	gateway *prober
}

const audience = "s2cd-conformance"

// startDaemon builds and starts everything; the test's end stops it.
func startDaemon(t *testing.T, issuer string) *daemon {
	t.Helper()
	d := &daemon{pki: drivertest.NewPKI(t), log: &tail{}}
	for _, name := range append([]string{"api", "s2cd", "sink", "GW"}, answering()...) {
		d.pki.Issue(t, name)
	}
	dir := t.TempDir()
	d.dir = dir
	listen := map[string]string{}
	for _, name := range append([]string{"api", "GW"}, routers()...) {
		listen[name] = freeAddress(t)
	}
	built := make(chan string, 1)
	go func() { built <- build(filepath.Join(dir, "labpe"), "../../lab", "./cmd/labpe") }()
	if fault := build(filepath.Join(dir, "s2cd"), "../..", "./cmd/s2cd"); fault != "" {
		t.Fatal(fault)
	}
	if fault := <-built; fault != "" {
		t.Fatal(fault)
	}
	cert := func(name string) string { return filepath.Join(d.pki.Dir, name+".pem") }
	// They take seconds to come up; only what waits for ACTIVATED waits for them.
	args := []string{"--realise=none", "--max-vrfs=100", "--ca=" + d.pki.CAFile, "--cert=" + cert("{name}"), "--key=" + cert("{name}-key")}
	for _, name := range answering() {
		args = append(args, "--pe=name="+name+",ports=eth1+eth2,listen="+listen[name])
	}
	start(t, "", 0, &tail{}, filepath.Join(dir, "labpe"), args...)
	d.gateway = startGateway(t, d.pki, listen["GW"])
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "seal.key"), hex.EncodeToString(key))
	write(t, filepath.Join(dir, "inventory.yaml"), inventory(listen))
	config := filepath.Join(dir, "s2cd.yaml")
	write(t, config, fmt.Sprintf(`
api: {listen: %q, tls: {cert: %q, key: %q}}
admin: {listen: %q}
auth: {issuer: %q, audience: %q, leeway: 1s}
store: {path: s2cd.db, sealKeyFile: seal.key}
inventory: {file: inventory.yaml}
devices: {ca: %q, cert: %q, key: %q, defaults: {rpcTimeout: 20s, leaseTtl: 30s, rollback: 1m, readEvery: 30s}}
webhook: {caFile: %q, allowPrefixes: [127.0.0.0/8], perHost: 100}
provision: {brakes: {changesPerMinute: 6000, deletionsPerMinute: 6000}}
telemetry: {interval: 500ms}
log: {level: info, format: text}
`, listen["api"], cert("api"), cert("api-key"), "unix:"+filepath.Join(dir, "admin"), issuer, audience,
		d.pki.CAFile, cert("s2cd"), cert("s2cd-key"), d.pki.CAFile))
	start(t, `msg="API is served"`, 1, d.log, filepath.Join(dir, "s2cd"), "serve", "--config", config)
	d.url = "https://" + listen["api"]
	return d
}

// build says what went wrong, or nothing.
func build(binary, dir, what string) string {
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, what)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("build %s: %v\n%s", what, err, out)
	}
	return ""
}

// start starts a process and waits until it has said ready that often.
func start(t *testing.T, ready string, times int, log *tail, binary string, args ...string) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stop %s: %v", filepath.Base(binary), err)
		}
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(binary), err, log)
		}
	})
	lines := bufio.NewScanner(stderr)
	for times > 0 && lines.Scan() {
		log.add(lines.Text())
		if strings.Contains(lines.Text(), ready) {
			times--
		}
	}
	go func() {
		defer close(read)
		for lines.Scan() {
			log.add(lines.Text())
		}
		_, _ = io.Copy(io.Discard, stderr) // a line too long must not block it
	}()
	if times > 0 {
		t.Fatalf("%s did not start:\n%s", filepath.Base(binary), log)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
