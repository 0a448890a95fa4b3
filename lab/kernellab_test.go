// SPDX-License-Identifier: Apache-2.0

package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// programs are what the lab and the stack in it consist of, with the folders of
// their modules.
var programs = map[string][2]string{
	"s2clab": {".", "./cmd/s2clab"}, "labpe": {".", "./cmd/labpe"}, "wireguard-go": {".", "golang.zx2c4.com/wireguard"},
	"s2cd": {"..", "./cmd/s2cd"}, "s2cgw": {"..", "./cmd/s2cgw"},
}

// bin holds the built programs; bench builds them once for all tests.
var (
	bin   string                          //nolint:gochecknoglobals // TestMain has no other way to hand it on
	build = sync.OnceValue(func() error { //nolint:gochecknoglobals // once for all tests
		for name, p := range programs {
			cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(bin, name), p[1])
			cmd.Dir, cmd.Env = p[0], append(os.Environ(), "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("build %s: %w\n%s", name, err, out)
			}
		}
		return fetch()
	})
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "s2clab-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// packages is where the lab's packages are unpacked, kept over test runs.
func packages() string {
	if dir := os.Getenv("S2CLAB_PACKAGES"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs("../.lab/packages")
	if err != nil {
		return "../.lab/packages"
	}
	return dir
}

func fetch() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "s2clab"), "packages", "--into", packages()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("fetch packages: %w\n%s", err, out)
	}
	return nil
}

// TestKernelLab boots the lab, on this kernel or in user-mode-linux, and runs
// the selftest in it. Like all tests here it fails where root, apt or the
// packages are missing.
func TestKernelLab(t *testing.T) {
	t.Parallel()
	play(t, "selftest", 20, 6*time.Minute)
}

// TestDemo plays two customers on the whole stack, from the first request until
// nothing is left. Like the next it has the machine to itself: its times are those
// of one lab.
func TestDemo(t *testing.T) {
	play(t, "demo", 20, 12*time.Minute)
}

// TestFaults kills and refuses at every step of a session's life.
func TestFaults(t *testing.T) {
	play(t, "faults", 9, 15*time.Minute)
}

// TestGateway runs the agent's own kernel test, which needs VRFs, in the lab's
// root.
func TestGateway(t *testing.T) {
	t.Parallel()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "gateway.test")
	compile := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "kernellab", "-o", program, "./cmd/s2cgw")
	compile.Dir, compile.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build the test: %v\n%s", err, out)
	}
	out := boot(t, 6*time.Minute, "run", "--bin", bin, "--", "/usr/bin/env", "S2CGW_WIREGUARD="+filepath.Join(bin, "wireguard-go"),
		program, "-test.v", "-test.run", "TestKernelLab")
	if !strings.Contains(out, "--- PASS: TestKernelLab") {
		t.Error("the test in the lab did not pass")
	}
}

var stepLine = regexp.MustCompile(`(?m)^(PASS|FAIL) +[0-9.]+s +(.*?)(?:  +.*)?$`)

// play boots the lab, runs a scenario and makes a test of each of its steps.
func play(t *testing.T, scenario string, steps int, limit time.Duration) {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	inventory, err := filepath.Abs("../examples/lab-inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := boot(t, limit, scenario, "--bin", bin, "--inventory", inventory)
	found := stepLine.FindAllStringSubmatch(out, -1)
	if len(found) < steps {
		t.Errorf("%d steps in the report, want at least %d", len(found), steps)
	}
	for _, s := range found {
		t.Run(s[2], func(t *testing.T) {
			if s[1] != "PASS" {
				t.Error(s[0])
			}
		})
	}
}

// boot runs one of s2clab's commands and returns what it printed.
func boot(t *testing.T, limit time.Duration, command string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	args = append([]string{command, "--packages", packages(), "--results", t.TempDir()}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "s2clab"), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	t.Logf("s2clab %s:\n%s", command, out.String())
	if err != nil {
		t.Errorf("s2clab %s: %v", command, err)
	}
	return out.String()
}
