// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/topology"
)

// element is a node or a link of an RFC 8345 file that is read for what RFC 8346
// and RFC 8795 say of it.
type element struct {
	scanner *jsonScanner
	report  *report
	of      string // "node x", for faults
	value   jsonValue
}

func (e element) fault(v jsonValue, format string, args ...any) {
	line, column := e.scanner.place(v.at)
	e.report.fault(line, column, "%s: %s", e.of, fmt.Sprintf(format, args...))
}

// number sets to to the number at path, if there is one and it is not 0, which
// stands for none where 0 is allowed.
func (e element) number(least, most uint32, to *uint32, path ...string) {
	v, ok := e.value.get(path...)
	if !ok {
		return
	}
	var n uint32
	text, _ := v.text()
	if err := setNumber(&n, least, most)(text); err != nil {
		e.fault(v, "%s: %s", path[len(path)-1], err)
	}
	if n > 0 {
		*to = n
	}
}

// node reads name, router id, place and state of a node.
func (e element) node(n *node) {
	for _, path := range [][]string{
		{"te", "te-node-attributes", "name"}, {"l3-node-attributes", "name"},
	} {
		if name, ok := e.value.text(path...); ok && name != "" {
			n.name = name
		}
	}
	n.loopback = e.routerID()
	place, ok := e.value.get("te", "geolocation")
	if ok {
		n.located = e.degrees(place, "latitude", 90, &n.location[0]) && e.degrees(place, "longitude", 180, &n.location[1])
	}
	for _, path := range [][]string{{"te", "te-node-attributes", "admin-status"}, {"te", "oper-status"}} {
		switch e.status(path...) {
		case "down":
			n.down = true
		case "testing", "preparing-maintenance", "maintenance":
			n.maintains = true
		}
	}
}

// routerID is the first router-id, or the TE node id, or of the prefixes that
// hold one address only the one with the smallest metric.
func (e element) routerID() netip.Addr {
	for _, v := range e.value.list("l3-node-attributes", "router-id") {
		if a, ok := e.address(v); ok {
			return a
		}
	}
	if v, ok := e.value.get("te-node-id"); ok {
		if a, ok := e.address(v); ok {
			return a
		}
	}
	var best netip.Addr
	least := uint64(math.MaxUint64)
	for _, v := range e.value.list("l3-node-attributes", "prefix") {
		text, _ := v.text("prefix")
		p, err := netip.ParsePrefix(text)
		if err != nil {
			e.fault(v, "prefix %q: want an IP prefix", shorten(text))
			continue
		}
		var metric uint32
		element{e.scanner, e.report, e.of, v}.number(0, math.MaxUint32, &metric, "metric")
		if p.IsSingleIP() && uint64(metric) < least {
			best, least = p.Addr(), uint64(metric)
		}
	}
	return best
}

func (e element) address(v jsonValue) (netip.Addr, bool) {
	text, _ := v.text()
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		e.fault(v, "%q: want a router id in dotted-quad notation", shorten(text))
		return netip.Addr{}, false
	}
	return a, true
}

func (e element) degrees(place jsonValue, name string, most float64, to *float64) bool {
	v, ok := place.get(name)
	if !ok {
		return false
	}
	text, _ := v.text()
	if err := setDegrees(to, most)(text); err != nil {
		e.fault(v, "%s: %s", name, err)
		return false
	}
	return true
}

// status returns a te-types:te-common-status, empty where there is none.
func (e element) status(path ...string) string {
	v, ok := e.value.get(path...)
	if !ok {
		return ""
	}
	text, _ := v.text()
	switch text {
	case "up", "down", "testing", "preparing-maintenance", "maintenance", "unknown":
		return text
	}
	e.fault(v, "%s %q: want up, down, testing, preparing-maintenance, maintenance or unknown", path[len(path)-1], shorten(text))
	return ""
}

// arc reads the attributes of a directed link.
func (e element) arc(a *arc) {
	e.capacity(&a.way)
	e.metrics(&a.way)
	e.performance(&a.way)
	for _, v := range e.value.list("te", "te-link-attributes", "te-srlgs", "value") {
		var n uint32
		text, _ := v.text()
		if err := setNumber(&n, 0, math.MaxUint32)(text); err != nil {
			e.fault(v, "te-srlgs: %s", err)
			continue
		}
		a.srlgs = append(a.srlgs, n)
	}
	if v, ok := e.value.get("te", "te-link-attributes", "administrative-group"); ok {
		a.groups = e.groups(v, a)
	}
	for _, path := range [][]string{{"te", "te-link-attributes", "admin-status"}, {"te", "oper-status"}} {
		switch e.status(path...) {
		case "down", "maintenance":
			a.down = true
		case "testing", "preparing-maintenance":
			a.down = true
			e.report.note(a.line, "links taken as down that are tested or prepared for maintenance", a.name)
		}
	}
}

