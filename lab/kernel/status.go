// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// PID 1 frames the program's output on the console with these lines, because
// a user-mode kernel has no other way to tell its parent an exit status and
// says things of its own before and after. The record separator does not
// occur in ordinary output.
const (
	startMark = "\x1eS2CLAB-START\n"
	exitMark  = "\x1eS2CLAB-EXIT "
)

func exitLine(code int) string { return fmt.Sprintf("%s%d\n", exitMark, code) }

// console passes the program's output through and takes the frame off.
type console struct {
	out     io.Writer
	held    []byte // not yet decided
	started bool
	exit    *int
}

func newConsole(out io.Writer) *console {
	if out == nil {
		out = io.Discard
	}
	return &console{out: out}
}

// Write implements io.Writer. What the kernel says before the program starts
// is kept back, see flush.
func (c *console) Write(p []byte) (int, error) {
	if c.exit != nil {
		return len(p), nil
	}
	c.held = append(c.held, p...)
	if !c.started {
		i := bytes.Index(bytes.ReplaceAll(c.held, []byte("\r"), nil), []byte(startMark))
		if i < 0 {
			return len(p), nil
		}
		c.held = bytes.ReplaceAll(c.held, []byte("\r"), nil)[i+len(startMark):]
		c.started = true
	}
	return len(p), c.pass()
}

func (c *console) pass() error {
	for {
		i := bytes.IndexByte(c.held, exitMark[0])
		if i < 0 {
			return c.emit(len(c.held))
		}
		if err := c.emit(i); err != nil {
			return err
		}
		end := bytes.IndexByte(c.held, '\n')
		if end < 0 {
			return nil
		}
		if code, err := strconv.Atoi(string(bytes.TrimPrefix(c.held[:end], []byte(exitMark)))); err == nil {
			c.exit, c.held = &code, nil
			return nil
		}
		if err := c.emit(end + 1); err != nil {
			return err
		}
	}
}

func (c *console) emit(n int) error {
	_, err := c.out.Write(c.held[:n])
	c.held = c.held[n:]
	return err
}

// flush gives out what was kept back: the kernel's last words, when the
// program never started or never ended.
func (c *console) flush() error { return c.emit(len(c.held)) }

func (c *console) code() (int, bool) {
	if c.exit == nil {
		return 0, false
	}
	return *c.exit, true
}
