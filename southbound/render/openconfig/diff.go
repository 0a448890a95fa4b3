// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"

	"github.com/s2cd/s2cd/yang/oc"
)

// differ collects what turns one tree into another: list entries that are gone
// are deleted, those that differ replaced; within a network instance the same
// holds for its own lists, so that a new route does not rewrite a VRF.
type differ struct {
	req       *gpb.SetRequest
	portEntry bool
	err       error // the first
}

func (d *differ) interfaces(from, to *oc.Device) {
	for _, name := range sortedUnion(from.Interface, to.Interface) {
		h, w := from.Interface[name], to.Interface[name]
		if h == nil {
			h = &oc.Interface{}
		}
		if w == nil {
			w = &oc.Interface{}
		}
		at := func(index uint32) *gpb.Path {
			return path("interfaces", "interface", "name="+name, "subinterfaces",
				"subinterface", "index="+strconv.FormatUint(uint64(index), 10))
		}
		diffMap(d, h.Subinterface, w.Subinterface, at, nil)
		if d.portEntry && len(h.Subinterface) == 0 && len(w.Subinterface) > 0 {
			d.update(path("interfaces", "interface", "name="+name), &oc.Interface{Name: w.Name, Type: w.Type})
		}
	}
}

func (d *differ) qos(from, to *oc.Qos) {
	diffMap(d, from.SchedulerPolicy, to.SchedulerPolicy, func(name string) *gpb.Path {
		return path("qos", "scheduler-policies", "scheduler-policy", "name="+name)
	}, nil)
	diffMap(d, from.Interface, to.Interface, func(id string) *gpb.Path {
		return path("qos", "interfaces", "interface", "interface-id="+id)
	}, nil)
}

func (d *differ) instances(from, to map[string]*oc.NetworkInstance) {
	at := func(name string) *gpb.Path {
		return path("network-instances", "network-instance", "name="+name)
	}
	diffMap(d, from, to, at, d.instance)
}

func (d *differ) instance(p *gpb.Path, h, w *oc.NetworkInstance) {
	d.leaf(below(p, "config", "description"), h.Description, w.Description)
	d.leaf(below(p, "config", "route-distinguisher"), h.RouteDistinguisher, w.RouteDistinguisher)
	hi, he := routeTargets(h)
	wi, we := routeTargets(w)
	d.leafList(below(p, "inter-instance-policies", "import-export-policy", "config", "import-route-target"), hi, wi)
	d.leafList(below(p, "inter-instance-policies", "import-export-policy", "config", "export-route-target"), he, we)
	diffMap(d, h.Interface, w.Interface, func(id string) *gpb.Path {
		return below(p, "interfaces", "interface", "id="+id)
	}, nil)
	diffMap(d, h.Table, w.Table, func(k oc.NetworkInstance_Table_Key) *gpb.Path {
		return below(p, "tables", "table", "protocol="+identity(k.Protocol), "address-family="+identity(k.AddressFamily))
	}, nil)
	diffMap(d, h.TableConnection, w.TableConnection, func(k oc.NetworkInstance_TableConnection_Key) *gpb.Path {
		return below(p, "table-connections", "table-connection", "src-protocol="+identity(k.SrcProtocol),
			"dst-protocol="+identity(k.DstProtocol), "address-family="+identity(k.AddressFamily))
	}, nil)
	diffMap(d, h.Protocol, w.Protocol, func(k oc.NetworkInstance_Protocol_Key) *gpb.Path {
		return below(p, "protocols", "protocol", "identifier="+identity(k.Identifier), "name="+k.Name)
	}, d.protocol)
}