// metrics reads the IGP metric (RFC 8346 metric1, or te-igp-metric; where only
// the TE metric is there, the IGP has it too) and the TE metric.
func (e element) metrics(w *way) {
	const least, most = 1, topology.MaxMetric
	e.number(0, most, &w.teMetric, "te", "te-link-attributes", "te-default-metric")
	w.igpMetric = w.teMetric
	e.number(least, most, &w.igpMetric, "te", "te-link-attributes", "te-igp-metric")
	e.number(least, most, &w.igpMetric, "l3-link-attributes", "metric1")
}

// performance reads latency, in microseconds, and loss, in percent. The delay
// metric is what paths are computed by (RFC 7471 section 4.1); what was measured
// counts without it.
func (e element) performance(w *way) {
	const measured = "performance-metrics-one-way" // RFC 8776
	for _, path := range [][]string{{measured, "one-way-min-delay"}, {measured, "one-way-delay"}, {"te-delay-metric"}} {
		e.number(0, maxMicros, &w.micros, append([]string{"te", "te-link-attributes"}, path...)...)
	}
	v, ok := e.value.get("te", "te-link-attributes", measured, "one-way-packet-loss")
	if !ok {
		return
	}
	text, _ := v.text()
	loss, err := strconv.ParseFloat(text, 64)
	if err != nil || !(loss >= 0 && loss < 100) {
		e.fault(v, "one-way-packet-loss %q: want a percentage below 100", shorten(text))
		return
	}
	w.lossPPM = percentPPM(loss)
}

// capacity reads the bandwidth of a direction and how much of it may be sold.
func (e element) capacity(w *way) {
	w.kbps, _ = e.bandwidth("max-link-bandwidth")
	w.reservable, w.limited = e.bandwidth("max-resv-link-bandwidth")
	if w.kbps == 0 && w.reservable > 0 {
		w.kbps = w.reservable
	}
}

// bandwidth reads a te-types:te-bandwidth, which is in bytes per second, as
// kbit/s, rounded down.
func (e element) bandwidth(name string) (uint64, bool) {
	v, ok := e.value.get("te", "te-link-attributes", name)
	if !ok {
		return 0, false
	}
	generic, ok := v.get("te-bandwidth", "generic")
	if !ok {
		return 0, false
	}
	text, _ := generic.text()
	bytes, err := parseBandwidth(text)
	if err != nil {
		e.fault(generic, "%s %q: %s", name, shorten(text), err)
		return 0, false
	}
	return uint64(bytes * 8 / 1000), true
}

// parseBandwidth reads bytes per second as RFC 8776 writes them: decimal, hex
// integer, or hex float as of RFC 8294 ("0x1p30").
func parseBandwidth(s string) (float64, error) {
	const most = maxKbps * 1000 / 8
	lower := strings.ToLower(s)
	hex := strings.HasPrefix(lower, "0x")
	switch {
	case hex && !strings.Contains(lower, "p"):
		lower += "p0"
	case hex && strings.Trim(lower[strings.Index(lower, "p"):], "p+") == "":
		lower += "0" // the exponent may be left out
	}
	plain := hex || s != "" && strings.Trim(s, "0123456789.") == ""
	v, err := strconv.ParseFloat(lower, 64)
	if !plain || err != nil || !(v >= 0 && v <= most) {
		return 0, wants("bytes per second like 0x1p30 or 125000000, up to 100 Tbit/s")
	}
	return v, nil
}

// groups reads a te-types:admin-groups, octets in hex with colons, the most
// significant first, of which the topology holds the lower 32 bits.
func (e element) groups(v jsonValue, a *arc) uint32 {
	text, _ := v.text()
	octets := strings.Split(text, ":")
	var out uint64
	for i, octet := range octets {
		b, err := strconv.ParseUint(octet, 16, 8)
		if err != nil || len(octet) != 2 {
			e.fault(v, "administrative-group %q: want octets in hex like 00:00:00:0a", shorten(text))
			return 0
		}
		if i < len(octets)-4 {
			if b != 0 {
				e.report.note(a.line, "administrative groups above 31 passed over", a.name)
			}
			continue
		}
		out = out<<8 | b
	}
	return uint32(out)
}
