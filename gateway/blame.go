// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/s2cd/s2cd/southbound"
)

// blame is which VRFs a realisation failed for.
type blame struct {
	vrfs map[string]bool
	all  bool // something failed that no VRF is to blame for: nothing is known of any
}

// blameOf reads what Realiser.Apply returned.
func blameOf(err error) blame {
	b := blame{vrfs: map[string]bool{}}
	b.add(err)
	return b
}

func (b *blame) add(err error) {
	switch e := err.(type) { //nolint:errorlint // the tree of errors is walked here, node by node
	case nil:
	case *ObjectError:
		b.vrfs[e.VRF] = true
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			b.add(one)
		}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			b.add(inner)
			return
		}
		b.all = true
	}
}

// among reports whether one of names failed.
func (b blame) among(names map[string]bool) bool {
	if b.all {
		return true
	}
	for name := range names {
		if b.vrfs[name] {
			return true
		}
	}
	return false
}

// without returns b less what failed before already.
func (b blame) without(before blame) blame {
	out := blame{vrfs: map[string]bool{}, all: b.all && !before.all}
	for name := range b.vrfs {
		if !before.vrfs[name] {
			out.vrfs[name] = true
		}
	}
	return out
}

// present are the VRFs that the kernel may hold after cfg was realised with
// that result: where nothing is known of any, those from before are among them.
func (b blame) present(before map[string]bool, cfg southbound.DeviceConfig) map[string]bool {
	out := maps.Clone(b.vrfs)
	if b.all {
		maps.Copy(out, before)
	}
	for _, v := range cfg.VRFs {
		out[v.Name] = true
	}
	return out
}

// leftover are the names of what is present and not configured, sorted.
func leftover(present map[string]bool, cfg southbound.DeviceConfig) []string {
	configured := byName(cfg)
	var out []string
	for name := range present {
		if _, ok := configured[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// differing names the VRFs that are in one of the two only, or not the same in both.
func differing(a, b southbound.DeviceConfig) map[string]bool {
	out := make(map[string]bool)
	was, is := byName(a), byName(b)
	for name, v := range was {
		if w, ok := is[name]; !ok || !reflect.DeepEqual(v, w) {
			out[name] = true
		}
	}
	for name := range is {
		if _, ok := was[name]; !ok {
			out[name] = true
		}
	}
	return out
}

func byName(c southbound.DeviceConfig) map[string]southbound.VRF {
	out := make(map[string]southbound.VRF, len(c.VRFs))
	for _, v := range c.VRFs {
		out[v.Name] = v
	}
	return out
}

// messages are the errors that were joined, in words, one each.
func messages(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var out []string
	for _, e := range joined.Unwrap() {
		out = append(out, messages(e)...)
	}
	return out
}
