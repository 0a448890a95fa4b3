// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// metaSDIFName matches the device a packet of a VRF really came in by
// (NFT_META_SDIFNAME of linux/netfilter/nf_tables.h); in the forward hook the
// input device is the VRF itself.
const metaSDIFName = expr.MetaKey(34)

// clampRetry is how long a kernel that cannot clamp is left alone: every try
// makes it look for modules.
const clampRetry = 5 * time.Minute

// clampMSS lowers the MSS of TCP SYNs that cross a tunnel to what fits its
// MTU, with a table of our own that is replaced in one transaction. A kernel
// that cannot do it makes a fault, not an error: path MTU discovery is left.
func (w *work) clampMSS() {
	var plan strings.Builder
	clamps := map[string]int{}
	for _, v := range w.want.Config.VRFs {
		for _, t := range v.Tunnels {
			if t.ClampMSS {
				mtu := int(t.MTU)
				if mtu == 0 {
					mtu = 1420
				}
				clamps[t.Name] = mtu
				fmt.Fprintf(&plan, "%s %d\n", t.Name, mtu)
			}
		}
	}
	if len(clamps) == 0 {
		if !w.clampGone {
			// A table may be left of an earlier run; a kernel without nftables has none.
			_ = w.writeClamps(nil)
			w.clamp, w.clampGone = "", true
		}
		return
	}
	w.clampGone = false
	if w.clamp == plan.String() && w.clampThere() {
		return
	}
	if w.clampFault == "" || time.Since(w.clampTried) > clampRetry {
		w.clampFault, w.clampTried = "", time.Now()
		if err := w.writeClamps(clamps); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n") // one a message, all the same
			w.clampFault = fmt.Sprintf("TCP MSS is not clamped: %s; the kernel needs CONFIG_NF_TABLES_INET, "+
				"until then hosts depend on path MTU discovery", first)
		}
	}
	if w.clampFault != "" {
		w.faults = append(w.faults, w.clampFault)
		return
	}
	w.clamp = plan.String()
}

func (r *Realiser) nft() (*nftables.Conn, error) {
	var opts []nftables.ConnOption
	if !r.ns.own {
		opts = append(opts, nftables.WithNetNSFd(int(r.ns.fd)))
	}
	c, err := nftables.New(opts...)
	return c, named("nftables", err)
}

func (r *Realiser) clampThere() bool {
	c, err := r.nft()
	if err != nil {
		return false
	}
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	if err != nil {
		return false
	}
	for _, t := range tables {
		if t.Name == "s2cd" {
			return true
		}
	}
	return false
}

// writeClamps replaces the table; without clamps it only goes.
func (r *Realiser) writeClamps(clamps map[string]int) error {
	c, err := r.nft()
	if err != nil {
		return err
	}
	table := &nftables.Table{Family: nftables.TableFamilyINet, Name: "s2cd"}
	c.AddTable(table) // so that it can be deleted whether it was there or not
	c.DelTable(table)
	if len(clamps) > 0 {
		c.AddTable(table)
		chain := c.AddChain(&nftables.Chain{
			Name: "forward", Table: table, Type: nftables.ChainTypeFilter,
			Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityMangle,
		})
		for name, mtu := range clamps {
			for _, way := range []expr.MetaKey{expr.MetaKeyOIFNAME, metaSDIFName} {
				c.AddRule(clampRule(table, chain, way, name, unix.NFPROTO_IPV4, mtu-40))
				c.AddRule(clampRule(table, chain, way, name, unix.NFPROTO_IPV6, mtu-60))
			}
		}
	}
	return named("nftables", c.Flush())
}

// clampRule sets the maximum segment size option of SYNs; the kernel lowers it
// only, never raises it.
func clampRule(table *nftables.Table, chain *nftables.Chain, way expr.MetaKey, device string, family byte, mss int) *nftables.Rule {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, device)
	return &nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Meta{Key: way, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name},
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{0x06}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0x02}},
		&expr.Immediate{Register: 1, Data: binaryutil.BigEndian.PutUint16(uint16(mss))}, //nolint:gosec // from an MTU
		&expr.Exthdr{SourceRegister: 1, Type: 2, Offset: 2, Len: 2, Op: expr.ExthdrOpTcpopt},
	}}
}
