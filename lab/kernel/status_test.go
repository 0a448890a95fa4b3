// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"strings"
	"testing"
)

func TestConsole(t *testing.T) {
	t.Parallel()
	full := "kernel says\r\n" + strings.ReplaceAll(startMark, "\n", "\r\n") + "hello\nworld" + exitLine(7) + "reboot: System halted\n"
	for size := 1; size <= len(full); size++ {
		var out bytes.Buffer
		c := newConsole(&out)
		for rest := full; rest != ""; {
			n := min(size, len(rest))
			if _, err := c.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if code, ok := c.code(); !ok || code != 7 {
			t.Fatalf("size %d: status %d %v, want 7", size, code, ok)
		}
		if got := out.String(); got != "hello\nworld" {
			t.Fatalf("size %d: output %q", size, got)
		}
	}
}

func TestConsoleOfDeadKernel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := newConsole(&out)
	if _, err := c.Write([]byte("panic")); err != nil {
		t.Fatal(err)
	}
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.code(); ok || out.String() != "panic" {
		t.Fatalf("got %q, want the kernel's words and no status", out.String())
	}
}

func TestParseDeps(t *testing.T) {
	t.Parallel()
	got := parseDeps("kernel/a/x-y.ko: kernel/b/z.ko kernel/c/w.ko\nkernel/c/w.ko:\n")
	if len(got["x_y"]) != 3 || got["x_y"][0] != "kernel/c/w.ko" || got["x_y"][2] != "kernel/a/x-y.ko" {
		t.Fatalf("deps of x_y: %v", got["x_y"])
	}
	if len(got["w"]) != 1 {
		t.Fatalf("deps of w: %v", got["w"])
	}
}
