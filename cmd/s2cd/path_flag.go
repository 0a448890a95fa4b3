// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/internal/strictyaml"
	"github.com/s2cd/s2cd/topology"
)

// textFlag is a flag that is parsed where it is read, so that what is wrong with
// it is said beside its name. It implements pflag.Value.
type textFlag[T any] struct {
	to    *T
	kind  string // what help calls the value
	parse func(string) (T, error)
	text  string
}

// Set implements pflag.Value.
func (f *textFlag[T]) Set(text string) error {
	v, err := f.parse(text)
	if err != nil {
		return err
	}
	*f.to, f.text = v, text
	return nil
}

// String implements pflag.Value.
func (f *textFlag[T]) String() string { return f.text }

// Type implements pflag.Value.
func (f *textFlag[T]) Type() string { return f.kind }

// parseRates reads a rate there and back in kbit/s: "100Mbps", "100Mbps/20Mbps",
// or "100Mbps/0" for one way only.
func parseRates(text string) ([2]uint64, error) {
	there, back, two := strings.Cut(text, "/")
	if !two {
		back = there
	}
	var out [2]uint64
	for i, one := range []string{there, back} {
		if one == "0" && two {
			continue
		}
		kbps, err := inventory.ParseRate(one)
		if err != nil {
			return out, err
		}
		out[i] = kbps
	}
	if out == [2]uint64{} {
		return out, errors.New("want a rate above zero one way at least")
	}
	return out, nil
}

// parseMicros reads a time above zero as microseconds, rounded down: it bounds.
func parseMicros(text string) (uint32, error) {
	d, err := strictyaml.ParseDuration(text)
	if most := time.Duration(math.MaxUint32) * time.Microsecond; err != nil || d < time.Microsecond || d > most {
		return 0, fmt.Errorf("want a duration from 1us to 1h like 10ms, got %q", text)
	}
	return uint32(d / time.Microsecond), nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := strictyaml.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, fmt.Errorf("want a duration from 1s like 1h30m or 7d, got %q", text)
	}
	return d, nil
}

// parseSeconds reads a number of seconds, up to an hour.
func parseSeconds(text string) (time.Duration, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 3600) {
		return 0, fmt.Errorf("want a number of seconds from 0 to 3600, got %q", text)
	}
	return time.Duration(f * float64(time.Second)), nil
}

// parseLossBound reads a share above zero: a bound of zero would be none.
func parseLossBound(text string) (uint32, error) {
	packets, err := inventory.ParseLoss(text)
	if err == nil && packets == 0 {
		err = fmt.Errorf("want a share of 0.0001%% at least, got %q", text)
	}
	return packets, err
}

// parseGroups reads numbers of administrative groups, 0 to 31 (RFC 3630 section
// 2.5.9), as a mask.
func parseGroups(text string) (uint32, error) {
	var mask uint32
	groups, err := parseNumbers(text)
	for _, g := range groups {
		mask |= 1 << min(g, 31)
	}
	if err != nil || slices.Max(groups) > 31 {
		return 0, fmt.Errorf("want numbers of groups from 0 to 31 with commas, got %q", text)
	}
	return mask, nil
}

func parseRouteFactor(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 1 && f <= 10) {
		return 0, fmt.Errorf("want a number from 1 to 10, got %q", text)
	}
	return f, nil
}

// parsePatterns reads patterns of names with commas.
func parsePatterns(text string) ([]string, error) {
	patterns := strings.Split(text, ",")
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("want patterns of names like pe*,edge-?, got %q", text)
		}
	}
	return patterns, nil
}

// parseNumbers reads numbers with commas.
func parseNumbers(text string) ([]uint32, error) {
	var out []uint32
	for one := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(one), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("want whole numbers with commas, got %q", text)
		}
		out = append(out, uint32(n))
	}
	return out, nil
}

// parseNodes reads names of nodes with commas.
func parseNodes(text string) ([]topology.NodeName, error) {
	var out []topology.NodeName
	for one := range strings.SplitSeq(text, ",") {
		out = append(out, topology.NodeName(one))
	}
	if slices.Contains(out, "") {
		return nil, fmt.Errorf("want names of nodes with commas, got %q", text)
	}
	return out, nil
}

// oneOf reads one of a few words.
func oneOf[T any](words []string, values []T) func(string) (T, error) {
	return func(text string) (T, error) {
		if i := slices.Index(words, text); i >= 0 {
			return values[i], nil
		}
		var none T
		return none, fmt.Errorf("want one of %s, got %q", strings.Join(words, ", "), text)
	}
}
