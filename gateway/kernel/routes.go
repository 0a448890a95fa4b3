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

// unreachable puts the defaults of last resort into a VRF's table. It comes
// before any member, so that no packet ever finds the table empty and leaves
// the VRF by the host's routes.
func (w *work) unreachable(table int) error {
	for _, all := range unreachableDefaults(table) {
		if err := w.nl.RouteReplace(routeOf(all, routeVia{kind: unix.RTN_UNREACHABLE})); err != nil {
			return fmt.Errorf("unreachable default %s in table %d: %w", all.prefix, table, err)
		}
	}
	return nil
}

func unreachableDefaults(table int) []routeKey {
	return []routeKey{
		{table, netip.MustParsePrefix("0.0.0.0/0"), lastMetric},
		{table, netip.MustParsePrefix("::/0"), lastMetric},
	}
}

func routeOf(key routeKey, via routeVia) *netlink.Route {
	r := &netlink.Route{
		Table: key.table, Dst: ipNet(key.prefix), Priority: key.metric, Type: via.kind,
		LinkIndex: via.link, Protocol: routeProtocol,
	}
	if via.gw.IsValid() {
		r.Gw = via.gw.AsSlice()
	} else if via.link != 0 && key.prefix.Addr().Is4() {
		r.Scope = netlink.SCOPE_LINK
	}
	return r
}

// routeOwner is whose a wanted route is.
type routeOwner struct{ vrf, object string }

func (o routeOwner) fault(err error) error {
	return &gateway.ObjectError{VRF: o.vrf, Object: o.object, Err: err}
}

// routes makes the tables of our range hold exactly what is wanted of routes
// with our protocol. Tables of VRF devices that could not be prepared or
// removed stay as they are, with their unreachable defaults.
func (w *work) routes() error {
	want := make(map[routeKey]routeVia)
	owner := make(map[routeKey]routeOwner)
	var faults []error
	owned := make(map[int]string) // table -> VRF
	for _, v := range w.want.Config.VRFs {
		if table, ok := w.tables[v.Name]; ok {
			owned[table] = v.Name
			faults = append(faults, w.wantedRoutes(v, want, owner))
		}
	}
	have, err := w.ownRoutes()
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	kept := w.keptTables(owned)
	for _, h := range have {
		key, via := keyOf(h), viaOf(h)
		if kept[key.table] {
			continue
		}
		if want[key] == via {
			delete(want, key)
			continue
		}
		if _, changed := want[key]; changed && key.prefix.Addr().Is4() {
			continue // replaced below without a gap
		}
		if err := w.nl.RouteDel(&h); err != nil && !errors.Is(err, unix.ESRCH) {
			err = fmt.Errorf("remove route %s from table %d: %w", key.prefix, key.table, err)
			if vrf, ok := owned[key.table]; ok {
				err = routeOwner{vrf, "vrf " + vrf}.fault(err)
			}
			faults = append(faults, err)
		}
	}
	for key, via := range want {
		if err := w.nl.RouteReplace(routeOf(key, via)); err != nil {
			faults = append(faults, owner[key].fault(err))
		}
	}
	return errors.Join(faults...)
}

// keptTables are those of VRF devices that are there and not in hand.
func (w *work) keptTables(owned map[int]string) map[int]bool {
	kept := make(map[int]bool)
	for _, l := range w.links {
		if x, ok := l.(*netlink.Vrf); ok && owned[int(x.Table)] == "" {
			kept[int(x.Table)] = true
		}
	}
	return kept
}

func (w *work) wantedRoutes(v southbound.VRF, want map[routeKey]routeVia, owner map[routeKey]routeOwner) error {
	table := w.tables[v.Name]
	for _, key := range unreachableDefaults(table) {
		want[key] = routeVia{kind: unix.RTN_UNREACHABLE}
		owner[key] = routeOwner{v.Name, "vrf " + v.Name + " unreachable default"}
	}
	var faults []error
	for _, r := range v.Routes {
		who := routeOwner{v.Name, fmt.Sprintf("vrf %s route %s", v.Name, r.Prefix)}
		via := routeVia{gw: r.NextHop, kind: unix.RTN_UNICAST}
		device := r.Tunnel
		if device == "" {
			a, ok := gateway.AttachmentOf(v, r.NextHop)
			if !ok {
				faults = append(faults, who.fault(fmt.Errorf("next hop %s is in no subnet", r.NextHop)))
				continue
			}
			device = VLANName(a.Port, a.VLAN)
		}
		l := w.links[device]
		if l == nil {
			faults = append(faults, who.fault(fmt.Errorf("device %s is not there", device)))
			continue
		}
		via.link = l.Attrs().Index
		key := routeKey{table, r.Prefix, metricOf(r.Prefix)}
		want[key], owner[key] = via, who
	}
	return errors.Join(faults...)
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
