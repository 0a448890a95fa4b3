// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound"
)

// untilRestart ends the help of what tells the daemon of links and nodes.
const untilRestart = `
This changes what paths are searched on and no device. It is kept until the
daemon restarts; then the inventory says what is. 's2cd reroute' has sessions
follow.`

func newLinkCmd(a *app) *cobra.Command {
	c := group("link", "Tell the daemon that a link is down, or up again")
	admin := a.adminFlag(c)
	for name, down := range map[string]bool{"down": true, "up": false} {
		c.AddCommand(&cobra.Command{
			Use:   name + " NAME",
			Short: "Say that a link is " + name + ", until the daemon restarts",
			Long:  "Say that a link of the inventory is " + name + "." + untilRestart,
			Args:  usage(cobra.ExactArgs(1)),
			RunE: func(cmd *cobra.Command, args []string) error {
				var is northbound.LinkStatus
				path := append([]string{"links"}, strings.Split(args[0], "/")...)
				if err := admin().call(cmd.Context(), http.MethodPut, nil, map[string]bool{"down": down}, &is, path...); err != nil {
					return err
				}
				return a.print("link %s is %s, %s\n%s", is.Link, upOrDown(is.Down), is.Note, follow(is.Affected))
			},
		})
	}
	return c
}

// follow says what is left to do.
func follow(affected int) string {
	if affected == 0 {
		return "no session is reserved over what is down or in maintenance\n"
	}
	return fmt.Sprintf("%d sessions are reserved over what is down or in maintenance: see 's2cd reroute --dry-run'\n", affected)
}

func newNodeCmd(a *app) *cobra.Command {
	c := group("node", "Tell the daemon that a node is down or in maintenance, or no more")
	admin := a.adminFlag(c)
	yes, no := true, false
	for _, verb := range []struct {
		name, says string
		change     northbound.NodeChange
	}{
		{"down", "is down", northbound.NodeChange{Down: &yes}},
		{"up", "is up", northbound.NodeChange{Down: &no}},
		{"drain", "is in maintenance and takes no new sessions", northbound.NodeChange{Maintenance: &yes}},
		{"undrain", "is no longer in maintenance", northbound.NodeChange{Maintenance: &no}},
	} {
		c.AddCommand(&cobra.Command{
			Use:   verb.name + " NAME",
			Short: "Say that a node " + verb.says + ", until the daemon restarts",
			Long:  "Say that a node of the inventory " + verb.says + "." + untilRestart,
			Args:  usage(cobra.ExactArgs(1)),
			RunE: func(cmd *cobra.Command, args []string) error {
				var is northbound.NodeStatus
				if err := admin().call(cmd.Context(), http.MethodPut, nil, verb.change, &is, "nodes", args[0]); err != nil {
					return err
				}
				words := upOrDown(is.Down)
				if is.Maintenance {
					words += " and in maintenance"
				}
				return a.print("node %s is %s, %s\n%s", is.Node, words, is.Note, follow(is.Affected))
			},
		})
	}
	return c
}
