// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/s2cd/s2cd/internal/providertest"
)

// TestCustomerScripts runs testdata/customer/*.txtar, each against a whole
// provider of its own, as the application acme-app of the customer acme.
func TestCustomerScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/customer",
		Setup: func(env *testscript.Env) error {
			p, err := providertest.Start(env.WorkDir)
			if err != nil {
				return err
			}
			env.Defer(func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			})
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.API.Certificate().Raw})
			files := map[string]string{"ca.pem": string(ca), "secret": providertest.Secret}
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(text), 0o600); err != nil {
					return err
				}
			}
			for name, value := range map[string]string{
				"API": p.API.URL, "CA": "ca.pem", "ISSUER": p.Issuer, "ID": "acme-app", "SECRET_FILE": "secret",
			} {
				env.Setenv("S2CD_CLIENT_"+name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "keep": keep},
	})
}

// exits runs a command that has to end with a code: exits CODE COMMAND...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var ended *exec.ExitError
	if err = ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		if ended.ExitCode() != want {
			ts.Fatalf("exit code %d, want %d", ended.ExitCode(), want)
		}
		return
	}
	ts.Check(err)
	if want != 0 {
		ts.Fatalf("exit code 0, want %d", want)
	}
}

// keep sets a variable to what the last command printed after a word that begins
// a line: keep VARIABLE WORD
func keep(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word == args[1] {
			ts.Setenv(args[0], strings.TrimSpace(rest))
			return
		}
	}
	ts.Fatalf("no line begins with %s", args[1])
}
