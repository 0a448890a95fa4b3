// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// engine is what carries WireGuard.
type engine int

const (
	inKernel engine = iota
	userspace
)

const (
	childStart = 10 * time.Second
	childEnd   = 3 * time.Second
	childPoll  = 5 * time.Millisecond
	childReply = 2 * time.Second
)

// socketDir is where wireguard-go puts its control sockets and where the client
// library looks for them; neither can be told another place.
const socketDir = "/var/run/wireguard"

// tunnelLink is the link that startEngine makes.
func (w *work) tunnelLink(name string) netlink.Link {
	if w.kind == inKernel {
		return &netlink.Wireguard{LinkAttrs: probeAttrs(name)}
	}
	return &netlink.Tuntap{LinkAttrs: probeAttrs(name)}
}

// usable reports whether an existing link still carries WireGuard: a TUN
// device whose process does not answer is removed and made again.
func (w *work) usable(l netlink.Link) bool {
	switch l.Type() {
	case "wireguard":
		return true
	case "tun", "tuntap":
		if err := ping(w.ctx, w.socket(l.Attrs().Name)); err != nil {
			w.cfg.Log.Warn("wireguard-go does not answer", "link", l.Attrs().Name, "error", err)
			return false
		}
		return true
	}
	return false
}

// ping asks for the configuration (the cross-platform WireGuard interface's
// get operation) and reads the answer to its end, an empty line.
func ping(ctx context.Context, socket string) error {
	c, err := dial(ctx, socket)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(childReply)); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if _, err := c.Write([]byte("get=1\n\n")); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		if lines.Text() == "" {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	return errors.New("control socket: the answer has no end")
}

func (r *Realiser) socket(name string) string { return filepath.Join(socketDir, name+".sock") }

// dial opens a control socket.
func dial(ctx context.Context, path string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: answerWait}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return c, nil
}

func (w *work) startEngine(name string) error {
	if w.kind == inKernel {
		if err := w.nl.LinkAdd(&netlink.Wireguard{LinkAttrs: probeAttrs(name)}); err != nil {
			return fmt.Errorf("make wireguard: %w", err)
		}
		return nil
	}
	return w.startChild(name)
}

// startChild starts wireguard-go in its own session, from a thread in the data
// plane's namespace and with no tie to the agent: it outlives it and is found
// again by its control socket.
func (w *work) startChild(name string) error {
	logs, err := os.OpenFile(filepath.Join(w.cfg.Folder, name+".log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // our own folder
	if err != nil {
		return fmt.Errorf("wireguard-go log: %w", err)
	}
	defer func() { _ = logs.Close() }()
	cmd := exec.Command(w.cfg.WireGuardGo, "-f", name) //nolint:gosec,noctx // configured path; outlives the context by intent
	cmd.Stdout, cmd.Stderr = logs, logs
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LOG_LEVEL=error"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := w.ns.do(cmd.Start); err != nil {
		return fmt.Errorf("start wireguard-go: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := cmd.Wait()
		w.cfg.Log.Info("wireguard-go ended", "link", name, "pid", cmd.Process.Pid, "error", err)
		if w.cfg.OnChildExit != nil {
			w.cfg.OnChildExit()
		}
	}()
	return w.awaitChild(name, ended)
}

// awaitChild waits until the control socket answers and the link is there.
func (w *work) awaitChild(name string, ended <-chan struct{}) error {
	deadline := time.NewTimer(childStart)
	defer deadline.Stop()
	for {
		c, err := dial(w.ctx, w.socket(name))
		if err == nil {
			_ = c.Close()
			if _, err = w.nl.LinkByName(name); err == nil {
				return nil
			}
		}
		select {
		case <-ended:
			return fmt.Errorf("wireguard-go ended at once; see %s", filepath.Join(w.cfg.Folder, name+".log"))
		case <-w.ctx.Done():
			return ctxErr(w.ctx)
		case <-deadline.C:
			return fmt.Errorf("wireguard-go did not answer within %s: %w", childStart, err)
		case <-time.After(childPoll):
		}
	}
}

// child is the process behind a TUN device, held by a pidfd so that its
// number cannot come to mean another one.
type child struct {
	socket string
	pidfd  int
}

// child finds the process that listens on l's control socket.
func (w *work) child(l netlink.Link) *child {
	c := &child{pidfd: -1}
	if t := l.Type(); t != "tun" && t != "tuntap" {
		return c
	}
	c.socket = w.socket(l.Attrs().Name)
	conn, err := dial(w.ctx, c.socket)
	if err != nil {
		return c
	}
	defer func() { _ = conn.Close() }()
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return c
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return c
	}
	_ = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err == nil && cred.Pid > 1 {
			if pidfd, err := unix.PidfdOpen(int(cred.Pid), 0); err == nil {
				c.pidfd = pidfd
			}
		}
	})
	return c
}

// end waits for the process, which ends by itself once its device is gone,
// and after a while makes it.
func (c *child) end(ctx context.Context) error {
	if c.socket != "" {
		if err := os.Remove(c.socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("control socket: %w", err)
		}
	}
	if c.pidfd < 0 {
		return nil
	}
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		if c.gone(childEnd) {
			return nil
		}
		if err := ctxErr(ctx); err != nil {
			return err
		}
		_ = unix.PidfdSendSignal(c.pidfd, sig, nil, 0)
	}
	if !c.gone(childEnd) {
		return errors.New("wireguard-go does not end")
	}
	return nil
}

// gone reports whether the process ends within wait.
func (c *child) gone(wait time.Duration) bool {
	for end := time.Now().Add(wait); ; {
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(c.pidfd), Events: unix.POLLIN}}, int(left.Milliseconds())+1) //nolint:gosec // a descriptor
		if err != nil && !errors.Is(err, unix.EINTR) {
			return false
		}
		if n > 0 {
			return true
		}
	}
}

func (c *child) close() {
	if c.pidfd >= 0 {
		_ = unix.Close(c.pidfd)
	}
}
