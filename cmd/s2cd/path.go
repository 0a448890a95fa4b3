// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

// newPathCmd holds what is done with path computation by hand: on files, without
// a daemon.
func newPathCmd(a *app) *cobra.Command {
	return group("path", "Compute paths on a file, without a daemon", newPathFindCmd(a), newPathBenchCmd(a), newPathAdmitCmd(a))
}
