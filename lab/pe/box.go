// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/s2cd/s2cd/lab/frr"
)

// Box is the Linux network namespace and the FRR that a PE consists of. Apply
// is not safe for concurrent use.
type Box struct {
	links *netlink.Handle
	frr   string // folder with the vty sockets

	have   Plan
	assume bool            // the next plan is what is there, if all its devices are
	dirty  map[string]bool // objects of which it is not known what there is
}

// NewBox takes the namespace's netlink handle and the folder with FRR's vty
// sockets. It holds nothing of what it finds there for its own.
func NewBox(links *netlink.Handle, frrDir string) *Box {
	return &Box{links: links, frr: frrDir, have: emptyPlan(), dirty: map[string]bool{}}
}

func emptyPlan() Plan {
	return Plan{Ports: map[string]Port{}, Subifs: map[string]Subif{}, VRFs: map[string]VRF{}, Rates: map[string]Rate{}}
}

// Apply makes the box what the plan says. What it did before an error stays
// done and known, so that applying the plan before undoes it. halfway, if not
// nil, is called between the links and the routing; its error counts.
func (b *Box) Apply(ctx context.Context, want *Plan, halfway func() error) error {
	if b.assume {
		b.assume = false
		if b.holds(want) {
			b.have = clonePlan(*want)
			return nil
		}
		if err := b.Adopt(); err != nil {
			return err
		}
	}
	steps := []func(context.Context, *Plan) error{b.removeRates, b.removeRouting, b.removeLinks, b.applyPorts, b.applyVRFs, b.applySubifs, b.applyRates}
	for _, step := range steps {
		if err := step(ctx, want); err != nil {
			return err
		}
	}
	if halfway != nil {
		if err := halfway(); err != nil {
			return err
		}
	}
	return b.applyRouting(ctx, want)
}

// Assume says that the next plan is what the box has been left with, so that a
// restart interrupts no traffic.
func (b *Box) Assume() { b.assume = true }

// holds looks whether all devices of a plan are there.
func (b *Box) holds(p *Plan) bool {
	links, err := listLinks(b.links)
	if err != nil {
		return false
	}
	names := map[string]bool{}
	for _, l := range links {
		names[l.Attrs().Name] = true
	}
	for name := range p.VRFs {
		if !names[name] {
			return false
		}
	}
	for name := range p.Subifs {
		if !names[name] {
			return false
		}
	}
	return true
}

func clonePlan(p Plan) Plan {
	return Plan{Ports: maps.Clone(p.Ports), Subifs: maps.Clone(p.Subifs), VRFs: maps.Clone(p.VRFs), Rates: maps.Clone(p.Rates)}
}

// change runs f, which is to make object what it should be. When f fails the
// object's state is unknown until the next time.
func (b *Box) change(object string, f func() error) error {
	b.dirty[object] = true
	if err := f(); err != nil {
		return fmt.Errorf("%s: %w", object, err)
	}
	delete(b.dirty, object)
	return nil
}

func vrfKey(name string) string   { return "vrf " + name }
func bgpKey(name string) string   { return "bgp of vrf " + name }
func subifKey(name string) string { return "subinterface " + name }
func rateKey(name string) string  { return "rate of " + name }

// removeRouting comes before the devices go: FRR then forgets everything.
func (b *Box) removeRouting(ctx context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(b.have.VRFs)) {
		w, keep := want.VRFs[name]
		h := b.have.VRFs[name]
		// The AS or RD under a running instance is not changed in place.
		if keep && !b.dirty[bgpKey(name)] && (h.AS == w.AS && h.RouterID == w.RouterID || h.AS == 0) {
			continue
		}
		err := b.change(bgpKey(name), func() error { return b.clearRouting(ctx, name, h) })
		if err != nil {
			return err
		}
		h.AS, h.Statics, h.Neighbors = 0, nil, nil
		b.have.VRFs[name] = VRF{}
	}
	return nil
}

