// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// words are attributes of a node or link that a file spells as text, by key in
// lower case; the package comment lists them.
type words struct {
	of   string // "node x", for faults
	line int
	text map[string]string
	rep  *report
}

// read gives a key's text to set and reports what set thinks of it. A key that
// is not there, or empty, is not given.
func (w words) read(key string, set func(text string) error) {
	text := strings.TrimSpace(w.text[key])
	if text == "" {
		return
	}
	if err := set(text); err != nil {
		w.rep.fault(w.line, 0, "%s: %s %q: %s", w.of, key, shorten(text), err)
	}
}

// node fills n with what the words say.
func (w words) node(n *node) {
	w.read("role", func(s string) error {
		n.role = topology.Role(strings.ToLower(s))
		switch n.role {
		case topology.PE, topology.P, topology.Gateway:
			return nil
		}
		return wants("one of pe, p, gateway")
	})
	w.read("platform", func(s string) error { n.platform = s; return nil })
	w.read("loopback", func(s string) (err error) {
		if n.loopback, err = netip.ParseAddr(s); err != nil || n.loopback.Zone() != "" {
			return wants("an IP address")
		}
		return nil
	})
	w.read("maintenance", setBool(&n.maintains))
	w.read("down", setBool(&n.down))
	var lat, lon bool
	w.read("latitude", func(s string) error { lat = true; return setDegrees(&n.location[0], 90)(s) })
	w.read("longitude", func(s string) error { lon = true; return setDegrees(&n.location[1], 180)(s) })
	if n.located = lat && lon; !n.located {
		n.location = [2]float64{}
	}
}

// link fills what is the same both ways, and returns what each way has.
func (w words) link(l *link) {
	var both way
	w.read("capacity", func(s string) (err error) { both.kbps, err = parseRate(s); return err })
	w.read("latency", func(s string) (err error) { both.micros, err = parseLatency(s); return err })
	w.read("igpmetric", setNumber(&both.igpMetric, 1, topology.MaxMetric))
	w.read("temetric", setNumber(&both.teMetric, 0, topology.MaxMetric))
	w.read("loss", func(s string) (err error) { both.lossPPM, err = parseLoss(s); return err })
	w.read("srlgs", func(s string) error {
		return eachNumber(s, math.MaxUint32, func(n uint32) { l.srlgs = append(l.srlgs, n) })
	})
	w.read("admingroups", func(s string) error {
		return eachNumber(s, 31, func(n uint32) { l.groups |= 1 << n })
	})
	w.read("down", setBool(&l.down))
	l.ways = [2]way{both, both}
}

// wants is the error of a text that is something else.
func wants(what string) error { return fmt.Errorf("want %s", what) }

func setBool(to *bool) func(string) error {
	return func(s string) error {
		switch strings.ToLower(s) {
		case "true", "false":
			*to = strings.EqualFold(s, "true")
			return nil
		}
		return wants("true or false")
	}
}

func setDegrees(to *float64, most float64) func(string) error {
	return func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > most {
			return fmt.Errorf("want degrees from -%g to %g", most, most)
		}
		*to = v
		return nil
	}
}

func setNumber(to *uint32, least, most uint32) func(string) error {
	return func(s string) error {
		v, err := strconv.ParseUint(s, 10, 32)
		if err != nil || uint32(v) < least || uint32(v) > most {
			return fmt.Errorf("want a number from %d to %d", least, most)
		}
		*to = uint32(v)
		return nil
	}
}

// eachNumber takes a list like "1, 2" or "[1, 2]".
func eachNumber(s string, most uint32, add func(uint32)) error {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	for part := range strings.SplitSeq(s, ",") {
		var n uint32
		if err := setNumber(&n, 0, most)(strings.TrimSpace(part)); err != nil {
			return fmt.Errorf("want numbers from 0 to %d with commas", most)
		}
		add(n)
	}
	return nil
}

// parseRate reads "10Gbps" or "2.5 Gbps" as kbit/s, to the nearest.
func parseRate(s string) (uint64, error) {
	for _, unit := range []struct {
		suffix string
		kbps   float64
	}{{"kbps", 1}, {"Mbps", 1e3}, {"Gbps", 1e6}, {"Tbps", 1e9}} {
		number, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		v = math.Round(v * unit.kbps)
		if err == nil && v >= 1 && v <= maxKbps {
			return uint64(v), nil
		}
	}
	return 0, wants("a rate like 10Gbps, 2.5Gbps or 512kbps, up to 100Tbps")
}

// parseLatency reads "2.5ms" as microseconds, rounded up.
func parseLatency(s string) (uint32, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxMicros*time.Microsecond {
		return 0, wants("a duration with a unit like 2.5ms or 800us, up to 16.777215s")
	}
	return uint32((d + time.Microsecond - 1) / time.Microsecond), nil
}

// parseLoss reads "0.01%" as packets in a million, rounded up.
func parseLoss(s string) (uint32, error) {
	number, ok := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v >= 0 && v < 100) {
		return 0, wants("a share from 0% to below 100% like 0.01%")
	}
	return percentPPM(v), nil
}

// percentPPM is a part in a hundred, below 100, as a part in a million, rounded
// up but for what the binary fraction adds.
func percentPPM(v float64) uint32 {
	return min(uint32(math.Ceil(v*1e4-1e-6)), 999_999)
}

// shorten cuts a text that a fault quotes.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
