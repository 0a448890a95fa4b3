// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/config"
)

// finding is one thing that the daemon says is wrong.
type finding struct {
	Severity string `json:"severity"` // "fault" or "warning"
	Subject  string `json:"subject"`  // "device PE1", "session ...", "store", "certificate ..."
	Detail   string `json:"detail"`
}

func newDoctorCmd(a *app) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "doctor [--config FILE]",
		Short: "Say in words what is wrong now: devices, network, sessions, store, certificates",
		Args:  usage(cobra.NoArgs),
	}
	admin := a.adminFlag(c)
	c.Flags().StringVar(&file, "config", "", "also check this configuration and take the daemon's address from it")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		o := admin()
		var configured error
		if file != "" {
			configured = config.Check(file, a.env, a.now())
			if cfg, err := config.Load(file, a.env); err == nil && !cmd.Flags().Changed("admin") {
				o = newOperator(cfg.Admin.Listen)
			}
		}
		return a.diagnose(cmd.Context(), o, configured)
	}
	return c
}

// diagnose prints every finding and fails if there is a fault.
func (a *app) diagnose(ctx context.Context, o *operator, configured error) error {
	var all []finding
	if configured != nil {
		all = append(all, finding{"fault", "configuration", configured.Error()})
	}
	var answer struct {
		Findings []finding `json:"findings"`
	}
	if err := o.call(ctx, http.MethodGet, nil, nil, &answer, "doctor"); err != nil {
		all = append(all, finding{"fault", "daemon", err.Error()})
	}
	all = append(all, answer.Findings...)
	bad := false
	for _, f := range all {
		bad = bad || f.Severity != "warning"
		if err := a.print("%s: %s: %s\n", f.Severity, f.Subject, f.Detail); err != nil {
			return err
		}
	}
	switch {
	case bad:
		return errFound
	case len(all) == 0:
		return a.print("nothing is wrong\n")
	}
	return nil
}
