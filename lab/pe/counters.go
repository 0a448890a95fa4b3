// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"encoding/json"
	"strconv"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// countersAt recognises the paths of the counters of ports and subinterfaces:
// /interfaces/interface[name]/state/counters and
// /interfaces/interface[name]/subinterfaces/subinterface[index]/state/counters.
func (p *PE) countersAt(path *gpb.Path) (func() ([]byte, error), bool) {
	e := path.GetElem()
	n := len(e)
	if n < 4 || e[0].GetName() != "interfaces" || e[1].GetName() != "interface" || e[n-2].GetName() != "state" || e[n-1].GetName() != "counters" {
		return nil, false
	}
	device := e[1].GetKey()["name"]
	switch {
	case n == 4:
	case n == 6 && e[3].GetName() == "subinterface":
		device += "." + e[3].GetKey()["index"]
	default:
		return nil, false
	}
	return func() ([]byte, error) { return p.counters(device) }, true
}

func (p *PE) counters(device string) ([]byte, error) {
	link, err := p.cfg.Links.LinkByName(device)
	if err != nil || link.Attrs().Statistics == nil {
		return nil, status.Errorf(codes.NotFound, "interface %s is not there", device)
	}
	s := link.Attrs().Statistics
	// A 64 bit number is a string in JSON (RFC 7951 section 6.1).
	out := map[string]string{}
	for name, v := range map[string]uint64{
		"in-octets": s.RxBytes, "out-octets": s.TxBytes, "in-pkts": s.RxPackets, "out-pkts": s.TxPackets,
		"in-discards": s.RxDropped, "out-discards": s.TxDropped, "in-errors": s.RxErrors, "out-errors": s.TxErrors,
	} {
		out["openconfig-interfaces:"+name] = strconv.FormatUint(v, 10)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encode counters: %v", err)
	}
	return body, nil
}
