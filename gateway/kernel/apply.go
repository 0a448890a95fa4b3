// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// work is one Apply: the wanted tree beside what the kernel has.
type work struct {
	*Realiser
	ctx    context.Context
	want   gateway.Desired
	links  map[string]netlink.Link
	stuck  map[string]bool // links that should be gone and are not
	tables map[string]int  // VRF -> routing table
	faults []string
}

func (r *Realiser) newWork(ctx context.Context, want gateway.Desired) *work {
	return &work{Realiser: r, ctx: ctx, want: want, stuck: map[string]bool{}, tables: map[string]int{}}
}

// Apply implements gateway.Realiser. What is gone is removed first, so that
// its VLANs, ports and names are free for what comes.
func (r *Realiser) Apply(ctx context.Context, want gateway.Desired) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.newWork(ctx, want)
	err := w.run()
	return w.faults, err
}

func (w *work) run() error {
	if err := w.readLinks(); err != nil {
		return err
	}
	gone := w.removeUnwanted()
	if len(w.want.Config.VRFs) > 0 {
		if err := w.host(); err != nil {
			return errors.Join(gone, err)
		}
	}
	err := errors.Join(gone, w.vrfs())
	w.clampMSS()
	return err
}

// vrfs makes every VPN's devices, then all routes: one VPN that fails takes no
// other down.
func (w *work) vrfs() error {
	var faults []error
	for _, v := range w.want.Config.VRFs {
		faults = append(faults, w.vrf(v))
	}
	return errors.Join(append(faults, w.routes())...)
}

// vrf makes one VPN's devices. What can be made of it is made.
func (w *work) vrf(v southbound.VRF) error {
	object := "vrf " + v.Name
	if err := ctxErr(w.ctx); err != nil {
		return &gateway.ObjectError{VRF: v.Name, Object: object, Err: err}
	}
	master, err := w.vrfDevice(v)
	if err != nil {
		return &gateway.ObjectError{VRF: v.Name, Object: object, Err: err}
	}
	var faults []error
	for _, a := range v.Attachments {
		if err := w.attachment(v, a, master); err != nil {
			faults = append(faults, &gateway.ObjectError{
				VRF: v.Name, Object: fmt.Sprintf("%s attachment %s.%d", object, a.Port, a.VLAN), Err: err,
			})
		}
	}
	for _, t := range v.Tunnels {
		if err := w.tunnel(v, t, master); err != nil {
			faults = append(faults, &gateway.ObjectError{VRF: v.Name, Object: object + " tunnel " + t.Name, Err: err})
		}
	}
	return errors.Join(faults...)
}

// member puts a link into its VRF with its mark, MTU and addresses, and up.
// The order matters: entering a VRF flushes IPv6 addresses.
func (w *work) member(l netlink.Link, master netlink.Link, mtu int, alias string, addrs []netip.Prefix) error {
	a := l.Attrs()
	if a.Alias != alias {
		if err := w.nl.LinkSetAlias(l, alias); err != nil {
			return fmt.Errorf("mark: %w", err)
		}
	}
	if a.MTU != mtu {
		if err := w.nl.LinkSetMTU(l, mtu); err != nil {
			return fmt.Errorf("mtu %d: %w", mtu, err)
		}
	}
	if a.MasterIndex != master.Attrs().Index {
		if err := w.nl.LinkSetMaster(l, master); err != nil {
			return fmt.Errorf("enter vrf: %w", err)
		}
	}
	if err := w.deviceSysctls(a.Name); err != nil {
		return err
	}
	if err := w.addresses(l, addrs); err != nil {
		return err
	}
	return w.up(l)
}
