// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/topology"
	"github.com/s2cd/s2cd/topology/importer"
)

// pathFile is a network in a file, of any format that is known.
type pathFile struct {
	path    string
	options importer.Options
}

func (f *pathFile) flags(fs *pflag.FlagSet) {
	fs.StringVar(&f.path, "topology", "", "`file` of the network: inventory, RFC 8345 JSON, GraphML, containerlab, or \"nodes arcs\" and arcs by number")
	fs.StringVar(&f.options.Network, "network", "", "`id` of the network to take of an RFC 8345 file")
	fs.Var(&textFlag[[]string]{to: &f.options.PE, kind: "patterns", parse: parsePatterns}, "pe",
		"names of PEs where the file gives no role, like pe*,edge-?; all by default")
	fs.Var(&textFlag[uint64]{to: &f.options.CapacityKbps, kind: "rate", parse: inventory.ParseRate}, "capacity",
		"of links where the file gives none")
	fs.Var(&textFlag[float64]{to: &f.options.RouteFactor, kind: "factor", parse: parseRouteFactor}, "route-factor",
		"how many times longer than the great circle a fibre is, where latency comes from coordinates; 1.4 by default")
}

// load reads the file. What was assumed goes to standard error.
func (f *pathFile) load(a *app) (*topology.Network, error) {
	const most = 64 << 10 // more than a format is told by
	data, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("topology: %w", err)
	}
	head := data[:min(len(data), most)]
	if format, ok := importer.Detect(head); ok {
		return f.imported(a, data, format)
	}
	if pathbench.IsGraph(head) {
		g, err := pathbench.ReadGraph(bytes.NewReader(data))
		if err != nil {
			return nil, f.fault(err)
		}
		return a.networkOf(f.path, g)
	}
	inv, err := inventory.Parse(f.path, data)
	if err != nil {
		return nil, a.faults(err)
	}
	return inv.Network, nil
}

func (f *pathFile) imported(a *app, data []byte, format importer.Format) (*topology.Network, error) {
	n, notes, err := importer.Read(bytes.NewReader(data), format, f.options)
	for _, note := range notes {
		if err := a.note(f.path, note); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, a.faults(f.fault(err))
	}
	return n, nil
}

// networkOf makes a network of a graph in a file. Routers know no metric 0: paths
// of few links win where the graph has ties of none.
func (a *app) networkOf(path string, g *pathbench.Graph) (*topology.Network, error) {
	if free := g.Free(); free > 0 {
		if err := a.note(path, fmt.Sprintf("%d arcs of cost 0 count as 1", free)); err != nil {
			return nil, err
		}
	}
	return pathbench.Network(g), nil
}

// note says to standard error what was assumed of a file.
func (a *app) note(path string, text any) error {
	if _, err := fmt.Fprintf(a.stderr, "%s: note: %v\n", path, text); err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	return nil
}

// fault says of each line of an error which file it is about.
func (f *pathFile) fault(err error) error {
	return errors.New(f.path + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+f.path+": "))
}
