// SPDX-License-Identifier: Apache-2.0

package frr

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

func TestParseReply(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in     string
		text   string
		status byte
		n      int
		fails  bool
	}{
		"empty":             {in: ""},
		"text only":         {in: "hello"},
		"half a trailer":    {in: "hello\x00\x00"},
		"no status yet":     {in: "hello\x00\x00\x00"},
		"ok":                {in: "hello\x00\x00\x00\x00", text: "hello", n: 9},
		"status":            {in: "\x00\x00\x00\x02", status: 2, n: 4},
		"next one follows":  {in: "a\x00\x00\x00\x01b", text: "a", status: 1, n: 5},
		"bad trailer":       {in: "a\x00x\x00\x00", fails: true},
		"bad second":        {in: "a\x00\x00x\x00", fails: true},
		"too long":          {in: strings.Repeat("x", maxReply+1), fails: true},
		"long but complete": {in: strings.Repeat("x", maxReply) + "\x00\x00\x00\x00", text: strings.Repeat("x", maxReply), n: maxReply + 4},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, status, n, err := parseReply([]byte(tc.in))
			if (err != nil) != tc.fails || text != tc.text || status != tc.status || n != tc.n {
				t.Fatalf("got %d bytes of text, status %d, n %d, error %v", len(text), status, n, err)
			}
		})
	}
}

func FuzzParseReply(f *testing.F) {
	for _, s := range []string{"", "a\x00\x00\x00\x00", "\x00\x00\x00\x02rest", "a\x00b\x00\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		text, status, n, err := parseReply(in)
		if err != nil || n == 0 {
			return
		}
		if want := text + "\x00\x00\x00" + string(status); n > len(in) || len(text)+trailerLen != n || string(in[:n-1]) != want[:n-1] || in[n-1] != status {
			t.Fatalf("reply %q %d of %d bytes does not match %q", text, status, n, in)
		}
	})
}

// serve answers each command by reply, a byte at a time.
func serve(t *testing.T, reply func(cmd string) string) *Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	go func() {
		var cmd []byte
		var b [1]byte
		for {
			if _, err := io.ReadFull(server, b[:]); err != nil {
				return
			}
			if b[0] != 0 {
				cmd = append(cmd, b[0])
				continue
			}
			for _, c := range []byte(reply(string(cmd))) {
				if _, err := server.Write([]byte{c}); err != nil {
					return
				}
			}
			cmd = cmd[:0]
		}
	}()
	return &Conn{daemon: "bgpd", conn: client}
}

func TestConfigureStopsAndLeaves(t *testing.T) {
	t.Parallel()
	var got []string
	c := serve(t, func(cmd string) string {
		got = append(got, cmd)
		if cmd == "bad" {
			return "% Unknown command\x00\x00\x00\x02"
		}
		return "\x00\x00\x00\x00"
	})
	err := c.Configure([]string{"good", "bad", "never"})
	var ce *CommandError
	if !errors.As(err, &ce) || ce.Command != "bad" {
		t.Fatalf("error %v, want the refused command", err)
	}
	if s := strings.Join(got, ","); s != "configure terminal,good,bad,end" {
		t.Fatalf("commands %s", s)
	}
}

func TestRunRefusesControlCharacters(t *testing.T) {
	t.Parallel()
	c := serve(t, func(string) string { return "\x00\x00\x00\x00" })
	for _, cmd := range []string{"a\x00b", "a\nb", "a\rb"} {
		if _, err := c.Run(cmd); err == nil {
			t.Errorf("%q was sent", cmd)
		}
	}
}

// TestCommandErrorHidesPassword has a daemon that echoes what it refuses.
func TestCommandErrorHidesPassword(t *testing.T) {
	t.Parallel()
	err := &CommandError{
		Daemon: "bgpd", Command: "neighbor 192.0.2.2 password hush!", Status: 2, Output: "% Unknown command: neighbor 192.0.2.2 password hush!\n",
	}
	want := `bgpd refused "neighbor 192.0.2.2 password ***" (status 2): % Unknown command: neighbor 192.0.2.2 password ***`
	if got := err.Error(); got != want {
		t.Errorf("got %s", got)
	}
}
