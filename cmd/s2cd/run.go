// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK    = 0
	exitFault = 1 // what was asked did not work, or something is wrong
	exitUsage = 2 // the command line is wrong
)

// errFound ends a command that has already said what is wrong.
var errFound = errors.New("faults found")

// app is what commands share: everything they know of the world outside.
type app struct {
	env    []string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	now    func() time.Time
}

// Run carries out one command line and returns its exit code. It returns when
// the command is done or ctx ends.
func Run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	stdout, stderr = plain{stdout}, plain{stderr}
	a := &app{env: env, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now}
	root := newRootCmd(a) //nolint:contextcheck // commands take the context that they are executed with
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFault
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(stderr, "s2cd: %v\nSee 's2cd help'.\n", err)
		return exitUsage
	}
	if !errors.Is(err, errRefused) {
		_, _ = fmt.Fprintf(stderr, "s2cd: %v\n", err)
	}
	var customer *customerError
	if errors.As(err, &customer) {
		return customer.exit()
	}
	return exitFault
}

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:               "s2cd",
		Short:             "Sells and delivers site-to-cloud VPN sessions",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              usage(cobra.NoArgs),
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		newServeCmd(a), newConfigCmd(a), newInventoryCmd(a), newTokenCmd(a), newDoctorCmd(a),
		newFreezeCmd(a), newThawCmd(a), newSessionCmd(a), newCheckCmd(a), newOperatorCmd(a), newDeviceCmd(a), newPathCmd(a), newVersionCmd(a),
		newLinkCmd(a), newNodeCmd(a), newRerouteCmd(a), newWhatIfCmd(a),
		newEventsCmd(a), newKeysCmd(a),
	)
	return root
}

// usageError says that the command line is wrong.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// usage marks what a check of arguments says as the caller's mistake.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			if !cmd.HasParent() { // the program's name is said before every error
				return &usageError{err}
			}
			return &usageError{fmt.Errorf("%s: %w", pathOf(cmd), err)}
		}
		return nil
	}
}

// pathOf names a command as it is typed after the program's name.
func pathOf(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// group is a command that only holds others.
func group(name, short string, members ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: usage(cobra.NoArgs), RunE: func(cmd *cobra.Command, _ []string) error {
		return usagef("%s: name a command", pathOf(cmd))
	}}
	c.AddCommand(members...)
	return c
}

// getenv returns the last value of a variable, "" without one.
func (a *app) getenv(name string) string {
	value := ""
	for _, entry := range a.env {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// print writes a command's answer.
func (a *app) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(a.stdout, format, args...); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}
