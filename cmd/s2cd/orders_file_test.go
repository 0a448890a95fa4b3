// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"

	"github.com/s2cd/s2cd/internal/strictyaml"
)

// FuzzOrders reads any file: there are orders that can be asked for, or faults that
// say where they are.
func FuzzOrders(f *testing.F) {
	for _, text := range []string{
		"from,to,bandwidth,sla\nPE1,PE2,1Gbps,A\n", "name,from,to,bandwidth,latency,start,duration,sla,protected,secondFrom,secondTo\r\n" +
			"a,PE1,\"x,y\",1Gbps/0,10ms,2030-01-02T03:04:05Z,30d,A,true,PE3,PE4\r\n",
		"\ufefffrom;to\n", "from,\"to\n", `[{"from": "PE1", "to": "PE2", "bandwidth": "1Gbps", "sla": "A"}]`, `[{"from": 1, "protected": []}, null]`, "[", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		orders, err := parseOrders("orders", data)
		var faults strictyaml.Faults
		switch {
		case err != nil && (!errors.As(err, &faults) || len(faults) == 0 || orders != nil):
			t.Errorf("%d orders, %v", len(orders), err)
		case err == nil && len(orders) == 0:
			t.Error("neither orders nor faults")
		}
		for _, o := range orders {
			if field, reason := o.pairing(); o.Name == "" || o.From == "" || o.To == "" || o.SLA == "" || o.Bandwidth == (fileRates{}) || field != "" {
				t.Errorf("%+v: %s %s", o, field, reason)
			}
		}
	})
}