// clearRouting takes everything of a VRF off FRR, also what is only maybe
// there, by what FRR itself shows.
func (b *Box) clearRouting(ctx context.Context, name string, _ VRF) error {
	for daemon, match := range map[string]func(line string) bool{
		"bgpd":    func(l string) bool { return strings.HasPrefix(l, "router bgp ") && strings.HasSuffix(l, " vrf "+name) },
		"staticd": func(l string) bool { return strings.HasPrefix(l, "ip route ") && strings.HasSuffix(l, " vrf "+name) },
	} {
		text, err := frr.Show(ctx, b.frr, daemon, "show running-config")
		if err != nil {
			return err
		}
		if err := frr.Configure(ctx, b.frr, daemon, negate(text, name, match)); err != nil {
			return err
		}
	}
	return nil
}

// negate gives the "no" lines for what of a VRF is in a running configuration.
// Static routes are shown within a block of their VRF.
func negate(config, vrf string, match func(string) bool) []string {
	var lines []string
	inside := false
	for raw := range strings.Lines(config) {
		line := strings.TrimSpace(raw)
		switch {
		case line == "vrf "+vrf:
			inside = true
		case line == "exit-vrf" || line == "exit":
			inside = false
		case inside && strings.HasPrefix(line, "ip route "):
			lines = append(lines, "no "+line+" vrf "+vrf)
		case match(line):
			lines = append(lines, "no "+line)
		}
	}
	return lines
}

func (b *Box) applyRouting(ctx context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(want.VRFs)) {
		w, h := want.VRFs[name], b.have.VRFs[name]
		if equal(w, h) {
			continue
		}
		err := b.change(bgpKey(name), func() error {
			return errors.Join(
				frr.Configure(ctx, b.frr, "bgpd", bgpLines(name, &h, w)),
				frr.Configure(ctx, b.frr, "staticd", staticLines(name, h.Statics, w.Statics)),
				b.waitBGP(ctx, name, w))
		})
		if err != nil {
			return err
		}
		b.have.VRFs[name] = w
	}
	return nil
}

// pollEvery is how often zebra is asked whether it has seen a change, give up
// after pollFor. It takes milliseconds, and a third of a second at worst.
const (
	pollEvery = 5 * time.Millisecond
	pollFor   = 15 * time.Second
)

// waitZebra waits until zebra shows all of the texts for an interface. An
// address added before zebra has moved the interface into its VRF is lost to
// it, and everything looks right but that route.
func (b *Box) waitZebra(ctx context.Context, device string, texts ...string) error {
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	conn, err := frr.Dial(ctx, b.frr, "zebra")
	if err != nil {
		return err
	}
	defer conn.Close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		// An interface that zebra has not seen yet is a refused command.
		shown, err := conn.Run("show interface " + device)
		var refused *frr.CommandError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if containsAll(shown, texts) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("zebra does not show %q for %s: %w", texts, device, ctx.Err())
		case <-tick.C:
		}
	}
}

// waitBGP waits until bgpd has joined its instance with the device, which it knows
// by the number of its interface: it learns of the device from zebra, in its own
// time, and for a while after a VRF was made anew still knows the one before.
func (b *Box) waitBGP(ctx context.Context, name string, v VRF) error {
	if v.AS == 0 {
		return nil
	}
	device, err := b.links.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find vrf %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		text, err := frr.Show(ctx, b.frr, "bgpd", "show bgp vrfs json")
		if err != nil {
			return err
		}
		var shown struct {
			VRFs map[string]struct {
				ID int64 `json:"vrfId"`
			} `json:"vrfs"`
		}
		if err := json.Unmarshal([]byte(text), &shown); err != nil {
			return fmt.Errorf("read VRFs of bgpd: %w", err)
		}
		if i, ok := shown.VRFs[name]; ok && i.ID == int64(device.Attrs().Index) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("bgpd does not know the device of vrf %s: %w", name, ctx.Err())
		case <-tick.C:
		}
	}
}

func containsAll(s string, texts []string) bool {
	for _, t := range texts {
		if !strings.Contains(s, t) {
			return false
		}
	}
	return true
}

// Adopt takes over what an earlier process left on the box: the next Apply
// removes it, or makes it anew.
func (b *Box) Adopt() error {
	links, err := listLinks(b.links)
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	for _, l := range links {
		name := l.Attrs().Name
		switch l.(type) {
		case *netlink.Vrf:
			b.have.VRFs[name] = VRF{}
			b.dirty[vrfKey(name)], b.dirty[bgpKey(name)] = true, true
		case *netlink.Vlan:
			b.have.Subifs[name] = Subif{}
			b.dirty[subifKey(name)] = true
		}
	}
	return nil
}
