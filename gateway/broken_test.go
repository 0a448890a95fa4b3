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
		b.agent.Kick()
		b.untilConfig(config(vpn("red", 1)))
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

func TestConfigurationIsUnavailableWhileARemovedVRFIsThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	red := config(vpn("red", 1))
	must(t, b.set(red))
	b.kernel.Refuse(breaks("red"))
	must(t, b.set(config(vpn("red", 1), vpn("green", 3))))
	b.config() // a fault of a configured VRF hides nothing
	b.kernel.Refuse(nil)
	must(t, b.set(config(vpn("red", 1), vpn("blue", 2)), commit("a", time.Minute)))
	for name, f := range map[string]func(gateway.Desired) error{
		"blue": breaks("-blue"), "blue and any": func(gateway.Desired) error { return errors.New("no netlink") },
	} {
		b.kernel.Refuse(f)
		if err := b.send(cancel("a")); status.Code(err) != codes.Internal {
			t.Errorf("%s: cancel: %v", name, err)
		}
		for kind, want := range map[gpb.GetRequest_DataType]codes.Code{
			gpb.GetRequest_CONFIG: codes.Unavailable, gpb.GetRequest_ALL: codes.Unavailable, gpb.GetRequest_STATE: codes.OK,
		} {
			_, err := b.client.Get(t.Context(), &gpb.GetRequest{Type: kind, Encoding: gpb.Encoding_JSON_IETF})
			if status.Code(err) != want || err != nil && !strings.Contains(err.Error(), "vrf blue") {
				t.Errorf("%s: get %s: %v, want %s", name, kind, err, want)
			}
		}
		b.kernel.Refuse(nil)
		b.agent.Kick()
		b.untilConfig(config(vpn("red", 1), vpn("green", 3)))
		must(t, b.set(config(vpn("red", 1), vpn("blue", 2)), commit("a", time.Minute)))
	}
}

// untilConfig waits until the configuration can be read again.
func (b *bench) untilConfig(want southbound.DeviceConfig) {
	b.t.Helper()
	for b.t.Context().Err() == nil {
		resp, err := b.client.Get(b.t.Context(), &gpb.GetRequest{
			Path: b.model.ConfigPaths(), Type: gpb.GetRequest_CONFIG, Encoding: gpb.Encoding_JSON_IETF,
		})
		if status.Code(err) == codes.Unavailable {
			continue
		}
		must(b.t, err)
		got, err := b.model.ParseConfig(resp.GetNotification())
		must(b.t, err)
		if diff := cmp.Diff(want, got, equate()); diff != "" {
			b.t.Errorf("configuration (-want +got):\n%s", diff)
		}
		return
	}
}
