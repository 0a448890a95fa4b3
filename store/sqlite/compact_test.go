// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestCompact decodes one session twice: they are what they were, without room to
// spare, and share their words.
func TestCompact(t *testing.T) {
	t.Parallel()
	want := *storetest.Admission(0).Session
	second := want.Z
	want.Z.Second = &second
	want.Former = &session.Former{Rate: want.Rate, Level: session.LevelA, Route: want.Route}
	want.Charges = []session.Charge{{Level: session.LevelAA, Rate: want.Rate}}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got [2]session.Session
	for i := range got {
		if err := json.Unmarshal(raw, &got[i]); err != nil {
			t.Fatal(err)
		}
		sqlite.Compact(&got[i])
		if d := cmp.Diff(want, got[i], cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})); d != "" {
			t.Errorf("changed (-was +is):\n%s", d)
		}
		charges, prefixes := got[i].Charges, got[i].Z.Second.Routing.Prefixes
		if cap(charges) != len(charges) || cap(prefixes) != len(prefixes) {
			t.Errorf("room for %d of %d and %d of %d", cap(charges), len(charges), cap(prefixes), len(prefixes))
		}
	}
	for i, name := range []string{string(got[0].VPN.ID), got[0].Name} {
		before := []string{string(got[0].ID), string(got[0].ID) + string(got[0].VPN.ID)}[i]
		if unsafe.StringData(name) != (*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(string(got[0].ID))), len(before))) {
			t.Errorf("%q does not lie behind %q", name, before)
		}
	}
	if unsafe.StringData(string(got[0].Route.Forward)) != unsafe.StringData(string(got[1].Former.Route.Forward)) {
		t.Error("a way is there twice")
	}
	if unsafe.StringData(string(got[0].A.Terminal.Attachment.PE)) != unsafe.StringData(string(got[1].Devices[0].Device)) {
		t.Error("a router is there twice")
	}
}
