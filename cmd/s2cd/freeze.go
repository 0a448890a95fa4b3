// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

func newFreezeCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "freeze all | device NAME | tenant ID --reason TEXT",
		Short: "Stop changes to all devices, one device or one tenant's sessions",
		Args:  usage(brakeArgs),
	}
	admin := a.adminFlag(c)
	reason := c.Flags().String("reason", "", "why, for those who find it frozen")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if strings.TrimSpace(*reason) == "" {
			return usagef("freeze: give a --reason")
		}
		body := map[string]string{"scope": args[0], "reason": *reason}
		if len(args) > 1 {
			body["name"] = args[1]
		}
		if err := admin().call(cmd.Context(), http.MethodPost, nil, body, nil, "freezes"); err != nil {
			return err
		}
		return a.print("frozen: %s (%s)\n", strings.Join(args, " "), *reason)
	}
	return c
}

func newThawCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "thaw all | device NAME | tenant ID",
		Short: "Resume changes that were stopped by freeze",
		Args:  usage(brakeArgs),
	}
	admin := a.adminFlag(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := admin().call(cmd.Context(), http.MethodDelete, nil, nil, nil, append([]string{"freezes"}, args...)...); err != nil {
			return err
		}
		return a.print("thawed: %s\n", strings.Join(args, " "))
	}
	return c
}

// brakeArgs checks what a brake covers.
func brakeArgs(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "all":
		return nil
	case len(args) == 2 && (args[0] == "device" || args[0] == "tenant") && args[1] != "":
		return nil
	}
	return usagef("want all, device NAME or tenant ID")
}
