// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// standIn lets a veth's end stand for a VRF device that is ours.
func standIn(t *testing.T, w *work, nl *netlink.Handle, vrf southbound.VRF, table uint32) {
	t.Helper()
	must(t, nl.LinkAdd(&netlink.Veth{LinkAttrs: probeAttrs(vrf.Name), PeerName: vrf.Name + "-peer"}))
	l, err := nl.LinkByName(vrf.Name)
	must(t, err)
	must(t, nl.LinkSetAlias(l, markOf(vrf.Mark)))
	l, err = nl.LinkByName(vrf.Name)
	must(t, err)
	w.links[vrf.Name] = &netlink.Vrf{LinkAttrs: *l.Attrs(), Table: table}
}

// TestOneBrokenVRFTakesNoOtherDown has one VRF whose port is missing before
// one that is fine.
func TestOneBrokenVRFTakesNoOtherDown(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "iso")
	r := newRealiser(t, name, "")
	w := newWork(t, r)
	red := southbound.VRF{
		Name: "red", Mark: southbound.Mark{Epoch: 1, VPN: "r"},
		Attachments: []southbound.Attachment{{Port: "nowhere", VLAN: 5}, {Port: "nowhere", VLAN: 6}},
		Routes:      []southbound.StaticRoute{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Tunnel: "wg9"}},
	}
	blue := southbound.VRF{Name: "blue", Mark: southbound.Mark{Epoch: 1, VPN: "b"}}
	standIn(t, w, nl, red, 10000)
	standIn(t, w, nl, blue, 10001)
	w.want.Config.VRFs = []southbound.VRF{red, blue}
	err := w.vrfs()
	for _, s := range []string{
		"vrf red attachment nowhere.5: port nowhere is not there", "vrf red attachment nowhere.6", "vrf red route 10.0.0.0/8",
	} {
		if err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("error %v lacks %q", err, s)
		}
	}
	var object *gateway.ObjectError
	if !errors.As(err, &object) || object.VRF != "red" || strings.Contains(err.Error(), "blue") {
		t.Errorf("blamed: %v", err)
	}
	have, err := r.ownRoutes()
	must(t, err)
	tables := map[int]int{}
	for _, h := range have {
		tables[h.Table]++
	}
	if tables[10000] != 2 || tables[10001] != 2 {
		t.Errorf("unreachable defaults by table: %v, want 2 each", tables)
	}
}

// TestUnpreparedVRFKeepsItsRoutes wants the table of a VRF device that could
// not be taken in hand left alone.
func TestUnpreparedVRFKeepsItsRoutes(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "kept")
	r := newRealiser(t, name, "")
	w := newWork(t, r)
	red := southbound.VRF{Name: "red", Mark: southbound.Mark{Epoch: 1, VPN: "r"}}
	standIn(t, w, nl, red, 10000)
	must(t, w.unreachable(10000))
	must(t, w.unreachable(10007))
	w.stuck["red"] = true
	w.want.Config.VRFs = []southbound.VRF{red}
	if err := w.vrfs(); err == nil || !strings.Contains(err.Error(), "vrf red: the former device red cannot be removed") {
		t.Errorf("error %v", err)
	}
	have, err := r.ownRoutes()
	must(t, err)
	if len(have) != 2 || have[0].Table != 10000 || have[1].Table != 10000 {
		t.Errorf("left: %v, want red's two unreachable defaults", have)
	}
}

func TestJournalForgetsWhatWasNotMade(t *testing.T) {
	t.Parallel()
	name, nl := newNamespace(t, "jrf")
	w := newWork(t, newRealiser(t, name, ""))
	veth := func(link string) *netlink.Veth {
		return &netlink.Veth{LinkAttrs: probeAttrs(link), PeerName: link + "-peer"}
	}
	for link, tc := range map[string]struct {
		add  func() error
		kept bool // the entry
	}{
		"none": {func() error { return errors.New("no room") }, false},
		"late": {func() error { // somebody else was quicker
			must(t, nl.LinkAdd(veth("late")))
			return nl.LinkAdd(veth("late"))
		}, false},
		"half": {func() error {
			must(t, nl.LinkAdd(veth("half")))
			return errors.New("died")
		}, true},
	} {
		if _, err := w.make(veth(link), "s2cd:1:x", tc.add); err == nil {
			t.Errorf("%s: no error", link)
		}
		if w.making(link) != tc.kept {
			t.Errorf("%s: journal entry kept: %v, want %v", link, !tc.kept, tc.kept)
		}
	}
}
