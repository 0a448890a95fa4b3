// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path"

	"github.com/s2cd/s2cd/topology"
)

// Format is how a network is described.
type Format string

// The formats.
const (
	RFC8345      Format = "rfc8345"      // JSON (RFC 7951) of RFC 8345, with RFC 8346 and RFC 8795
	GraphML      Format = "graphml"      // XML as of the Internet Topology Zoo
	Containerlab Format = "containerlab" // YAML of containerlab
)

// Bounds of what is read.
const (
	maxBytes     = 64 << 20
	maxYAMLBytes = 2 << 20 // a parsed YAML file is many times as large
	maxNodes     = 200_000
	maxLinks     = 1_000_000
)

const (
	defaultMetric      = 10
	defaultRouteFactor = 1.4
	maxRouteFactor     = 10
	maxMicros          = 1<<24 - 1       // RFC 8570 section 4.1
	maxKbps            = 100_000_000_000 // 100 Tbit/s, far above any interface
)

// Options say what a description leaves open.
type Options struct {
	// Network is the network-id to take of an RFC 8345 file. Empty: the only
	// one, or the one that stands on the others.
	Network string
	// PE are patterns (path.Match) of the names of PEs; other nodes are P. Empty:
	// all are PEs. A role that the file gives counts more.
	PE []string
	// CapacityKbps is each way's capacity where none is given, in kbit/s, at most
	// 100 Tbit/s; 0: a link without one is a fault.
	CapacityKbps uint64
	// Micros is the latency where none is given and none follows from
	// coordinates, in microseconds, at most 16777215.
	Micros uint32
	// Metric is the IGP metric where none is given; 0: the latency in
	// microseconds, or 10 where there is none.
	Metric uint32
	// RouteFactor is how many times longer than the great circle a fibre is, 1 to
	// 10; 0: 1.4.
	RouteFactor float64
}

// check names the option that makes no sense.
func (o Options) check() error {
	for _, p := range o.PE {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("option PE: %q is no pattern", p)
		}
	}
	switch {
	case o.CapacityKbps > maxKbps:
		return fmt.Errorf("option CapacityKbps: %d is more than %d", o.CapacityKbps, maxKbps)
	case o.Micros > maxMicros:
		return fmt.Errorf("option Micros: %d is more than %d", o.Micros, maxMicros)
	case o.Metric > topology.MaxMetric:
		return fmt.Errorf("option Metric: %d is more than %d", o.Metric, topology.MaxMetric)
	case o.RouteFactor != 0 && (math.IsNaN(o.RouteFactor) || o.RouteFactor < 1 || o.RouteFactor > maxRouteFactor):
		return fmt.Errorf("option RouteFactor: %v is not in 1..%d", o.RouteFactor, maxRouteFactor)
	}
	return nil
}

// Detect tells the format of a description by its beginning, of which a few KiB
// suffice.
func Detect(head []byte) (Format, bool) {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("<")):
		return GraphML, bytes.Contains(head, []byte("<graphml"))
	case bytes.HasPrefix(head, []byte("{")):
		for _, key := range []string{`"ietf-network:networks"`, `"ietf-network:network"`, `"networks"`, `"network"`} {
			if bytes.Contains(head, []byte(key)) {
				return RFC8345, true
			}
		}
		return Containerlab, bytes.Contains(head, []byte(`"topology"`))
	}
	for line := range bytes.Lines(head) {
		if bytes.HasPrefix(line, []byte("topology:")) {
			return Containerlab, true
		}
	}
	return "", false
}

// Read reads the description of a network. The network has no AS number, no
// accesses and, where the file does not give them, no platforms and loopbacks;
// it passes topology.ValidateGraph. The notes are there beside an error too. The
// error joins what is wrong with the description, each a *Fault, and after
// twenty of them their number.
func Read(r io.Reader, f Format, o Options) (*topology.Network, []Note, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	most := maxBytes
	if f == Containerlab {
		most = maxYAMLBytes
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read network: %w", err)
	}
	if len(data) > most {
		return nil, nil, fmt.Errorf("larger than %d MiB", most>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	rep := &report{}
	var d *draft
	switch f {
	case RFC8345:
		d = readRFC8345(data, o.Network, rep)
	case GraphML:
		d = readGraphML(data, rep)
	case Containerlab:
		d = readContainerlab(data, rep)
	default:
		return nil, nil, fmt.Errorf("unknown format %q", f)
	}
	if rep.failed() {
		return nil, rep.notes, rep.err()
	}
	n := d.network(o, rep)
	if rep.failed() {
		return nil, rep.notes, rep.err()
	}
	if err := topology.ValidateGraph(n); err != nil {
		return nil, rep.notes, fmt.Errorf("what was read makes no network: %w", err)
	}
	return n, rep.notes, nil
}

// roleOf returns a node's role by its name.
func (o Options) roleOf(name topology.NodeName) topology.Role {
	for _, p := range o.PE {
		if ok, err := path.Match(p, string(name)); ok && err == nil {
			return topology.PE
		}
	}
	if len(o.PE) == 0 {
		return topology.PE
	}
	return topology.P
}

// plural counts a noun that takes an s.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
