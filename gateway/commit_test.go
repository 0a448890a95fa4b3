// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	extpb "github.com/openconfig/gnmi/proto/gnmi_ext"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/gateway/gatewaytest"
	"github.com/s2cd/s2cd/southbound"
	render "github.com/s2cd/s2cd/southbound/render/gateway"
)

func TestCommitConfirm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	red, both := config(vpn("red", 1)), config(vpn("red", 1), vpn("blue", 2))
	must(t, b.set(red, commit("a", time.Minute)))
	for name, err := range map[string]error{
		"plain set":        b.set(both),
		"other commit":     b.set(both, commit("b", time.Minute)),
		"same commit":      b.set(both, commit("a", time.Minute)),
		"confirm another":  b.send(confirm("b")),
		"cancel another":   b.send(cancel("b")),
		"prolong another":  b.send(prolong("b", time.Minute)),
		"prolong past day": rename(b.send(prolong("a", 25*time.Hour))),
	} {
		if status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, b.send(prolong("a", time.Hour)))
	must(t, b.send(confirm("a")))
	if err := b.send(confirm("a")); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("confirm twice: %v", err)
	}
	keys := b.slotKeys()
	must(t, b.set(both, commit("c", time.Minute)))
	must(t, b.send(cancel("c")))
	if diff := cmp.Diff(red, b.config(), equate()); diff != "" {
		t.Errorf("after cancel (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(keys, b.slotKeys()); diff != "" {
		t.Errorf("keys that customers were told changed with a cancelled commit (-before +after):\n%s", diff)
	}
	b.restart()
	if diff := cmp.Diff(red, b.config(), equate()); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	must(t, b.set(both))
	must(t, b.set(red))
	if now := b.slotKeys(); now[51822] == keys[51822] || now[51821] != keys[51821] {
		t.Error("the removed tunnel's key must change, the other's stay")
	}
}

// rename makes the refusal of a bad duration comparable with the others.
func rename(err error) error {
	if status.Code(err) == codes.InvalidArgument {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	return err
}

func TestSlotIsHeldUntilRemovalIsConfirmed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(t, b.set(config(vpn("red", 1))))
	key := b.slotKeys()[51821]
	other := vpn("blue", 2)
	other.Tunnels[0].ListenPort = 51821
	if err := b.set(config(other)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("another tunnel in the same Set: %v", err)
	}
	must(t, b.set(config(), commit("a", time.Minute)))
	if b.slotKeys()[51821] != key {
		t.Error("the key changed before the removal was confirmed")
	}
	must(t, b.send(confirm("a")))
	if b.slotKeys()[51821] == key {
		t.Error("the key stays after the removal")
	}
	must(t, b.set(config(other)))
}

func TestPendingCommitSurvivesARestartAsARollback(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	red := config(vpn("red", 1))
	must(t, b.set(red))
	must(t, b.set(config(vpn("blue", 2)), commit("a", time.Hour)))
	b.restart()
	if diff := cmp.Diff(red, b.config(), equate()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	held, _ := b.kernel.Held()
	if diff := cmp.Diff(red, held.Config, equate()); diff != "" {
		t.Errorf("kernel (-want +got):\n%s", diff)
	}
	must(t, b.set(config()))
}

// TestACrashWhileConfirming puts the state folder into what a crash at each
// point of a confirmation leaves.
func TestACrashWhileConfirming(t *testing.T) {
	t.Parallel()
	files := []string{"state/pending.json", "state/config.json", "state/confirmed.json"}
	for name, tc := range map[string]struct {
		old        []string // files as they were before the confirmation
		rolledBack string
	}{
		"before anything":                       {files, "a"},
		"before the configuration":              {files[:2], "a"},
		"before the commit's record is removed": {files[:1], ""},
		"after all":                             {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			red, both := config(vpn("red", 1)), config(vpn("red", 1), vpn("blue", 2))
			must(t, b.set(both, commit("a", time.Minute)))
			must(t, b.send(confirm("a"))) // the same id and the same configuration, once before
			must(t, b.set(red))
			must(t, b.set(both, commit("a", time.Minute)))
			old := map[string][]byte{}
			for _, f := range tc.old {
				text, err := os.ReadFile(b.file(f))
				if !errors.Is(err, fs.ErrNotExist) {
					must(t, err)
					old[f] = text
				}
			}
			must(t, b.send(confirm("a")))
			b.stops.Do(b.stop)
			for _, f := range tc.old {
				_ = os.Remove(b.file(f))
				if text, ok := old[f]; ok {
					must(t, os.WriteFile(b.file(f), text, 0o600))
				}
			}
			b.start()
			want := both
			if tc.rolledBack != "" {
				want = red
			}
			if diff := cmp.Diff(want, b.config(), equate()); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
			said := strings.Contains(fmt.Sprint(b.get(gpb.GetRequest_STATE)), `rolled-back`)
			if said != (tc.rolledBack != "") {
				t.Errorf("reported as rolled back: %v", said)
			}
			must(t, b.set(red))
		})
	}
}

func TestBadExtensions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, tc := range map[string]struct {
		ext  []*extpb.Extension
		code codes.Code
	}{
		"no id":       {[]*extpb.Extension{commit("", time.Minute)}, codes.InvalidArgument},
		"no action":   {[]*extpb.Extension{{Ext: &extpb.Extension_Commit{Commit: &extpb.Commit{Id: "a"}}}}, codes.InvalidArgument},
		"two":         {[]*extpb.Extension{commit("a", time.Minute), commit("b", time.Minute)}, codes.InvalidArgument},
		"two fences":  {[]*extpb.Extension{election(1, 1), election(1, 2)}, codes.InvalidArgument},
		"no duration": {[]*extpb.Extension{commit("a", -time.Second)}, codes.InvalidArgument},
		"depth":       {[]*extpb.Extension{{Ext: &extpb.Extension_Depth{Depth: &extpb.Depth{Level: 1}}}}, codes.Unimplemented},
		"nothing to":  {[]*extpb.Extension{confirm("a")}, codes.FailedPrecondition},
	} {
		if err := b.send(tc.ext...); status.Code(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
	}
	must(t, b.set(config(vpn("red", 1)), commit("a", time.Minute)))
	if err := b.set(config(), confirm("a")); status.Code(err) != codes.InvalidArgument {
		t.Errorf("confirm with changes: %v", err)
	}
}

func TestUnconfirmedCommitRollsBackInTime(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		kernel := gatewaytest.NewKernel()
		a, err := gateway.New(gateway.Config{
			StateDir: dir, FirstSlot: 51820, LastSlot: 51829, Realiser: kernel, Prober: kernel.Prober(),
		})
		must(t, err)
		must(t, a.Start(t.Context()))
		req, err := render.Model{}.Changes(southbound.DeviceConfig{}, config(vpn("red", 1)), 1)
		must(t, err)
		req.Extension = []*extpb.Extension{commit("a", time.Minute)}
		must(t, a.Set(t.Context(), req))
		time.Sleep(59 * time.Second)
		if held, _ := kernel.Held(); len(held.Config.VRFs) != 1 {
			t.Error("undone too early")
		}
		must(t, a.Set(t.Context(), &gpb.SetRequest{Extension: []*extpb.Extension{prolong("a", time.Minute)}}))
		time.Sleep(59 * time.Second)
		if held, _ := kernel.Held(); len(held.Config.VRFs) != 1 {
			t.Error("undone although prolonged")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if held, _ := kernel.Held(); len(held.Config.VRFs) != 0 {
			t.Error("not undone in time")
		}
	})
}
