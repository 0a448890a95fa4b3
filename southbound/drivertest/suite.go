// SPDX-License-Identifier: Apache-2.0

package drivertest

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/southbound"
)

// Harness is one device with what a test must know of it. The device is empty
// but for what is not marked.
type Harness struct {
	Driver southbound.Driver
	// VRF returns the i-th of at least three VRFs that the device takes, with
	// marks of epoch Epoch and no object in common. nil: RouterVRF.
	VRF func(i int) southbound.VRF
	// Refused makes the device refuse a VRF for good.
	Refused func(v *southbound.VRF)
	// Unowned gives a VRF the place of something on the device that has no
	// mark. nil: there is nothing.
	Unowned func(v *southbound.VRF)
	// Edit changes a VRF in a small way that the device takes. nil: its first
	// static route goes.
	Edit func(v *southbound.VRF)
	// Writes counts what has been written to the device so far; it does not
	// grow when nothing is. nil: not known.
	Writes func() int
	// Foreign returns what is on the device without a mark, which has to stay
	// as it is. nil: not known.
	Foreign func() string
	// Fence is the highest fencing number that the device has seen.
	Fence uint64
	// Another returns a second driver of the same device, as another daemon
	// has. nil: Driver itself.
	Another func() southbound.Driver
}

// Epoch is the store epoch of the suite's marks.
const Epoch = 3

const (
	patience  = 20 * time.Second // until a device did something by itself
	tick      = 20 * time.Millisecond
	longTimer = 60 * time.Second
)

// Run checks that a driver keeps the promises of package southbound. Every
// subtest gets a device of its own from setup.
func Run(t *testing.T, setup func(t *testing.T) Harness) {
	t.Helper()
	for _, tc := range []struct {
		name string
		test func(s *suite)
	}{
		{"ApplyReadBackConfirm", (*suite).applyReadBackConfirm},
		{"CancelRestores", (*suite).cancelRestores},
		{"UnconfirmedRollsBack", (*suite).unconfirmedRollsBack},
		{"SameAgainWritesNothing", (*suite).sameAgainWritesNothing},
		{"SmallChange", (*suite).smallChange},
		{"UnmarkedIsNeverTouched", (*suite).unmarkedIsNeverTouched},
		{"DeleteOfMissingIsNoError", (*suite).deleteOfMissing},
		{"OldFenceIsFenced", (*suite).oldFence},
		{"RefusedLeavesAllAsItWas", (*suite).refused},
		{"SecondCommitIsBusy", (*suite).secondCommit},
		{"ConfirmOfNothingIsInDoubt", (*suite).confirmOfNothing},
		{"AnotherDaemonConfirms", (*suite).anotherConfirms},
		{"Observe", (*suite).observe},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			if h.VRF == nil {
				h.VRF = RouterVRF
			}
			if h.Edit == nil {
				h.Edit = func(v *southbound.VRF) { v.Routes = v.Routes[1:] }
			}
			if h.Another == nil {
				h.Another = func() southbound.Driver { return h.Driver }
			}
			tc.test(&suite{T: t, Harness: h})
		})
	}
}

// RouterVRF is a VRF of a PE: an attachment with rates, static routes, a BGP
// neighbour; i counts from 0.
func RouterVRF(i int) southbound.VRF {
	n := byte(i + 1)
	name := "cust" + string('0'+rune(n))
	gw := netip.AddrFrom4([4]byte{192, 0, 2, 1})
	ce := gw.Next()
	c := southbound.DeviceConfig{VRFs: []southbound.VRF{{
		Name: name, Mark: southbound.Mark{Epoch: Epoch, VPN: "vpn-" + name},
		RD: "65000:1" + string('0'+rune(n)), ImportRTs: []string{"65000:100"}, ExportRTs: []string{"65000:100", "65000:101"},
		Attachments: []southbound.Attachment{{
			Port: "eth1", VLAN: 100 + uint16(n), MTU: 1500, PoliceKbps: 5000, ShapeKbps: 10_000, Description: "site " + name,
			Addresses: []netip.Prefix{
				netip.PrefixFrom(gw, 24),
				netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 5: n, 15: 1}), 64),
			},
		}},
		Routes: []southbound.StaticRoute{
			{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, n}), 16), NextHop: ce},
			{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 100 + n}), 16), NextHop: ce},
		},
		Neighbors: []southbound.BGPNeighbor{{Address: ce, LocalAS: 65000, PeerAS: 64500 + uint32(n), MaxPrefixes: 50}},
	}}}
	c.Normalize()
	return c.VRFs[0]
}

type suite struct {
	*testing.T
	Harness
	serial int
}

// config is the configuration of these VRFs.
func (s *suite) config(vrfs ...southbound.VRF) southbound.DeviceConfig {
	c := southbound.DeviceConfig{VRFs: vrfs}
	c.Normalize()
	return c
}

// tx makes a transaction with an id of its own.
func (s *suite) tx(have, want southbound.DeviceConfig) southbound.Transaction {
	s.serial++
	return southbound.Transaction{
		ID: s.Name()[max(0, len(s.Name())-20):] + "-" + string('a'+rune(s.serial)), Fence: s.Fence + 10, Epoch: Epoch,
		Have: have, Want: want, Rollback: longTimer,
	}
}

func (s *suite) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), longTimer)
	s.Cleanup(cancel)
	return ctx
}

func (s *suite) read() southbound.DeviceConfig {
	s.Helper()
	c, err := s.Driver.Read(s.ctx())
	if err != nil {
		s.Fatalf("read: %v", err)
	}
	return c
}

func (s *suite) expect(what string, want southbound.DeviceConfig) {
	s.Helper()
	if diff := cmp.Diff(want, s.read(), Comparers()); diff != "" {
		s.Fatalf("%s: device (-want +got)\n%s", what, diff)
	}
}

func (s *suite) apply(tx southbound.Transaction) {
	s.Helper()
	if err := s.Driver.Apply(s.ctx(), tx); err != nil {
		s.Fatalf("apply: %v", err)
	}
}

func (s *suite) confirm(tx southbound.Transaction) {
	s.Helper()
	if err := s.Driver.Confirm(s.ctx(), tx); err != nil {
		s.Fatalf("confirm: %v", err)
	}
}

// commit brings the device from have to want.
func (s *suite) commit(have, want southbound.DeviceConfig) {
	s.Helper()
	tx := s.tx(have, want)
	s.apply(tx)
	s.confirm(tx)
}

func (s *suite) fails(what string, err error, kind southbound.Kind) {
	s.Helper()
	if err == nil {
		s.Fatalf("%s: no error, want %s", what, kind)
	}
	if got := southbound.KindOf(err); got != kind {
		s.Fatalf("%s: %s (%v), want %s", what, got, err, kind)
	}
}

func (s *suite) writes() int {
	if s.Writes == nil {
		return 0
	}
	return s.Writes()
}

func (s *suite) foreign() string {
	if s.Foreign == nil {
		return ""
	}
	return s.Foreign()
}

// Comparers lets go-cmp compare a DeviceConfig.
func Comparers() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	}
}
