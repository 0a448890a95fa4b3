// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/s2cd/s2cd/internal/strictyaml"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// Inventory is a whole file, checked. Digest depends on what the file says
// alone: comments, layout and defaults written out do not change it.
type Inventory struct {
	Network   *topology.Network // Revision is 0, the store gives it
	Tenants   []session.Tenant
	Catalogue session.Catalogue
	Pools     Pools
	Handoffs  []session.Handoff
	Partners  map[string]Partner // by handoff, partner-vlan only
	Digest    string             // SHA-256, hex
}

// Partner is the far end of a partner-vlan handoff.
type Partner struct {
	Name       string
	AS         uint32
	Addresses  []netip.Prefix // the partner's side, one a family
	Secret     string         // reference of the TCP MD5 key, never the key
	ServiceKey string
}

// Load reads the inventory at path. The error is a strictyaml.Faults with all
// that is wrong, or says why the file cannot be read.
func Load(path string) (*Inventory, error) {
	doc, err := strictyaml.Read(path)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return build(doc)
}

// Parse is Load for content that is at hand and came from file.
func Parse(file string, data []byte) (*Inventory, error) {
	return build(strictyaml.Parse(file, data))
}

func build(doc *strictyaml.Doc) (*Inventory, error) {
	b := newBuilder(doc)
	doc.Decode(&b.file)
	if !doc.Parsed() {
		return nil, doc.Err()
	}
	b.nodes()
	b.links()
	b.ports()
	b.gateways()
	b.handoffs()
	b.pools()
	b.catalogue()
	b.tenants()
	b.connected()
	if err := doc.Err(); err != nil {
		return nil, err
	}
	sum, err := digest(b.out)
	if err != nil {
		return nil, err
	}
	b.out.Digest = sum
	return b.out, nil
}

func digest(inv *Inventory) (string, error) {
	data, err := json.Marshal(inv)
	if err != nil {
		return "", fmt.Errorf("inventory digest: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
