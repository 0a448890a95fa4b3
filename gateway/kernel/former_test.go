// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

// TestPurgeGivesSettingsBack has a host with one device that forwards, one that
// learns from router advertisements and one that does neither.
func TestPurgeGivesSettingsBack(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "frm")
	for _, link := range []string{"fw", "learn"} {
		must(t, nl.LinkAdd(&netlink.Veth{LinkAttrs: probeAttrs(link), PeerName: link + "-p"}))
	}
	folder := filepath.Join(t.TempDir(), "k")
	r, err := open(Config{Namespace: name, Folder: folder})
	must(t, err)
	defer r.Close()
	must(t, r.ns.do(func() error {
		return errors.Join(
			writeSysctl(filepath.Join(sysctlRoot, "ipv6/conf/fw/forwarding"), "1"),
			writeSysctl(filepath.Join(sysctlRoot, "ipv6/conf/fw-p/accept_ra"), "0"),
		)
	}))
	before := settings(t, r)
	for range 2 { // the second finds its own values and must not take them for former ones
		must(t, newWork(t, r).forwardIPv6())
	}
	during := settings(t, r)
	if during["all/forwarding"] != "1" || during["learn/accept_ra"] != "2" || during["fw-p/accept_ra"] != "0" {
		t.Errorf("forwarding: %v", during)
	}
	// As after a crash in the middle: what is known stays, the rest is done again.
	must(t, r.ns.do(func() error { return writeSysctl(filepath.Join(sysctlRoot, "ipv6/conf/all/forwarding"), "0") }))
	must(t, newWork(t, r).forwardIPv6())
	must(t, Purge(t.Context(), Config{Namespace: name, Folder: folder}))
	if diff := cmp.Diff(before, settings(t, r)); diff != "" {
		t.Errorf("settings (-before +after):\n%s", diff)
	}
	if _, err := os.Stat(r.formerFile()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of former settings: %v", err)
	}
	must(t, Purge(t.Context(), Config{Namespace: name, Folder: folder}))
}

func settings(t *testing.T, r *Realiser) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, r.ns.do(func() error {
		for _, what := range []string{"forwarding", "accept_ra"} {
			list, err := filepath.Glob(filepath.Join(sysctlRoot, "ipv6/conf/*", what))
			if err != nil {
				return err
			}
			for _, f := range list {
				if out[filepath.Base(filepath.Dir(f))+"/"+what], err = readSysctl(f); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	return out
}
