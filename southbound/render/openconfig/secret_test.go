// SPDX-License-Identifier: Apache-2.0

package openconfig_test

import (
	"errors"
	"strings"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
	"github.com/s2cd/s2cd/southbound/render/openconfig"
)

// keysAsked counts how often each key is asked for; none can be had of lost.
func keysAsked(t *testing.T, p openconfig.Platform, lost string) (*openconfig.Model, map[string]int) {
	t.Helper()
	asked := map[string]int{}
	m, err := openconfig.New(openconfig.Config{AS: 65000, Platform: p, Secret: func(ref string) (string, error) {
		asked[ref]++
		if ref == lost {
			return "", errors.New("it does not open")
		}
		return "key of " + ref, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m, asked
}

func quiet() openconfig.Platform {
	p := everything()
	p.ReadsSecrets = false
	return p
}

// TestKeysAreAskedForWhereTheyAreWritten changes things beside a neighbour whose
// key cannot be had, then the neighbour.
func TestKeysAreAskedForWhereTheyAreWritten(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit func(*southbound.VRF)
		asks bool
	}{
		"rate":       {func(v *southbound.VRF) { v.Attachments[0].PoliceKbps++ }, false},
		"route":      {func(v *southbound.VRF) { v.Routes = nil }, false},
		"target":     {func(v *southbound.VRF) { v.ImportRTs = nil }, false},
		"gone":       {func(v *southbound.VRF) { v.Neighbors = nil }, false},
		"limit":      {func(v *southbound.VRF) { v.Neighbors[0].MaxPrefixes++ }, true},
		"AS":         {func(v *southbound.VRF) { v.Neighbors[0].PeerAS++ }, true},
		"new VRF":    {func(v *southbound.VRF) { v.Name = "another" }, true},
		"no key now": {func(v *southbound.VRF) { v.Neighbors[0].Secret = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have, want := sample(), drivertest.Clone(sample())
			tc.edit(&want.VRFs[0])
			m, asked := keysAsked(t, quiet(), "vault:a")
			_, err := m.Changes(have, want, epoch)
			var oe *southbound.OpError
			if errors.As(err, &oe) != tc.asks || tc.asks && oe.Kind != southbound.NoKey || !tc.asks && err != nil {
				t.Errorf("error %v", err)
			}
			if (asked["vault:a"] > 0) != tc.asks {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

// TestHiddenKeys reads back devices that show a key as nothing, as stars or as a
// hash: nothing differs, and another key is still written.
func TestHiddenKeys(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]string{
		"left out": ``, "stars": `"auth-password":"*****",`, "a hash": `"auth-password":"$9$abc.d",`, "as written": `"auth-password":"key of vault:a",`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, asked := keysAsked(t, quiet(), "")
			body := rendered(t)
			if strings.Count(body, `"auth-password":"key of vault:a",`) != 1 {
				t.Fatal(body)
			}
			have, err := m.ParseConfig(answer(strings.Replace(body, `"auth-password":"key of vault:a",`, shown, 1)))
			if err != nil {
				t.Fatal(err)
			}
			want := sample()
			if !have.Equal(want) {
				t.Errorf("read %+v, want %+v", have, want)
			}
			if req, err := m.Changes(have, want, epoch); err != nil || len(req.GetReplace())+len(req.GetUpdate())+len(req.GetDelete()) != 0 {
				t.Errorf("what is there is written again: %v, %v", req, err)
			}
			want.VRFs[0].Neighbors[0].Secret = "vault:b"
			req, err := m.Changes(have, want, epoch)
			if err != nil || !sends(req, "key of vault:b") || asked["vault:a"] != 0 {
				t.Errorf("another key: %v, %v; asked for %v", req, err, asked)
			}
			want.VRFs[0].Neighbors[0].Secret = ""
			req, err = m.Changes(have, want, epoch)
			if err != nil || len(req.GetReplace()) != 1 || sends(req, "auth-password") || sends(req, "vault:") {
				t.Errorf("no key: %v, %v", req, err)
			}
		})
	}
}

func sends(req *gpb.SetRequest, text string) bool {
	for _, u := range req.GetReplace() {
		if strings.Contains(string(u.GetVal().GetJsonIetfVal()), text) {
			return true
		}
	}
	return false
}
