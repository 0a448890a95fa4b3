// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// rootHandle is the handle of the shaper we put on our links.
const rootHandle = uint32(0x5c2d << 16)

// limit shapes what leaves l and polices what arrives, kbit/s, 0 for none.
func (w *work) limit(l netlink.Link, egress, ingress uint64, mtu int) error {
	have, err := again(func() ([]netlink.Qdisc, error) { return w.nl.QdiscList(l) })
	if err != nil {
		return fmt.Errorf("list queueing: %w", err)
	}
	if err := w.shape(l, have, egress, mtu); err != nil {
		return fmt.Errorf("shape to %d kbit/s: %w", egress, err)
	}
	if err := w.police(l, have, ingress); err != nil {
		return fmt.Errorf("police to %d kbit/s: %w", ingress, err)
	}
	return nil
}

// shape is a token bucket (tc-tbf(8)) with 100 ms of queue. A changed rate
// replaces its parameters, the queue stays.
func (w *work) shape(l netlink.Link, have []netlink.Qdisc, kbps uint64, mtu int) error {
	i := slices.IndexFunc(have, func(q netlink.Qdisc) bool { return q.Attrs().Handle == rootHandle })
	if kbps == 0 {
		if i < 0 {
			return nil
		}
		return named("remove queueing", w.nl.QdiscDel(have[i]))
	}
	rate := kbps * 125 // bytes a second
	if i >= 0 {
		if old, ok := have[i].(*netlink.Tbf); ok && old.Rate == rate {
			return nil
		}
	}
	// WireGuard's device hands over bundles of up to 64 KiB: what is smaller
	// than one or two of them would drop them whole.
	burst := max(rate/50, uint64(12*mtu)) //nolint:gosec // an MTU
	tbf := &netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Handle: rootHandle, Parent: netlink.HANDLE_ROOT},
		Rate:       rate,
		Limit:      uint32(max(rate/10, 128<<10) + burst), //nolint:gosec // at most 32 Gbit/s
		Buffer:     netlink.Xmittime(rate, uint32(min(burst, 1<<31))),
	}
	return named("token bucket", w.nl.QdiscReplace(tbf))
}

// police drops what arrives above the rate (tc-police(8)), with 100 ms of burst.
func (w *work) police(l netlink.Link, have []netlink.Qdisc, kbps uint64) error {
	i := slices.IndexFunc(have, func(q netlink.Qdisc) bool { return q.Type() == "ingress" })
	if kbps == 0 {
		if i < 0 {
			return nil
		}
		return named("remove queueing", w.nl.QdiscDel(have[i]))
	}
	if i < 0 {
		err := w.nl.QdiscAdd(&netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{
			LinkIndex: l.Attrs().Index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_INGRESS,
		}})
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return named("ingress queueing", err)
		}
	}
	rate := uint32(kbps * 125) //nolint:gosec // the model allows 32 Gbit/s
	filters, err := again(func() ([]netlink.Filter, error) { return w.nl.FilterList(l, netlink.MakeHandle(0xffff, 0)) })
	if err != nil {
		return named("list filters", err)
	}
	for _, f := range filters {
		if m, ok := f.(*netlink.MatchAll); ok && policed(m) == rate {
			return nil
		}
	}
	action := netlink.NewPoliceAction()
	action.Rate, action.Burst, action.Mtu = rate, max(rate/10, 65536), 65535
	action.ExceedAction = netlink.TC_POLICE_SHOT
	err = w.nl.FilterReplace(&netlink.MatchAll{
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: l.Attrs().Index, Parent: netlink.MakeHandle(0xffff, 0), Handle: 1, Priority: 1, Protocol: unix.ETH_P_ALL,
		},
		Actions: []netlink.Action{action},
	})
	return named("policer", err)
}

// named says what failed, if anything did.
func named(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// policed returns the rate of a filter's policer, bytes a second, 0 for none.
func policed(m *netlink.MatchAll) uint32 {
	for _, a := range m.Actions {
		if p, ok := a.(*netlink.PoliceAction); ok {
			return p.Rate
		}
	}
	return 0
}