func (d *differ) protocol(p *gpb.Path, h, w *oc.NetworkInstance_Protocol) {
	diffMap(d, h.Static, w.Static, func(prefix string) *gpb.Path {
		return below(p, "static-routes", "static", "prefix="+prefix)
	}, nil)
	if h.Bgp == nil || w.Bgp == nil {
		return
	}
	diffMap(d, h.Bgp.Global.AfiSafi, w.Bgp.Global.AfiSafi, func(name afiSafi) *gpb.Path {
		return below(p, "bgp", "global", "afi-safis", "afi-safi", "afi-safi-name="+identity(name))
	}, nil)
	diffMap(d, h.Bgp.Neighbor, w.Bgp.Neighbor, func(address string) *gpb.Path {
		return below(p, "bgp", "neighbors", "neighbor", "neighbor-address="+address)
	}, func(p *gpb.Path, h, w *oc.NetworkInstance_Protocol_Bgp_Neighbor) {
		// Keys are asked for in the new tree only; their references are compared.
		bare := *w
		bare.AuthPassword = nil
		if !reflect.DeepEqual(h, &bare) {
			d.replace(p, w)
		}
	})
}

// diffMap deletes and replaces list entries; those that both maps have it hands
// to changed, which is nil where an entry is replaced as a whole.
func diffMap[K comparable, V ygot.GoStruct](d *differ, from, to map[K]V, at func(K) *gpb.Path,
	changed func(p *gpb.Path, h, w V),
) {
	type entry struct {
		key  K
		path *gpb.Path
		text string
	}
	entries := make([]entry, 0, len(from)+len(to))
	for k := range from {
		entries = append(entries, entry{key: k, path: at(k)})
	}
	for k := range to {
		if _, ok := from[k]; !ok {
			entries = append(entries, entry{key: k, path: at(k)})
		}
	}
	for i := range entries {
		if len(entries) > 1 { // else there is nothing to order
			entries[i].text = entries[i].path.String()
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return compareText(a.text, b.text) })
	for _, e := range entries {
		h, had := from[e.key]
		w, wanted := to[e.key]
		switch {
		case !wanted:
			d.req.Delete = append(d.req.Delete, e.path)
		case !had:
			d.replace(e.path, w)
		case changed != nil:
			changed(e.path, h, w)
		case !reflect.DeepEqual(h, w):
			d.replace(e.path, w)
		}
	}
}

func (d *differ) replace(p *gpb.Path, v ygot.GoStruct) {
	d.req.Replace = append(d.req.Replace, &gpb.Update{Path: p, Val: d.value(v)})
}

func (d *differ) update(p *gpb.Path, v ygot.GoStruct) {
	d.req.Update = append(d.req.Update, &gpb.Update{Path: p, Val: d.value(v)})
}

// leaf writes a leaf that differs.
func (d *differ) leaf(p *gpb.Path, h, w *string) {
	switch {
	case w == nil && h != nil:
		d.req.Delete = append(d.req.Delete, p)
	case w != nil && (h == nil || *h != *w):
		d.req.Replace = append(d.req.Replace, &gpb.Update{Path: p, Val: d.jsonValue(*w)})
	}
}

// leafList writes a leaf-list that differs as a whole.
func (d *differ) leafList(p *gpb.Path, h, w []string) {
	switch {
	case slices.Equal(h, w):
	case len(w) == 0:
		d.req.Delete = append(d.req.Delete, p)
	default:
		d.req.Replace = append(d.req.Replace, &gpb.Update{Path: p, Val: d.jsonValue(w)})
	}
}

func (d *differ) value(v ygot.GoStruct) *gpb.TypedValue {
	body, err := ygot.Marshal7951(v, &ygot.RFC7951JSONConfig{AppendModuleName: true})
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("marshal: %w", err)
	}
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: body}}
}

func (d *differ) jsonValue(v any) *gpb.TypedValue {
	body, err := json.Marshal(v)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("marshal: %w", err)
	}
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: body}}
}

// routeTargets returns the import and export targets in order.
func routeTargets(ni *oc.NetworkInstance) (imports, exports []string) {
	if ni.InterInstancePolicies == nil || ni.InterInstancePolicies.ImportExportPolicy == nil {
		return nil, nil
	}
	p := ni.InterInstancePolicies.ImportExportPolicy
	for _, rt := range p.ImportRouteTarget {
		if s, ok := rt.(oc.UnionString); ok {
			imports = append(imports, string(s))
		}
	}
	for _, rt := range p.ExportRouteTarget {
		if s, ok := rt.(oc.UnionString); ok {
			exports = append(exports, string(s))
		}
	}
	return imports, exports
}

func sortedUnion[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
