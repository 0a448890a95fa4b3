// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// breaks has the kernel fail for those of the VRFs that are wanted, and for
// those that are not where they begin with "-".
func breaks(names ...string) func(gateway.Desired) error {
	return func(d gateway.Desired) error {
		var faults []error
		for _, name := range names {
			vrf, gone := strings.CutPrefix(name, "-")
			wanted := slices.ContainsFunc(d.Config.VRFs, func(v southbound.VRF) bool { return v.Name == vrf })
			if wanted != gone {
				faults = append(faults, &gateway.ObjectError{VRF: vrf, Object: "vrf " + vrf, Err: errors.New("no room")})
			}
		}
		return errors.Join(faults...)
	}
}

func TestABrokenVRFStopsNoOtherSet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	red, both := config(vpn("red", 1)), config(vpn("red", 1), vpn("blue", 2))
	must(t, b.set(red))
	b.kernel.Refuse(breaks("red"))
	must(t, b.set(both))
	must(t, b.set(red, commit("a", time.Minute)))
	must(t, b.send(confirm("a")))
	must(t, b.set(both))
	if diff := cmp.Diff(both, b.config(), equate()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if all := fmt.Sprint(b.get(gpb.GetRequest_STATE)); !strings.Contains(all, "vrf red: no room") {
		t.Error("the fault of red is not in the state")
	}
	worse := config(vpn("red", 1), vpn("blue", 2))
	worse.VRFs[1].Tunnels[0].EgressKbps = 1
	for _, ext := range [][]*extpb.Extension{nil, {commit("b", time.Minute)}} {
		err := b.set(worse, ext...)
		if status.Code(err) != codes.Aborted || !strings.Contains(err.Error(), "vrf red: no room") {
			t.Errorf("a change of the broken VRF itself: %v", err)
		}
	}
	must(t, b.set(config(vpn("blue", 2)))) // and it can be removed
}

func TestAFailedPutBackIsNotCalledAborted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1))))
	b.kernel.Refuse(breaks("blue", "-blue"))
	for _, ext := range [][]*extpb.Extension{nil, {commit("b", time.Minute)}} {
		err := b.set(config(vpn("red", 1), vpn("blue", 2)), ext...)
		if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "could not be put back") {
			t.Errorf("set: %v", err)
		}
		b.kernel.Refuse(nil)
		must(t, b.set(config(vpn("red", 1))))
		must(t, b.set(config(vpn("red", 1), vpn("green", 3))))
		must(t, b.set(config(vpn("red", 1))))
		b.kernel.Refuse(breaks("blue", "-blue"))
	}
	b.kernel.Refuse(func(gateway.Desired) error { return errors.New("no netlink") })
	if err := b.set(config(vpn("red", 1), vpn("blue", 2))); status.Code(err) != codes.Internal {
		t.Errorf("nothing works: %v", err)
	}
}

// TestASetOfACallerThatGaveUpIsNotCarriedOut has one Set wait behind another
// until its context ends.
func TestASetOfACallerThatGaveUpIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	entered, proceed := make(chan struct{}), make(chan struct{})
	b.kernel.Refuse(func(gateway.Desired) error {
		entered <- struct{}{}
		<-proceed
		return nil
	})
	first, second := make(chan error, 1), make(chan error, 1)
	red, blue := request(t, b, vpn("red", 1)), request(t, b, vpn("blue", 2))
	go func() { first <- b.agent.Set(t.Context(), red) }()
	<-entered
	ctx, giveUp := context.WithCancel(t.Context())
	go func() { second <- b.agent.Set(ctx, blue) }()
	giveUp()
	close(proceed)
	must(t, <-first)
	if err := <-second; status.Code(err) != codes.Canceled {
		t.Errorf("the second: %v", err)
	}
	if diff := cmp.Diff(config(vpn("red", 1)), b.config(), equate()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// request is a Set that adds vrfs.
func request(t *testing.T, b *bench, vrfs ...southbound.VRF) *gpb.SetRequest {
	t.Helper()
	req, err := b.model.Changes(southbound.DeviceConfig{}, config(vrfs...), 1)
	must(t, err)
	return req
}
