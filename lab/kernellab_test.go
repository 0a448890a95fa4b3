// SPDX-License-Identifier: Apache-2.0

package lab_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// programs are what the lab consists of.
var programs = map[string]string{
	"s2clab": "./cmd/s2clab", "labpe": "./cmd/labpe", "wireguard-go": "golang.zx2c4.com/wireguard",
}

var stepLine = regexp.MustCompile(`(?m)^(PASS|FAIL) +[0-9.]+s +(.*?)(?:  +.*)?$`)

// TestKernelLab boots the lab, on this kernel or in user-mode-linux, and runs
// the selftest in it. It fails where root, apt or the packages are missing.
func TestKernelLab(t *testing.T) {
	t.Parallel()
	bin, results := t.TempDir(), t.TempDir()
	for name, pkg := range programs {
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(bin, name), pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	packages := os.Getenv("S2CLAB_PACKAGES")
	if packages == "" {
		packages = filepath.Join(cacheDir(t), "s2clab-packages")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	s2clab(ctx, t, io.Discard, bin, "packages", "--into", packages)

	var out bytes.Buffer
	s2clab(ctx, t, &out, bin, "selftest", "--packages", packages, "--results", results, "--bin", bin)
	steps := stepLine.FindAllStringSubmatch(out.String(), -1)
	if len(steps) < 20 {
		t.Errorf("%d steps in the report, want at least 20", len(steps))
	}
	for _, s := range steps {
		t.Run(s[2], func(t *testing.T) {
			t.Parallel()
			if s[1] != "PASS" {
				t.Error(s[0])
			}
		})
	}
}

func s2clab(ctx context.Context, t *testing.T, out io.Writer, bin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "s2clab"), args...)
	var all bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&all, out), &all
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	t.Logf("s2clab %s:\n%s", args[0], all.String())
	if err != nil {
		t.Errorf("s2clab %s: %v", args[0], err)
	}
}

// cacheDir keeps the packages over test runs.
func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
