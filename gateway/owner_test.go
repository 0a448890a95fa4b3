// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/southbound"
)

func TestAVRFStaysWithItsOwner(t *testing.T) {
	t.Parallel()
	marked := func(v southbound.VRF, epoch uint64, vpn string) southbound.VRF {
		v.Mark = southbound.Mark{Epoch: epoch, VPN: vpn}
		return v
	}
	mine := func() southbound.VRF { return marked(vpn("red", 1), 5, "mine") }
	smaller := func() southbound.VRF {
		v := mine()
		v.Probes = nil
		return v
	}
	for name, tc := range map[string]struct {
		next []southbound.VRF
		says string // empty: it is carried out
	}{
		"same epoch":         {[]southbound.VRF{smaller()}, ""},
		"newer epoch":        {[]southbound.VRF{marked(vpn("red", 1), 6, "mine")}, ""},
		"older epoch":        {[]southbound.VRF{marked(vpn("red", 1), 4, "mine")}, "vrf red is of epoch 5, newer than 4"},
		"another vpn":        {[]southbound.VRF{marked(vpn("red", 1), 6, "other")}, "vrf red belongs to vpn mine, not to vpn other"},
		"deleted":            {[]southbound.VRF{}, ""},
		"deleted by older":   {[]southbound.VRF{marked(vpn("blue", 2), 4, "b")}, "vrf red is of epoch 5, newer than 4, and cannot be deleted"},
		"deleted by newer":   {[]southbound.VRF{marked(vpn("blue", 2), 6, "b")}, ""},
		"older beside it":    {[]southbound.VRF{mine(), marked(vpn("blue", 2), 4, "b")}, ""},
		"renamed within vpn": {[]southbound.VRF{marked(vpn("crimson", 2), 5, "mine")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			must(t, b.set(config(mine())))
			_, applies := b.kernel.Held()
			err := b.set(config(tc.next...))
			if tc.says == "" {
				must(t, err)
				return
			}
			if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %q", err, tc.says)
			}
			if _, now := b.kernel.Held(); now != applies {
				t.Error("the kernel was touched")
			}
		})
	}
}
