// SPDX-License-Identifier: Apache-2.0

// Package frr runs FRR's daemons in network namespaces and speaks to them
// through their vty sockets: milliseconds where vtysh takes seconds, and since
// a pathname socket belongs to no network namespace there is none to enter. It
// decides nothing about what is configured.
package frr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
)

// A reply is text, then three NUL bytes and a status.
const (
	trailerLen = 4
	// maxReply bounds what a daemon may answer to one command.
	maxReply = 16 << 20
	// commandTimeout bounds one command; zebra answers in milliseconds but
	// may be held up for seconds while others converge on the same CPU.
	commandTimeout = 30 * time.Second
)

// Statuses of a command (FRR lib/command.h).
const (
	statusOK      = 0
	statusWarning = 1
)

// CommandError is a command that a daemon refused.
type CommandError struct {
	Daemon, Command, Output string
	Status                  byte
}

// Error says what was refused, but for a password.
func (e *CommandError) Error() string {
	command, output := e.Command, strings.TrimSpace(e.Output)
	if before, password, ok := strings.Cut(command, " password "); ok {
		command = before + " password ***"
		output = strings.ReplaceAll(output, password, "***")
	}
	return fmt.Sprintf("%s refused %q (status %d): %s", e.Daemon, command, e.Status, output)
}

// Conn is one vty session with a daemon. It is not safe for concurrent use.
type Conn struct {
	daemon string
	conn   net.Conn
	buf    []byte
}

// Dial opens a vty session in enable mode with a daemon ("bgpd") whose sockets
// are in dir.
func Dial(ctx context.Context, dir, daemon string) (*Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", filepath.Join(dir, daemon+".vty"))
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", daemon, err)
	}
	conn := &Conn{daemon: daemon, conn: c}
	if _, err := conn.Run("enable"); err != nil {
		_ = c.Close()
		return nil, err
	}
	return conn, nil
}

// Close ends the session.
func (c *Conn) Close() error { return c.conn.Close() }

// Run sends one command and gives its output. A warning counts as success: it
// is what a daemon answers to something that already is so.
func (c *Conn) Run(command string) (string, error) {
	if strings.ContainsAny(command, "\x00\n\r") {
		return "", fmt.Errorf("command %q for %s has a control character", command, c.daemon)
	}
	if err := c.conn.SetDeadline(time.Now().Add(commandTimeout)); err != nil {
		return "", fmt.Errorf("set deadline for %s: %w", c.daemon, err)
	}
	if _, err := c.conn.Write(append([]byte(command), 0)); err != nil {
		return "", fmt.Errorf("send to %s: %w", c.daemon, err)
	}
	var chunk [8192]byte
	for {
		text, status, n, err := parseReply(c.buf)
		if err != nil {
			return "", fmt.Errorf("reply of %s to %q: %w", c.daemon, command, err)
		}
		if n > 0 {
			c.buf = c.buf[n:]
			if status != statusOK && status != statusWarning {
				return text, &CommandError{Daemon: c.daemon, Command: command, Output: text, Status: status}
			}
			return text, nil
		}
		read, err := c.conn.Read(chunk[:])
		if err != nil {
			return "", fmt.Errorf("read reply of %s to %q: %w", c.daemon, command, err)
		}
		c.buf = append(c.buf, chunk[:read]...)
	}
}

// Configure runs lines in configuration mode and always leaves it. It stops at
// the first line that is refused.
func (c *Conn) Configure(lines []string) error {
	if _, err := c.Run("configure terminal"); err != nil {
		return err
	}
	var errs error
	for _, line := range lines {
		if _, err := c.Run(line); err != nil {
			errs = err
			break
		}
	}
	_, err := c.Run("end")
	return errors.Join(errs, err)
}

var errReplyTooLong = errors.New("reply too long")

// parseReply takes one reply off the front of buf. n is the number of bytes it
// took, 0 while it is incomplete. Text never holds NUL bytes, so the first one
// starts the trailer.
func parseReply(buf []byte) (text string, status byte, n int, err error) {
	i := bytes.IndexByte(buf, 0)
	switch {
	case i < 0 && len(buf) > maxReply:
		return "", 0, 0, errReplyTooLong
	case i < 0 || len(buf) < i+trailerLen:
		return "", 0, 0, nil
	case buf[i+1] != 0 || buf[i+2] != 0:
		return "", 0, 0, fmt.Errorf("trailer %x is not three zeros and a status", buf[i:i+trailerLen])
	}
	return string(buf[:i]), buf[i+3], i + trailerLen, nil
}

// Show runs one command in a session of its own.
func Show(ctx context.Context, dir, daemon, command string) (string, error) {
	c, err := Dial(ctx, dir, daemon)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.Run(command)
}

// Configure runs configuration lines in a session of its own.
func Configure(ctx context.Context, dir, daemon string, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	c, err := Dial(ctx, dir, daemon)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Configure(lines)
}
