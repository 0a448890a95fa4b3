// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/northbound"
)

// linkRates are capacities of links as a flag gives them, once for each. It
// implements pflag.Value.
type linkRates []northbound.LinkRate

// capacityFlags are those of capacities that could be.
func capacityFlags(fs *pflag.FlagSet, set, add *linkRates) {
	fs.Var(set, "set-capacity", "if a link had this capacity, like P1-P2=100Gbps, or 100Gbps/10Gbps from A to Z and back; may be repeated")
	fs.Var(add, "add-capacity", "if a link had so much more, like P1-P2=10Gbps; may be repeated")
}

// Set implements pflag.Value. A link's name may have equals signs.
func (r *linkRates) Set(text string) error {
	i := strings.LastIndex(text, "=")
	if i < 1 {
		return fmt.Errorf("want a link and a rate like P1-P2=10Gbps, got %q", text)
	}
	kbps, err := parseRates(text[i+1:])
	if err != nil {
		return err
	}
	*r = append(*r, northbound.LinkRate{Link: text[:i], Kbps: kbps})
	return nil
}

// String implements pflag.Value.
func (*linkRates) String() string { return "" }

// Type implements pflag.Value.
func (*linkRates) Type() string { return "link=rate" }
