// SPDX-License-Identifier: Apache-2.0

// Package importer turns a description of a network that somebody else wrote
// into a topology to plan on or to build a lab from: RFC 8345 JSON with the TE
// attributes of RFC 8795, GraphML with coordinates, containerlab files. What a
// description does not say is filled by fixed rules and told in notes; what it
// says wrongly is a fault with its place. It reads from an io.Reader, opens and
// writes nothing, and is not for the network that s2cd operates: that is the
// inventory's.
//
// # Names
//
// Node names keep A-Z a-z 0-9 . _ - and link names : / as well. Latin letters
// lose their accents, any other run of characters becomes one hyphen, and what
// is longer than 63 characters is cut. A name that fits keeps its spelling; of
// several equal ones the first of the file does, and the others get -2, -3 and so
// on. A link without a name is called after its ends.
//
// # Links
//
// The latency is the one given, or light in fibre along the great circle between
// the ends' coordinates, or Options.Micros. The IGP metric is the one given, or
// Options.Metric, or the latency in microseconds, or 10. A latency, metric or
// bandwidth of 0 is not given.
//
// Directed links (RFC 8345, directed GraphML) become one with the next link of
// the file that leads back between the same termination points. If no link of
// the file leads back, each stands for both directions; if others do, one that
// has none is a fault.
//
// # Attributes
//
// GraphML attributes and the labels and vars of containerlab have the keys of
// the inventory, in any case. Nodes: role, platform, loopback, latitude,
// longitude, maintenance, down. Links: capacity (10Gbps), latency (2.5ms),
// igpMetric, teMetric, loss (0.01%), srlgs and adminGroups (1, 2), down. GraphML
// nodes have label or name, and lat, lon or lng, too, GraphML links LinkSpeedRaw
// in bit/s, or LinkSpeed with LinkSpeedUnits. In containerlab the role host says
// that a node is none of the network.
//
// Of RFC 8795, bandwidths are in bytes per second and delays in microseconds;
// links that are under test or maintenance are down, nodes in maintenance.
package importer
