// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// lastMetric is the weakest metric in use (kernel manual, VRF): the
// unreachable default that keeps a packet without a route from falling out of
// the VRF into the host's tables.
const lastMetric = 4278198272

// routeKey names a route, routeVia is where it leads.
type (
	routeKey struct {
		table  int
		prefix netip.Prefix
		metric int
	}
	routeVia struct {
		link int
		gw   netip.Addr
		kind int
	}
)

// routes makes the tables of our range hold exactly what is wanted of routes
// with our protocol.
func (w *work) routes() error {
	want := make(map[routeKey]routeVia)
	owner := make(map[routeKey]string)
	for _, v := range w.want.Config.VRFs {
		if err := w.wantedRoutes(v, want, owner); err != nil {
			return err
		}
	}
	have, err := w.ownRoutes()
	if err != nil {
		return err
	}
	for _, h := range have {
		key, via := keyOf(h), viaOf(h)
		if want[key] == via {
			delete(want, key)
			continue
		}
		if _, changed := want[key]; changed && key.prefix.Addr().Is4() {
			continue // replaced below without a gap
		}
		if err := w.nl.RouteDel(&h); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove route %s from table %d: %w", key.prefix, key.table, err)
		}
	}
	for key, via := range want {
		r := &netlink.Route{
			Table: key.table, Dst: ipNet(key.prefix), Priority: key.metric, Type: via.kind,
			LinkIndex: via.link, Protocol: routeProtocol,
		}
		if via.gw.IsValid() {
			r.Gw = via.gw.AsSlice()
		} else if via.link != 0 && key.prefix.Addr().Is4() {
			r.Scope = netlink.SCOPE_LINK
		}
		if err := w.nl.RouteReplace(r); err != nil {
			return &gateway.ObjectError{Object: owner[key], Err: err}
		}
	}
	return nil
}

func (w *work) wantedRoutes(v southbound.VRF, want map[routeKey]routeVia, owner map[routeKey]string) error {
	table := w.tables[v.Name]
	for _, all := range []string{"0.0.0.0/0", "::/0"} {
		key := routeKey{table, netip.MustParsePrefix(all), lastMetric}
		want[key] = routeVia{kind: unix.RTN_UNREACHABLE}
		owner[key] = "vrf " + v.Name + " unreachable default"
	}
	for _, r := range v.Routes {
		object := fmt.Sprintf("vrf %s route %s", v.Name, r.Prefix)
		via := routeVia{gw: r.NextHop, kind: unix.RTN_UNICAST}
		device := r.Tunnel
		if device == "" {
			a, ok := gateway.AttachmentOf(v, r.NextHop)
			if !ok {
				return &gateway.ObjectError{Object: object, Err: fmt.Errorf("next hop %s is in no subnet", r.NextHop)}
			}
			device = VLANName(a.Port, a.VLAN)
		}
		l := w.links[device]
		if l == nil {
			return &gateway.ObjectError{Object: object, Err: fmt.Errorf("device %s is not there", device)}
		}
		via.link = l.Attrs().Index
		key := routeKey{table, r.Prefix, metricOf(r.Prefix)}
		want[key], owner[key] = via, object
	}
	return nil
}

// metricOf is what the kernel gives a route without metric: IPv6 has 1024.
func metricOf(p netip.Prefix) int {
	if p.Addr().Is6() {
		return 1024
	}
	return 0
}

// ownRoutes lists every route with our protocol in our range of tables.
func (r *Realiser) ownRoutes() ([]netlink.Route, error) {
	var out []netlink.Route
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		list, err := again(func() ([]netlink.Route, error) {
			return r.nl.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC, Protocol: routeProtocol},
				netlink.RT_FILTER_TABLE|netlink.RT_FILTER_PROTOCOL)
		})
		if err != nil {
			return nil, fmt.Errorf("list routes: %w", err)
		}
		for _, route := range list {
			if route.Table >= r.cfg.FirstTable && route.Table <= r.cfg.LastTable {
				route.Family = family
				out = append(out, route)
			}
		}
	}
	return out, nil
}

func keyOf(r netlink.Route) routeKey {
	p := prefixOf(r.Dst)
	if r.Dst == nil {
		p = netip.MustParsePrefix("0.0.0.0/0")
		if r.Family == netlink.FAMILY_V6 {
			p = netip.MustParsePrefix("::/0")
		}
	}
	return routeKey{r.Table, p, r.Priority}
}

func viaOf(r netlink.Route) routeVia {
	via := routeVia{link: r.LinkIndex, kind: r.Type}
	if r.Gw != nil {
		a, _ := netip.AddrFromSlice(r.Gw)
		via.gw = a.Unmap()
	}
	if via.kind == unix.RTN_UNREACHABLE {
		via.link = 0 // IPv6 shows the loopback device
	}
	return via
}
