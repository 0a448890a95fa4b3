// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"fmt"
	"slices"

	"github.com/s2cd/s2cd/southbound"
)

// keyed says which neighbours of a VRF are written, so that their keys are asked
// for.
type keyed func(vrf string, n southbound.BGPNeighbor) bool

// keysFor leaves out what the device has already: that a session beside it
// changes takes no secret out of where it is kept.
func keysFor(have []southbound.VRF) keyed {
	old := make(map[string][]southbound.BGPNeighbor, len(have))
	for _, v := range have {
		old[v.Name] = v.Neighbors
	}
	return func(vrf string, n southbound.BGPNeighbor) bool { return !slices.Contains(old[vrf], n) }
}

// key returns the TCP MD5 key of a reference. That there is none is not the
// device's fault: the error is of kind southbound.NoKey.
func (m *Model) key(ref string) (*string, error) {
	key, err := m.config.Secret(ref)
	if err != nil {
		return nil, &southbound.OpError{Op: "render", Kind: southbound.NoKey, Err: fmt.Errorf("secret %s: %w", ref, err)}
	}
	return &key, nil
}
