// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/lab"
	"github.com/s2cd/s2cd/lab/network"
	"github.com/s2cd/s2cd/lab/scenario"
)

// play is a scenario that runs on the whole stack.
type play func(ctx context.Context, s *scenario.Stack, out io.Writer) error

// plays are the scenarios by the command that boots them.
func plays() map[string]play {
	return map[string]play{"demo": scenario.RunDemo, "faults": scenario.RunFaults, "outages": scenario.RunOutages}
}

// inside runs a scenario in the lab's root.
func inside(ctx context.Context, o options, run play) error {
	began := time.Now()
	env, err := lab.Start(ctx, lab.Config{
		Topology: network.Default(), Results: o.results, Log: slog.New(slog.NewTextHandler(os.Stdout, nil)),
		LabPE: filepath.Join(o.bin, "labpe"), WireGuard: filepath.Join(o.bin, "wireguard-go"),
	})
	if err != nil {
		return err
	}
	fmt.Printf("lab ready after %s\n", time.Since(began).Round(100*time.Millisecond))
	stack, err := scenario.NewStack(env, scenario.Programs{
		S2cd: filepath.Join(o.bin, "s2cd"), S2cgw: filepath.Join(o.bin, "s2cgw"), WireGuardGo: filepath.Join(o.bin, "wireguard-go"),
		Inventory: o.inventory,
	}, filepath.Join(o.results, "s2cd"))
	if err != nil {
		return errors.Join(err, env.Close())
	}
	err = run(ctx, stack, os.Stdout)
	if o.keep && err == nil {
		scenario.ExplainKept(os.Stdout, stack)
		err = linger(ctx, o)
	}
	return errors.Join(err, env.Close())
}

// linger gives the user a shell in the lab, or waits to be ended where nobody
// could type into one.
func linger(ctx context.Context, o options) error {
	if !o.shell {
		<-ctx.Done()
		return nil
	}
	sh := exec.CommandContext(ctx, "/bin/bash", "--norc", "-i")
	sh.Env = append(os.Environ(), "PATH="+o.bin+":"+os.Getenv("PATH"), "PS1=lab# ", "HOME=/root", "TERM=linux")
	sh.Stdin, sh.Stdout, sh.Stderr = os.Stdin, os.Stdout, os.Stderr
	var exit *exec.ExitError
	if err := sh.Run(); err != nil && !errors.As(err, &exit) { // what was typed last does not matter
		return fmt.Errorf("shell in the lab: %w", err)
	}
	return nil
}

// typed reports whether somebody can type into a shell.
func typed() bool {
	_, err := unix.IoctlGetTermios(int(os.Stdin.Fd()), unix.TCGETS)
	return err == nil
}
