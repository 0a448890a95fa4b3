// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/config"
)

func newConfigCmd(a *app) *cobra.Command {
	check := &cobra.Command{
		Use:   "check FILE",
		Short: "Say everything that is wrong with a configuration and the files it names",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := config.Check(args[0], a.env, a.now()); err != nil {
				return a.faults(err)
			}
			return a.print("%s: no faults\n", args[0])
		},
	}
	env := &cobra.Command{
		Use:   "env",
		Short: "List the environment variables that override the configuration",
		Args:  usage(cobra.NoArgs),
		RunE:  func(*cobra.Command, []string) error { return config.WriteEnv(a.stdout) },
	}
	return group("config", "Look at configurations", check, env)
}

// faults prints what a check found, one a line.
func (a *app) faults(err error) error {
	if _, printErr := fmt.Fprintln(a.stderr, err); printErr != nil {
		return fmt.Errorf("write faults: %w", printErr)
	}
	return errFound
}
