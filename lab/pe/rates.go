// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// removeRates takes off what is not wanted or unknown. A change of rate is a
// removal and an addition: for some milliseconds there is no limit.
func (b *Box) removeRates(_ context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(b.have.Rates)) {
		if want.Rates[name] == b.have.Rates[name] && !b.dirty[rateKey(name)] {
			continue
		}
		if err := b.change(rateKey(name), func() error { return b.clearRate(name) }); err != nil {
			return err
		}
		delete(b.have.Rates, name)
	}
	return nil
}

func (b *Box) clearRate(name string) error {
	link, err := b.links.LinkByName(name)
	if err != nil {
		var none netlink.LinkNotFoundError
		if errors.As(err, &none) {
			return nil
		}
		return fmt.Errorf("find: %w", err)
	}
	queues, err := b.links.QdiscList(link)
	if err != nil {
		return fmt.Errorf("list queues: %w", err)
	}
	for _, q := range queues {
		if q.Type() != "ingress" && q.Type() != "tbf" {
			continue
		}
		if err := b.links.QdiscDel(q); err != nil {
			return fmt.Errorf("remove %s: %w", q.Type(), err)
		}
	}
	return nil
}

func (b *Box) applyRates(_ context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(want.Rates)) {
		w := want.Rates[name]
		if b.have.Rates[name] == w {
			continue
		}
		b.have.Rates[name] = Rate{}
		if err := b.change(rateKey(name), func() error { return b.addRate(name, w) }); err != nil {
			return err
		}
		b.have.Rates[name] = w
	}
	return nil
}

func (b *Box) addRate(name string, r Rate) error {
	link, err := b.links.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	index := link.Attrs().Index
	if r.PoliceBps != 0 {
		if err := b.police(index, r); err != nil {
			return err
		}
	}
	if r.ShapeBps == 0 {
		return nil
	}
	rate := r.ShapeBps / 8
	tbf := &netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
		Rate:       rate,
		Limit:      uint32(min(rate/10+uint64(r.ShapeBurst), math.MaxUint32)), // 100 ms of queue
		Buffer:     netlink.Xmittime(rate, r.ShapeBurst),                      // in ticks, not bytes
	}
	if err := b.links.QdiscAdd(tbf); err != nil {
		return fmt.Errorf("shape to %d bit/s: %w", r.ShapeBps, err)
	}
	return nil
}

// policeMTU is the largest packet the policer takes: veth hands on what the
// sender would have cut into packets.
const policeMTU = 65535

func (b *Box) police(index int, r Rate) error {
	in := &netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: index, Parent: netlink.HANDLE_INGRESS, Handle: netlink.MakeHandle(0xffff, 0)}}
	if err := b.links.QdiscAdd(in); err != nil {
		return fmt.Errorf("add ingress queue: %w", err)
	}
	act := netlink.NewPoliceAction()
	act.Rate = uint32(min(r.PoliceBps/8, math.MaxUint32))
	act.Burst = r.PoliceBurst
	act.Mtu = policeMTU
	act.ExceedAction = netlink.TC_POLICE_SHOT
	filter := &netlink.MatchAll{
		FilterAttrs: netlink.FilterAttrs{LinkIndex: index, Parent: in.Handle, Priority: 1, Protocol: unix.ETH_P_ALL},
		Actions:     []netlink.Action{act},
	}
	if err := b.links.FilterAdd(filter); err != nil {
		return fmt.Errorf("police to %d bit/s: %w", r.PoliceBps, err)
	}
	return nil
}
