// SPDX-License-Identifier: Apache-2.0

// Package process starts programs in network namespaces and lets a scenario
// stop, freeze and kill them. It does not restart anything.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Spec is a program to start.
type Spec struct {
	Name string
	Argv []string
	// Env is added to the environment.
	Env []string
	// Netns is the path of a network namespace, empty for the current one.
	Netns string
	// Log is the file to which its output is appended.
	Log string
}

// Process is a started program.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts the program.
func Start(s Spec) (*Process, error) {
	if err := os.MkdirAll(filepath.Dir(s.Log), 0o755); err != nil {
		return nil, fmt.Errorf("make log folder of %s: %w", s.Name, err)
	}
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", s.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(s.Argv[0], s.Argv[1:]...) //nolint:noctx // it lives until it is stopped
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	// Its own process group: a Ctrl-C for the lab is handled by the lab.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := InNetns(s.Netns, cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	p := &Process{spec: s, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// InNetns runs f on a thread that is in the namespace at path and ends with
// it. Sockets that f opens and processes it starts stay in that namespace.
func InNetns(path string, f func() error) error {
	if path == "" {
		return f()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: a thread of another namespace must not be reused
		done <- func() error {
			fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return fmt.Errorf("open namespace %s: %w", path, err)
			}
			defer func() { _ = unix.Close(fd) }()
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("enter namespace %s: %w", path, err)
			}
			return f()
		}()
	}()
	return <-done
}

// Name is the name it was started with.
func (p *Process) Name() string { return p.spec.Name }

// Pid is its process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Log is the file with its output.
func (p *Process) Log() string { return p.spec.Log }

// Done is closed when it has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Restart starts the same program again after it has ended.
func (p *Process) Restart() (*Process, error) {
	select {
	case <-p.done:
		return Start(p.spec)
	default:
		return nil, fmt.Errorf("restart %s: it still runs", p.spec.Name)
	}
}

// Signal sends a signal: SIGSTOP freezes, SIGCONT wakes.
func (p *Process) Signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to %s: %w", sig, p.spec.Name, err)
	}
	return nil
}

// Kill is kill -9; it waits until the process is gone.
func (p *Process) Kill() error {
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

// Stop asks the process to end and waits; after grace it kills it, and says so.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
		return errors.Join(fmt.Errorf("%s did not end within %s of SIGTERM", p.spec.Name, grace), p.Kill())
	}
}

// Wait gives the error with which it ended, or the context's.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
