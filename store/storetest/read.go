// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"slices"
	"testing"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

func readTests() tests {
	return tests{
		"lists are filtered, newest first": testList,
		"VPNs at access points":            testVPNsAt,
		"sessions of a VPN":                testVPN,
		"what is not there":                testNotThere,
		"an inventory is a revision":       testTopology,
	}
}

func testList(t *testing.T, b *bundle) {
	var all []session.ID
	for i := range 6 {
		a := small([]string{"t1", "t2"}[i%2], []string{"v1", "v2"}[i%2])
		a.Session.Name = []string{"x", "x", "y"}[i%3]
		a.Session.Level = []session.LevelName{session.LevelA, session.LevelAA}[i/3]
		a.Session.Client = []string{"c1", "c2"}[i/4]
		all = append([]session.ID{b.admit(t, a).ID}, all...)
	}
	pick := func(at ...int) (out []session.ID) {
		for _, i := range at {
			out = append(out, all[5-i])
		}
		return out
	}
	for name, test := range map[string]struct {
		filter order.Filter
		want   []session.ID
		total  int
	}{
		"all":      {order.Filter{}, all, 6},
		"tenant":   {order.Filter{Tenant: "t1"}, pick(4, 2, 0), 3},
		"client":   {order.Filter{Tenant: "t1", Client: "c2"}, pick(4), 1},
		"name":     {order.Filter{Name: "y"}, pick(5, 2), 2},
		"levels":   {order.Filter{Levels: []session.LevelName{session.LevelA, session.LevelAAA}}, pick(2, 1, 0), 3},
		"statuses": {order.Filter{Statuses: []session.Status{session.Terminated, session.Activated}}, nil, 0},
		"page":     {order.Filter{Offset: 1, Limit: 2}, pick(4, 3), 6},
		"beyond":   {order.Filter{Offset: 9}, nil, 6},
		"nobody":   {order.Filter{Tenant: "t3"}, nil, 0},
	} {
		if test.filter.Limit == 0 {
			test.filter.Limit = 1000
		}
		got, total, err := b.Sessions(t.Context(), test.filter)
		if err != nil || total != test.total {
			t.Errorf("%s: total %d, want %d: %v", name, total, test.total, err)
		}
		if d := same(test.want, ids(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	for _, limit := range []int{0, 1001, -1} {
		_, _, err := b.Sessions(t.Context(), order.Filter{Limit: limit})
		wantCode(t, err, session.OutOfRange)
	}
}

func testVPNsAt(t *testing.T, b *bundle) {
	for _, s := range []struct{ tenant, vpn, a, z string }{
		{"t1", "v1", "p", "q"}, {"t1", "v1", "q", "p"}, {"t1", "v3", "r", "u"}, {"t2", "v2", "p", "q"},
	} {
		one := small(s.tenant, s.vpn)
		one.Session.A.AccessPoint, one.Session.Z.AccessPoint = s.a, s.z
		b.admit(t, one)
	}
	gone := small("t1", "v4")
	gone.Session.A.AccessPoint, gone.Session.Z.AccessPoint = "w", "x"
	b.release(t, b.admit(t, gone))
	for name, test := range map[string]struct {
		a, z string
		want []session.VPNID
	}{
		"both ends":    {"p", "q", []session.VPNID{"v1"}},
		"the other":    {"x", "q", []session.VPNID{"v1"}},
		"two VPNs":     {"r", "p", []session.VPNID{"v1", "v3"}},
		"released":     {"w", "x", nil},
		"nothing such": {"", "y", nil},
	} {
		got, err := b.VPNsAt(t.Context(), "t1", test.a, test.z)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if d := same(test.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func testVPN(t *testing.T, b *bundle) {
	one, two := b.admit(t, small("t1", "v1")), b.admit(t, small("t1", "v1"))
	b.admit(t, small("t1", "v2"))
	b.release(t, two)
	got, err := b.VPN(t.Context(), "v1")
	if err != nil || len(got) != 1 || got[0].ID != one.ID {
		t.Errorf("VPN = %v, %v", ids(got), err)
	}
}

func testNotThere(t *testing.T, b *bundle) {
	_, err := b.Session(t.Context(), "none")
	wantCode(t, err, session.NotFound)
	_, err = b.Timeline(t.Context(), "none")
	wantCode(t, err, session.NotFound)
	if got, err := b.VPN(t.Context(), "none"); err != nil || len(got) != 0 {
		t.Errorf("VPN = %v, %v", got, err)
	}
	if got, err := b.OnDevice(t.Context(), "none"); err != nil || len(got) != 0 {
		t.Errorf("OnDevice = %v, %v", got, err)
	}
	if key, err := b.SlotKey(t.Context(), "none", 1); err != nil || key != "" {
		t.Errorf("SlotKey = %q, %v", key, err)
	}
}

func testTopology(t *testing.T, b *bundle) {
	for i, test := range []struct {
		digest   string
		revision uint64
		changed  bool
	}{{"a", 1, true}, {"a", 1, false}, {"b", 2, true}, {"a", 3, true}} {
		revision, changed, err := b.SaveTopology(t.Context(), test.digest, []byte("body "+test.digest))
		if err != nil || revision != test.revision || changed != test.changed {
			t.Errorf("load %d: revision %d, changed %v, %v; want %+v", i, revision, changed, err, test)
		}
		b.restart(t)
	}
}
